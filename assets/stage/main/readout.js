/**
 * The decoded pictures, the original they are closest to, and where in latent space this is.
 */

import { contextOf, make } from "../kit/elements.js";
import { decimalsFor, format } from "../kit/numbers.js";

const GAP = 16; // pixels between pictures, as in stage.css
const TALLEST = { map: 0.36, sliders: 0.36 }; // of the panel's height that a decoded picture may take
const TALLEST_STACKED = 180; // pixels, where the panel is as high as what is in it
const ORIGINAL = 84; // pixels, about, that an original is high
const MOST_AXES_NAMED = 3;

/** Paints one (C, H, W) picture on a canvas of W by H. */
export class Picture {
  /** @param {string} caption @param {string} kind class name */
  constructor(caption, kind) {
    this.canvas = make("canvas", { role: "img", "aria-label": caption });
    this.caption = make("figcaption", {}, caption);
    this.element = make("figure", { class: `picture ${kind}` }, this.canvas, this.caption);
  }

  /** @param {[number, number, number]} shape (C, H, W) */
  setShape([channels, height, width]) {
    this.channels = channels;
    [this.canvas.width, this.canvas.height] = [width, height];
    this.context = contextOf(this.canvas);
    this.image = new ImageData(width, height);
    this.image.data.fill(255);
  }

  /** Each pixel becomes a square of so many. @param {number} multiple */
  setScale(multiple) {
    this.canvas.style.width = `${this.canvas.width * multiple}px`;
    this.canvas.style.height = `${this.canvas.height * multiple}px`;
  }

  /** @param {Float32Array} pixels (C, H, W) in [0, 1] */
  paint(pixels) {
    const { data } = this.image; // a clamped array: it rounds and cuts to 0…255 by itself
    const area = pixels.length / this.channels;
    const [green, blue] = this.channels === 3 ? [area, 2 * area] : [0, 0];
    for (let i = 0; i < area; i++) {
      data[4 * i] = 255 * pixels[i];
      data[4 * i + 1] = 255 * pixels[i + green];
      data[4 * i + 2] = 255 * pixels[i + blue];
    }
    this.context.putImageData(this.image, 0, 0);
  }
}

export class Readout {
  constructor() {
    this.pictures = {
      original: new Picture("Nearest original", "original"),
      a: new Picture("Decoded by A", "decoded"),
      b: new Picture("Decoded by B", "decoded"),
    };
    for (const which of ["a", "b"]) this.pictures[which].element.dataset.model = which;
    this.row = make("div", { class: "pictures" });
    this.coordinates = make("p", { class: "coordinates" });
    this.nearest = make("p", { class: "nearest" });
    const words = make("div", { class: "words" }, this.coordinates, this.nearest);
    const beside = make("div", { class: "beside" }, this.pictures.original.element, words);
    this.element = make("section", { class: "readout", "aria-label": "Read-out" }, this.row, beside);
    new ResizeObserver(() => this.layout()).observe(this.element);
  }

  /**
   * @param {[number, number, number]} shape (C, H, W)
   * @param {boolean} isPair whether there is a model B
   */
  show(shape, isPair) {
    const { original, a, b } = this.pictures;
    for (const picture of [original, a, b]) picture.setShape(shape);
    a.caption.textContent = isPair ? "A" : "Decoded";
    b.caption.textContent = "B";
    this.row.replaceChildren(a.element, ...(isPair ? [b.element] : []));
    this.layout();
  }

  /** The largest whole multiple of its pixels at which each picture has room. */
  layout() {
    const { original, a, b } = this.pictures;
    const { width, height } = a.canvas;
    const room = this.element.clientWidth;
    if (!room || !a.context) return;
    const panel = this.element.parentElement;
    const isStacked = getComputedStyle(panel).getPropertyValue("--stacked").trim() === "1";
    const share = TALLEST[this.element.closest(".stage").dataset.view];
    const tallest = isStacked ? TALLEST_STACKED : share * panel.clientHeight;
    const across = this.row.childElementCount;
    const byWidth = (room - GAP * (across - 1)) / (across * width);
    const multiple = Math.max(1, Math.floor(Math.min(tallest / height, byWidth)));
    for (const picture of [a, b]) picture.setScale(multiple);
    original.setScale(Math.max(1, Math.floor(ORIGINAL / height)));
  }

  /**
   * @param {import("./probe.js").Probe} probe
   * @param {import("./load.js").Points} points
   * @param {string} swatch CSS colour of the picture's class
   */
  update(probe, points, swatch) {
    for (const [which, side] of Object.entries(probe.sides)) paintSide(this.pictures[which], side);
    this.#paintOriginal(probe.index, points);
    const words = describePlace(probe.sides.a).map((word) => make("span", {}, word));
    this.coordinates.replaceChildren(...words);
    this.nearest.style.setProperty("--swatch", swatch);
    this.nearest.classList.toggle("none", probe.index === null);
    this.nearest.textContent = describePicture(probe, points);
  }

  #paintOriginal(index, points) {
    const { canvas, context } = this.pictures.original;
    if (index === null) context.clearRect(0, 0, canvas.width, canvas.height);
    else paintThumbnail(canvas, points, index);
  }
}

/**
 * What a model decodes, dimmed where no data support it.
 * @param {Picture} picture
 * @param {import("./probe.js").Side} side
 */
export function paintSide(picture, side) {
  if (side.pixels) picture.paint(side.pixels);
  const { kind } = side.model.map.spec;
  const isExact = kind === "raw" || kind === "pca"; // there every place names a latent
  picture.element.classList.toggle("off", !side.isLive || (!side.isSupported && !isExact));
  picture.element.classList.toggle("faint", side.isLive && !side.isSupported && isExact);
}

/**
 * One picture; nothing until its sheet is here.
 * @param {HTMLCanvasElement} canvas as large as one tile
 * @param {import("./load.js").Points} points
 * @param {number} index
 */
export function paintThumbnail(canvas, points, index) {
  const context = contextOf(canvas);
  if (!points.sheets.draw(context, index)) context.clearRect(0, 0, canvas.width, canvas.height);
}

/** Where the probe is, a coordinate a word. @param {import("./probe.js").Side} side */
export function describePlace({ model, z, place, isSupported, isLive }) {
  if (!isLive) return [];
  const { kind, axes } = model.map.spec;
  const hasUnits = kind === "raw" || kind === "pca";
  if (!isSupported && !hasUnits) return ["No data here"];
  const number = (axis) => format(z[axis.index], decimalsFor(axis.high - axis.low));
  if (model.dim <= MOST_AXES_NAMED) {
    return model.axes.map((axis) => `${axis.name} ${number(axis)}`);
  }
  const length = format(Math.hypot(...z), 2);
  const onMap = place && hasUnits ? axes.map((name, i) => `${name} ${format(place[i], 2)}`) : [];
  return [...onMap, `‖z‖ ${length}`];
}

/** @param {import("./probe.js").Probe} probe @param {import("./load.js").Points} points */
export function describePicture({ index, pinned, sides }, points) {
  if (index === null && !sides.a.isSupported) return "Far from all data: what is shown is a guess";
  if (index === null) return "No picture under the probe";
  const name = points.labels ? `${points.classNames[points.labels[index]]}, ` : "";
  return `${name}picture ${index}${index === pinned ? ", pinned" : ""}`;
}
