/**
 * The pictures on the map as numbers, read back from the sheet of thumbnails.
 */

import { contextOf } from "./elements.js";

export class Originals {
  /** @param {import("./load.js").Points} points */
  constructor(points) {
    this.points = points;
    const [, height, width] = points.imageShape;
    this.context = contextOf(new OffscreenCanvas(width, height));
  }

  /** @param {number} index @returns {Promise<Float32Array>} (C, H, W) in [0, 1], exact */
  async pixels(index) {
    await this.points.spriteReady;
    const { sprite, columns, imageShape } = this.points;
    const [channels, height, width] = imageShape;
    const [left, top] = [(index % columns) * width, Math.floor(index / columns) * height];
    this.context.drawImage(sprite, left, top, width, height, 0, 0, width, height);
    return channelsOf(this.context.getImageData(0, 0, width, height).data, channels);
  }
}

/**
 * @param {Uint8ClampedArray} rgba (pixels, 4)
 * @param {number} channels 1 takes the red one
 * @returns {Float32Array} (channels, pixels) in [0, 1]
 */
export function channelsOf(rgba, channels) {
  const area = rgba.length / 4;
  const pixels = new Float32Array(channels * area);
  for (let c = 0; c < channels; c++) {
    for (let i = 0; i < area; i++) pixels[c * area + i] = rgba[4 * i + c] / 255;
  }
  return pixels;
}
