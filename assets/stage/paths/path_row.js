/**
 * One row of the panel of paths: what its way shows now, large, and its film strip beside it.
 */

import { contextOf, make } from "../kit/elements.js";
import { Picture } from "../main/readout.js";

const LARGEST = 96; // pixels, about, of the moving picture
const FEWEST = 5; // frames, if they have room at any size
const BETWEEN = 12; // pixels between the moving picture and the strip, as in stage.css
const LINE = 8; // pixels between rows, as in stage.css

export class RowView {
  /**
   * @param {import("./path.js").Row} row
   * @param {() => void} onToggle
   * @param {(share: number) => void} onSeek a place along the strip, 0 to 1
   */
  constructor(row, onToggle, onSeek) {
    this.row = row;
    this.box = make("input", { type: "checkbox", checked: "" });
    this.box.addEventListener("change", onToggle);
    this.name = make("span");
    this.now = new Picture("", "");
    this.frame = new Picture("", "");
    this.film = make("canvas", { class: "film-strip", role: "img" });
    this.film.addEventListener("pointerdown", (event) => {
      onSeek(event.offsetX / this.film.clientWidth);
    });
    this.pictures = make("div", { class: "path-pictures" }, this.now.canvas, this.film);
    const label = make("label", {}, this.box, this.name);
    this.element = make("div", { class: "path-row" }, label, this.pictures);
    if (row.which) this.element.dataset.model = row.which;
    this.columns = FEWEST;
  }

  get isOn() {
    return this.box.checked;
  }

  setName(name) {
    this.name.textContent = name;
    this.now.canvas.setAttribute("aria-label", `${name}, now`);
    this.film.setAttribute("aria-label", `${name}, film strip of ${this.columns} pictures at most`);
  }

  /**
   * Pictures as large as there is room for, each pixel a whole number of screen pixels.
   * @param {[number, number, number]} shape (C, H, W)
   * @param {HTMLElement} container of all rows
   * @param {number} n rows that are on
   * @param {number} stops
   */
  setRoom(shape, container, n, stops) {
    const [, height, width] = shape;
    const isStacked = getComputedStyle(container).getPropertyValue("--stacked").trim() === "1";
    const tall = isStacked ? LARGEST : Math.min(LARGEST, container.clientHeight / n - LINE);
    const large = Math.max(1, Math.floor(tall / height));
    this.element.classList.toggle("off", !this.isOn);
    const room = this.pictures.clientWidth - large * width - BETWEEN;
    const columnsAt = (scale) => Math.floor((room + scale) / (scale * (width + 1)));
    let scale = large;
    while (scale > 1 && columnsAt(scale) < Math.max(FEWEST, stops)) scale--;
    this.columns = Math.max(columnsAt(scale), stops, 1);
    this.scale = scale;
    this.now.setShape(shape);
    this.now.setScale(large);
    this.frame.setShape(shape);
  }

  /** @param {Float32Array[]} pictures (C, H, W) each */
  fill(pictures) {
    const { width, height } = this.frame.canvas;
    this.film.width = pictures.length * (width + 1) - 1;
    this.film.height = height;
    this.film.style.width = `${this.scale * this.film.width}px`;
    const context = contextOf(this.film);
    for (const [i, pixels] of pictures.entries()) {
      this.frame.paint(pixels);
      context.putImageData(this.frame.image, i * (width + 1), 0);
    }
  }

  /** @param {Float32Array} pixels (C, H, W) */
  paint(pixels) {
    this.now.paint(pixels);
  }
}
