/**
 * A picture and its codes: click a cell, choose another code, and the picture is decoded anew.
 */

import { bySimilarity, cellAt, paintCodes } from "./codes.js";
import { contextOf, make } from "../kit/elements.js";
import { Picture } from "../main/readout.js";

const FIRST_SHOWN = 24; // of the most similar codes; the rest on demand
const SLICE_MS = 6; // of decoding previews, between two frames
const REST_MS = 120; // without other codes, after which those on offer follow
const PREVIEW = 48; // pixels, about, that a preview is wide
const USUAL_SHARE = 0.6; // of the codes' colours over the picture

/**
 * @typedef {object} Callbacks
 * @property {(cell: number, code: number) => void} swap one cell gets another code
 * @property {(code: number) => void} fill every cell gets this code
 * @property {(codes: Uint16Array) => Float32Array} decode the picture of any grid of codes; may
 *   lie in a buffer that the next call overwrites
 */

export class CodeGrid {
  /** @param {Callbacks} on */
  constructor(on) {
    this.on = on;
    /** @type {number | null} the chosen cell; the middle one until another is clicked */
    this.cell = null;
    this.isLong = false;
    this.share = USUAL_SHARE;
    this.picture = new Picture("Decoded", "decoded");
    this.map = new Picture("Its codes", "codes");
    this.heading = make("p", { class: "code-heading" });
    this.palette = make("div", { class: "palette", role: "group" });
    this.more = make("button", { type: "button", class: "quiet" });
    this.everywhere = make("button", { type: "button", class: "quiet" }, "This code everywhere");
    const [share, label] = this.#makeShare();
    this.marks = [this.picture, this.map].map((picture) => this.#makeClickable(picture));
    const pictures = make("div", { class: "pictures" }, this.picture.element, this.map.element);
    const head = make("div", { class: "code-actions" }, this.more, this.everywhere);
    const choice = make("div", { class: "code-choice" }, this.heading, this.palette, head);
    const left = make("div", { class: "code-left" }, pictures, label, share);
    this.element = make("section", { class: "code-grid", "aria-label": "Codes" }, left, choice);
    this.more.addEventListener("click", () => {
      this.isLong = !this.isLong;
      this.#list();
    });
    this.everywhere.addEventListener("click", () => this.on.fill(this.codes[this.cell]));
  }

  /**
   * @param {import("./codes.js").Codebook} book
   * @param {[number, number, number]} shape (C, H, W) of the pictures
   * @param {number} multiple that each pixel is enlarged by
   */
  show(book, shape, multiple) {
    [this.book, this.shape, this.codes] = [book, shape, null];
    const [rows, columns] = book.grid;
    if (this.cell === null || this.cell >= rows * columns) {
      this.cell = Math.floor(rows / 2) * columns + Math.floor(columns / 2);
    }
    for (const picture of [this.picture, this.map]) {
      picture.setShape(shape);
      picture.setScale(multiple);
    }
  }

  /**
   * @param {Uint16Array} codes (cells)
   * @param {Float32Array} pixels their picture
   */
  update(codes, pixels) {
    this.picture.paint(pixels);
    this.pixels = pixels.slice();
    const isSame = this.codes !== null && codes.every((code, cell) => code === this.codes[cell]);
    this.codes = codes.slice();
    this.#paintMap();
    if (!isSame) this.#listOnceAtRest();
  }

  /** Look at another cell. @param {number} cell in reading order */
  select(cell) {
    if (cell === this.cell || !this.codes) return;
    this.cell = cell;
    this.#list();
  }

  #paintMap() {
    if (!this.codes) return;
    const { image, context } = this.map;
    paintCodes(image.data, this.pixels, this.shape, this.codes, this.book, this.share);
    context.putImageData(image, 0, 0);
  }

  /** While a pointer moves over the map every frame has other codes; only its picture counts then. */
  #listOnceAtRest() {
    const now = performance.now();
    const isAlone = now - (this.changedAt ?? -Infinity) > REST_MS;
    this.changedAt = now;
    this.previewing = null;
    clearTimeout(this.timer);
    if (isAlone) this.#list();
    else this.timer = setTimeout(() => this.#list(), REST_MS);
  }

  /** The codes that could stand in the chosen cell, the most similar first. */
  #list() {
    const [rows, columns] = this.book.grid;
    const [row, column] = [Math.floor(this.cell / columns), this.cell % columns];
    const now = this.codes[this.cell];
    for (const mark of this.marks) {
      const style = { left: column / columns, top: row / rows, width: 1 / columns, height: 1 / rows };
      for (const [side, share] of Object.entries(style)) mark.style[side] = `${100 * share}%`;
    }
    const place = `row ${row + 1}, column ${column + 1}`;
    this.heading.textContent = `Cell in ${place}: code ${now}. Put another there, the most similar first:`;
    const all = bySimilarity(this.book, now);
    const shown = this.isLong ? all : all.slice(0, FIRST_SHOWN);
    this.palette.setAttribute("aria-label", `Codes for the cell in ${place}`);
    const buttons = shown.map((entry) => this.#makeCode(entry, now));
    this.palette.replaceChildren(...buttons.map((entry) => entry.button));
    this.more.textContent = this.isLong ? `The first ${FIRST_SHOWN}` : `All ${this.book.size} codes`;
    this.more.hidden = this.book.size <= FIRST_SHOWN;
    this.#preview(buttons);
  }

  #makeCode({ code, distance }, now) {
    const canvas = make("canvas", { "aria-hidden": "true" });
    const swatch = make("i", {});
    swatch.style.background = `rgb(${this.book.colours[code].join(" ")})`;
    const words = code === now ? `Code ${code}, now here` : `Code ${code}, distance ${distance.toFixed(2)}`;
    const button = make(
      "button",
      { type: "button", class: "code", title: words, "aria-label": words, "data-code": String(code) },
      canvas,
      make("span", {}, swatch, String(code)),
    );
    if (code === now) button.setAttribute("aria-pressed", "true");
    button.addEventListener("click", () => this.on.swap(this.cell, code));
    return { button, canvas, code };
  }

  /** What the picture would be around the cell with each code: some decoded in every frame. */
  async #preview(buttons) {
    const [rows, columns] = this.book.grid;
    const [channels, height, width] = this.shape;
    const [row, column] = [Math.floor(this.cell / columns), this.cell % columns];
    const cut = (from, to, n, side) => [
      Math.ceil((Math.max(0, from) * side) / n),
      Math.ceil((Math.min(n, to) * side) / n),
    ];
    const [top, bottom] = cut(row - 1, row + 2, rows, height);
    const [left, right] = cut(column - 1, column + 2, columns, width);
    const multiple = Math.max(1, Math.floor(PREVIEW / Math.max(bottom - top, right - left)));
    for (const { canvas } of buttons) {
      [canvas.width, canvas.height] = [right - left, bottom - top];
      canvas.style.width = `${multiple * canvas.width}px`;
      canvas.style.height = `${multiple * canvas.height}px`;
    }
    const codes = this.codes.slice();
    const cell = this.cell;
    this.previewing = buttons;
    let began = -Infinity;
    for (const { canvas, code } of buttons) {
      if (performance.now() - began > SLICE_MS) {
        await new Promise((done) => requestAnimationFrame(done));
        began = performance.now();
      }
      if (this.previewing !== buttons) return; // another cell was chosen meanwhile
      codes[cell] = code;
      const pixels = this.on.decode(codes);
      const image = new ImageData(canvas.width, canvas.height);
      for (let y = top; y < bottom; y++) {
        for (let x = left; x < right; x++) {
          const to = 4 * ((y - top) * canvas.width + x - left);
          for (let c = 0; c < 3; c++) {
            const plane = channels === 3 ? c * height * width : 0;
            image.data[to + c] = 255 * pixels[plane + y * width + x];
          }
          image.data[to + 3] = 255;
        }
      }
      contextOf(canvas).putImageData(image, 0, 0);
    }
  }

  /** Clicks and arrow keys on a picture choose a cell. */
  #makeClickable(picture) {
    const { canvas } = picture;
    const mark = make("i", { class: "cell-mark", "aria-hidden": "true" });
    const frame = make("div", { class: "cells" });
    canvas.replaceWith(frame);
    frame.append(canvas, mark);
    canvas.tabIndex = 0;
    canvas.addEventListener("pointerdown", (event) => {
      const box = canvas.getBoundingClientRect();
      const x = (event.clientX - box.left) / box.width;
      const y = (event.clientY - box.top - canvas.clientTop) / canvas.clientHeight;
      if (this.book) this.select(cellAt(x, y, this.book.grid));
    });
    canvas.addEventListener("keydown", (event) => {
      const [rows, columns] = this.book?.grid ?? [0, 0];
      const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[event.key];
      if (!step) return;
      event.preventDefault();
      event.stopPropagation();
      const next = this.cell + step;
      const staysInRow = Math.abs(step) > 1 || Math.floor(next / columns) === Math.floor(this.cell / columns);
      if (next >= 0 && next < rows * columns && staysInRow) this.select(next);
    });
    return mark;
  }

  #makeShare() {
    const id = `share-${Math.random().toString(36).slice(2)}`;
    const label = make("label", { for: id }, "Colour of the codes over the picture");
    const input = make("input", { id, type: "range", min: "0", max: "1", step: "0.05", value: String(USUAL_SHARE) });
    input.addEventListener("input", () => {
      this.share = input.valueAsNumber;
      this.#paintMap();
    });
    return [input, label];
  }
}
