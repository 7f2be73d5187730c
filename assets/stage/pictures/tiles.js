/**
 * Pictures in a row on one canvas, with a line between them.
 */

import { contextOf, make } from "../kit/elements.js";

const GAP = 1; // pixels of the pictures, before they are enlarged
const PAPER = [128, 128, 128]; // of the gaps

export class Tiles {
  /**
   * @param {[number, number, number]} shape (C, H, W) of a picture
   * @param {number} columns
   * @param {number} rows
   * @param {number} widest pixels; the canvas is enlarged by the whole number that stays below
   */
  constructor([channels, height, width], columns, rows, widest) {
    Object.assign(this, { channels, height, width, columns });
    const [across, down] = [columns * (width + GAP) - GAP, rows * (height + GAP) - GAP];
    this.canvas = make("canvas", { role: "img", width: `${across}`, height: `${down}` });
    this.canvas.style.width = `${across * Math.max(1, Math.floor(widest / across))}px`;
    this.image = new ImageData(across, down);
    for (let i = 0; i < across * down; i++) this.image.data.set([...PAPER, 255], 4 * i);
  }

  /**
   * @param {Float32Array} pictures (n, C, H, W) in [0, 1]; the first that fill a row are shown
   * @param {number} row to paint them in, counted from 0
   */
  paint(pictures, row = 0) {
    const { channels, height, width, columns } = this;
    const { data, width: across } = this.image; // a clamped array: it rounds and cuts by itself
    const area = height * width;
    const colour = channels === 3 ? [0, area, 2 * area] : [0, 0, 0];
    for (let tile = 0; tile < columns; tile++) {
      const from = tile * channels * area;
      for (let y = 0; y < height; y++) {
        let at = 4 * ((row * (height + GAP) + y) * across + tile * (width + GAP));
        for (let pixel = from + y * width; pixel < from + (y + 1) * width; pixel++, at += 4) {
          for (let c = 0; c < 3; c++) data[at + c] = 255 * pictures[pixel + colour[c]];
        }
      }
    }
    contextOf(this.canvas).putImageData(this.image, 0, 0);
  }
}
