/**
 * A moving picture as a GIF file: "Graphics Interchange Format, version 89a", CompuServe 1990.
 */

import { joined } from "../kit/arrays.js";
import { compress } from "./lzw.js";
import { indexColours } from "./palette.js";

const BITS = 8; // of an index; every palette has 256 entries
const LEAST_DELAY = 2; // hundredths of a second; browsers take less for a tenth
const MOST_DELAY = 65535;
const BLOCK = 255; // bytes

/** Builds the file frame by frame, so that a long one need not stop the page. */
export class Gif {
  /** @param {number} width @param {number} height in pixels, below 65536 */
  constructor(width, height) {
    [this.width, this.height] = [width, height];
    const noPalette = 0x70; // each frame brings its own; 8 bits a colour
    const screen = [...ascii("GIF89a"), ...word(width), ...word(height), noPalette, 0, 0];
    const forEver = [0x21, 0xff, 11, ...ascii("NETSCAPE2.0"), 3, 1, ...word(0), 0];
    this.parts = [Uint8Array.from([...screen, ...forEver])];
  }

  /**
   * A frame ready to be shown once or often. Exact where it has up to 256 colours.
   * @param {Uint8ClampedArray} rgba (height, width, 4); all opaque
   * @returns {Uint8Array}
   */
  encode(rgba) {
    const { palette, indices } = indexColours(rgba);
    const place = [0x2c, ...word(0), ...word(0), ...word(this.width), ...word(this.height)];
    const ownPalette = 0x80 | (BITS - 1);
    const head = Uint8Array.from([...place, ownPalette, ...palette, BITS]);
    return joined(Uint8Array, [head, ...inBlocks(compress(indices, BITS))]);
  }

  /**
   * @param {Uint8Array} frame from `encode`
   * @param {number} seconds for which it is shown
   */
  show(frame, seconds) {
    const delay = Math.max(LEAST_DELAY, Math.min(MOST_DELAY, Math.round(100 * seconds)));
    this.parts.push(Uint8Array.from([0x21, 0xf9, 4, 4, ...word(delay), 0, 0]), frame);
  }

  /** The whole file. @returns {Uint8Array} */
  finish() {
    return joined(Uint8Array, [...this.parts, Uint8Array.of(0x3b)]);
  }
}

function ascii(text) {
  return Array.from(text, (letter) => letter.charCodeAt(0));
}

function word(value) {
  return [value & 255, value >> 8];
}

/** The data in blocks, each with its length before it, and an empty one after the last. */
function inBlocks(data) {
  const parts = [];
  for (let at = 0; at < data.length; at += BLOCK) {
    const block = data.subarray(at, at + BLOCK);
    parts.push(Uint8Array.of(block.length), block);
  }
  return [...parts, Uint8Array.of(0)];
}
