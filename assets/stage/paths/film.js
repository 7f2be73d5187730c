/**
 * A path as pictures: the film strip as one PNG, and the morph as a GIF.
 */

import { contextOf } from "../kit/elements.js";
import { Gif } from "./gif.js";
import { positionsOf } from "./interpolation.js";
import { Picture } from "../main/readout.js";

const FRAMES_PER_LEG = 24;
const STRIP_FRAMES = 9;
const SIDE = 112; // pixels, about, of a picture in a file
const GAP = 8; // pixels
const CAPTION = 22;
const [PAPER, INK] = ["#ffffff", "#1c1c1c"]; // files are for slides and handouts, whatever the page's theme

/** @typedef {import("./path.js").Path} Path */
/** @typedef {import("./path.js").Row} Row */

/** @param {Row} row @param {boolean} isPair whether it must be said which model it is of */
export function nameOf({ kind, which }, isPair) {
  if (kind === "blend") return "Pixel blend";
  const name = kind === "straight" ? "Straight" : "Spherical";
  return isPair ? `${which.toUpperCase()} ${name.toLowerCase()}` : name;
}

/** Draws pictures of one shape enlarged by a whole number, each pixel a square. */
class Painter {
  /** @param {[number, number, number]} shape (C, H, W) */
  constructor(shape) {
    this.picture = new Picture("", "");
    this.picture.setShape(shape);
    const [, height, width] = shape;
    this.scale = Math.max(1, Math.floor(SIDE / Math.max(height, width)));
    [this.width, this.height] = [this.scale * width, this.scale * height];
  }

  sheet(width, height) {
    const canvas = new OffscreenCanvas(width, height);
    const context = contextOf(canvas);
    context.imageSmoothingEnabled = false;
    context.fillStyle = PAPER;
    context.fillRect(0, 0, width, height);
    context.fillStyle = INK;
    context.font = "15px system-ui, sans-serif";
    context.textBaseline = "middle";
    return { canvas, context };
  }

  draw(context, pixels, left, top) {
    this.picture.paint(pixels);
    context.drawImage(this.picture.canvas, left, top, this.width, this.height);
  }
}

/**
 * Every row a line of frames, every stop among them.
 * @param {Path} path with two stops or more
 * @param {Row[]} rows
 * @param {[number, number, number]} shape (C, H, W)
 * @returns {Promise<Blob>}
 */
export function stripPng(path, rows, shape) {
  const painter = new Painter(shape);
  const positions = positionsOf(path.stops.length, STRIP_FRAMES);
  const [stepX, stepY] = [painter.width + GAP, painter.height + CAPTION + GAP];
  const { canvas, context } = painter.sheet(GAP + positions.length * stepX, GAP + rows.length * stepY);
  const isPair = Boolean(path.models.b);
  for (const [i, row] of rows.entries()) {
    const top = GAP + i * stepY;
    context.fillText(nameOf(row, isPair), GAP, top + CAPTION / 2);
    for (const [j, position] of positions.entries()) {
      painter.draw(context, path.picture(row, position), GAP + j * stepX, top + CAPTION);
    }
  }
  return canvas.convertToBlob({ type: "image/png" });
}

/**
 * The rows beside each other, going from the first stop to the last and back again.
 * @param {Path} path with two stops or more
 * @param {Row[]} rows
 * @param {[number, number, number]} shape (C, H, W)
 * @param {number} seconds from stop to stop
 * @param {(share: number) => Promise<void>} pause called between frames
 * @returns {Promise<Blob>}
 */
export async function morphGif(path, rows, shape, seconds, pause) {
  const painter = new Painter(shape);
  const positions = positionsOf(path.stops.length, path.legs * FRAMES_PER_LEG + 1);
  const step = painter.width + GAP;
  const { canvas, context } = painter.sheet(GAP + rows.length * step, painter.height + CAPTION + 2 * GAP);
  const isPair = Boolean(path.models.b);
  for (const [i, row] of rows.entries()) {
    const middle = painter.height + GAP + (CAPTION + GAP) / 2;
    context.fillText(nameOf(row, isPair), GAP + i * step, middle, painter.width);
  }
  const gif = new Gif(canvas.width, canvas.height);
  const frames = [];
  for (const [j, position] of positions.entries()) {
    await pause(j / positions.length);
    for (const [i, row] of rows.entries()) {
      painter.draw(context, path.picture(row, position), GAP + i * step, GAP);
    }
    frames.push(gif.encode(context.getImageData(0, 0, canvas.width, canvas.height).data));
  }
  for (const frame of [...frames, ...frames.slice(1, -1).reverse()]) {
    gif.show(frame, seconds / FRAMES_PER_LEG);
  }
  return new Blob([gif.finish()], { type: "image/gif" });
}

/** Hand the visitor a file. @param {Blob} blob @param {string} name */
export function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // the browser may ask where to first
}
