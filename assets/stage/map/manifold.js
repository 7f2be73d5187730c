/**
 * The manifold grid: what every place of the visible map decodes to, as one sheet of pictures.
 *
 * The pictures are decoded a few at a time between frames, so that the page stays live, and
 * outwards from the middle, where the visitor looks first. While the map moves the sheet moves
 * with it; once it has come to rest it is decoded anew.
 */

import { contextOf, make } from "../kit/elements.js";
import { isNear } from "../main/load.js";

const PICTURES_HIGH = 20; // at most
const SLICE_MS = 8; // of work between two frames
const REST_MS = 140; // without a move of the map, after which the sheet is decoded anew
const UNSUPPORTED = 0.14; // how opaque a picture is where no data support it

export class Manifold {
  constructor() {
    this.canvas = make("canvas", { class: "manifold", "aria-hidden": "true" });
    this.isOn = false;
    this.drawn = null; // the view the sheet was decoded for
    this.stats = { pictures: 0, ms: 0 };
    this.run = 0;
  }

  /**
   * @param {boolean} isOn
   */
  turn(isOn) {
    this.isOn = isOn;
    this.canvas.hidden = !isOn;
    this.forget();
  }

  /** The model or its anchor has changed: what is drawn is no longer true. */
  forget() {
    this.run++;
    this.drawn = null;
    this.asked = null;
    clearTimeout(this.timer);
  }

  /**
   * Keep up with a view of the map; called in every frame.
   * @param {import("../main/load.js").Model} model
   * @param {Float32Array} anchor
   * @param {[number, number, number]} shape (C, H, W)
   * @param {import("./view.js").View} view
   * @param {number} width @param {number} height of the map, CSS pixels
   */
  follow(model, anchor, shape, view, width, height) {
    if (!this.isOn) return;
    if (this.drawn) this.canvas.style.transform = between(this.drawn, view, width, height);
    if (this.asked === view && this.anchor === anchor && this.model === model) return;
    const isFirst = !this.drawn;
    [this.asked, this.anchor, this.model] = [view, anchor, model];
    this.run++;
    clearTimeout(this.timer);
    const grid = gridFor(shape, width, height);
    const begin = () => this.#decode(model, anchor.slice(), grid, view, this.run);
    this.timer = setTimeout(begin, isFirst ? 0 : REST_MS);
  }

  async #decode(model, anchor, grid, view, run) {
    const { columns, rows, cell, shape, width, height } = grid;
    const [, high, wide] = shape;
    const sheet = make("canvas", { width: `${columns * wide}`, height: `${rows * high}` });
    const context = contextOf(sheet);
    const tile = new ImageData(wide, high);
    const z = new Float32Array(model.dim);
    const [left, top] = [(width - columns * cell[0]) / 2, (height - rows * cell[1]) / 2];
    const halfCell = Math.max(...cell) / 2 / view.scale; // a picture stands for all of its cell
    let work = 0;
    let began = performance.now();
    for (const [column, row] of fromTheMiddle(columns, rows)) {
      const x = view.x + (left + (column + 0.5) * cell[0] - width / 2) / view.scale;
      const y = view.y - (top + (row + 0.5) * cell[1] - height / 2) / view.scale;
      model.map.inverse.toLatent(x, y, anchor, z);
      const hasData = isNear(model.map, x, y, halfCell);
      paint(tile, model.decode(z), shape[0], hasData ? 255 : 255 * UNSUPPORTED);
      context.putImageData(tile, column * wide, row * high);
      if (performance.now() - began < SLICE_MS) continue;
      work += performance.now() - began;
      await new Promise((done) => setTimeout(done));
      if (run !== this.run) return;
      began = performance.now();
    }
    this.stats = { pictures: columns * rows, ms: work + performance.now() - began };
    this.#put(sheet, view, left, top, columns * cell[0], rows * cell[1]);
  }

  #put(sheet, view, left, top, width, height) {
    [this.canvas.width, this.canvas.height] = [sheet.width, sheet.height];
    contextOf(this.canvas).drawImage(sheet, 0, 0);
    const place = { left, top, width, height };
    for (const [name, value] of Object.entries(place)) this.canvas.style[name] = `${value}px`;
    this.canvas.style.transform = "";
    this.drawn = { view, left, top };
    this.canvas.dataset.pictures = String(this.stats.pictures);
  }
}

/** As many whole multiples of a picture as fit, 20 rows at most. */
function gridFor(shape, width, height) {
  const [, high, wide] = shape;
  const multiple = Math.max(1, Math.ceil(height / PICTURES_HIGH / high));
  const cell = [wide * multiple, high * multiple];
  const columns = Math.max(1, Math.floor(width / cell[0]));
  const rows = Math.max(1, Math.floor(height / cell[1]));
  return { columns, rows, cell, shape, width, height };
}

function fromTheMiddle(columns, rows) {
  const cells = Array.from({ length: columns * rows }, (_, i) => [i % columns, Math.floor(i / columns)]);
  const far = ([column, row]) => Math.hypot(column - (columns - 1) / 2, row - (rows - 1) / 2);
  return cells.sort((one, other) => far(one) - far(other));
}

/** Where the sheet of one view lies in another, as a CSS transform about its top left corner. */
function between({ view: from, left, top }, to, width, height) {
  const zoom = to.scale / from.scale;
  const x = width / 2 + (from.x - to.x) * to.scale + (left - width / 2) * zoom;
  const y = height / 2 - (from.y - to.y) * to.scale + (top - height / 2) * zoom;
  return `translate(${x - left}px, ${y - top}px) scale(${zoom})`;
}

function paint(tile, pixels, channels, alpha) {
  const { data } = tile;
  const area = pixels.length / channels;
  const [green, blue] = channels === 3 ? [area, 2 * area] : [0, 0];
  for (let i = 0; i < area; i++) {
    data[4 * i] = 255 * pixels[i];
    data[4 * i + 1] = 255 * pixels[i + green];
    data[4 * i + 2] = 255 * pixels[i + blue];
    data[4 * i + 3] = alpha;
  }
}
