/**
 * The controls under the sheet that is drawn on.
 */

import { make, makeButton } from "../kit/elements.js";
import { decimalsFor, format } from "../kit/numbers.js";

const WIDEST = 0.25; // of the picture's side, of a pen

/**
 * @typedef {object} Callbacks
 * @property {() => void} changed what the models are given has to be made again
 * @property {() => void} fitted a picture from elsewhere has to be fitted again
 * @property {() => void} undo
 * @property {() => void} clear
 * @property {() => void} newNoise
 * @property {(file: File) => void} takeFile
 * @property {() => void} takePinned
 * @property {() => void} addToPath
 */

export class DrawTools {
  /** What the next stroke is drawn with; the pad reads it. */
  pen = { thickness: 2, colour: [1], isErasing: false };

  /** @param {Callbacks} on */
  constructor(on) {
    this.on = on;
    this.undo = makeButton("Undo", "Take back the last stroke. Keys: Ctrl+Z", on.undo);
    this.clear = makeButton("Clear", "An empty sheet", on.clear);
    this.eraser = makeButton("Eraser", "Draw with the colour of the paper", () => this.#erase());
    this.eraser.setAttribute("aria-pressed", "false");
    this.colour = make("input", { type: "color", "aria-label": "Colour of the pen", title: "Colour of the pen" });
    this.colour.addEventListener("input", () => this.#usePen());
    this.thickness = new Slide("Pen", "px", () => this.#usePen());
    this.noiseSlide = new Slide("Noise", "", on.changed);
    this.noiseSlide.setRange(0, 1, 0.01, 0);
    this.newNoise = makeButton("New noise", "Other draws of the same noise", on.newNoise);
    this.centred = check("Centred as the set's pictures", () => (on.fitted(), on.changed()));
    this.inverted = check("Inverted", on.fitted);
    this.file = make("input", { type: "file", accept: "image/*", hidden: "" });
    this.file.addEventListener("change", () => {
      if (this.file.files[0]) on.takeFile(this.file.files[0]);
      this.file.value = ""; // so that the same file can be chosen again
    });
    const choose = makeButton("Picture file", "Choose one; pasting and dropping do the same", () => this.file.click());
    this.pinned = makeButton("Pinned picture", "Put the pinned picture on the sheet", on.takePinned);
    this.path = makeButton("Add to path", "Make this a stop of the path", on.addToPath);
    this.words = make("p", { class: "hint" });
    const sheet = [this.undo, this.clear, this.eraser, this.colour, choose, this.file, this.pinned, this.path];
    const noise = make("div", { class: "buttons" }, this.noiseSlide.element, this.newNoise);
    const pen = make("div", { class: "buttons" }, this.thickness.element, this.centred.element, this.inverted.element);
    const buttons = make("div", { class: "buttons" }, ...sheet);
    this.element = make("div", { class: "draw-tools" }, buttons, pen, noise, this.words);
  }

  /** @param {import("./look.js").Look} look @param {[number, number, number]} shape (C, H, W) */
  show(look, [channels, height, width]) {
    this.look = look;
    this.thickness.setRange(1, WIDEST * Math.min(height, width), 0.1, look.thickness);
    this.colour.hidden = channels === 1;
    if (channels > 1) this.colour.value = `#${look.ink.map((value) => (value ? "ff" : "00")).join("")}`;
    this.eraser.setAttribute("aria-pressed", "false");
    this.centred.element.hidden = !look.centring;
    this.centred.input.checked = true;
    this.setHasSheet(false);
    this.#usePen();
    this.words.textContent = describe(look);
  }

  /** @param {import("./pad.js").Pad} pad @param {number | null} pinned */
  update(pad, pinned) {
    this.undo.disabled = this.clear.disabled = this.path.disabled = pad.isEmpty;
    this.pinned.disabled = pinned === null;
    this.newNoise.disabled = this.noise === 0;
  }

  get noise() {
    return this.noiseSlide.value;
  }

  get isCentred() {
    return this.centred.input.checked;
  }

  get isNegative() {
    return this.inverted.input.checked;
  }

  setNegative(isNegative) {
    this.inverted.input.checked = isNegative;
  }

  setHasSheet(hasSheet) {
    this.inverted.element.hidden = !hasSheet;
  }

  #erase() {
    this.eraser.setAttribute("aria-pressed", String(!this.pen.isErasing));
    this.#usePen();
  }

  #usePen() {
    const { paper, ink } = this.look;
    const isErasing = this.eraser.getAttribute("aria-pressed") === "true";
    const own = ink.length === 1 ? ink : channelsOf(this.colour.value);
    Object.assign(this.pen, { thickness: this.thickness.value, colour: isErasing ? paper : own, isErasing });
  }
}

/** A labelled slider that says its value. */
class Slide {
  constructor(name, unit, onInput) {
    this.unit = unit;
    this.input = make("input", { type: "range", "aria-label": name });
    this.output = make("output");
    this.element = make("label", { class: "slide" }, name, this.input, this.output);
    this.input.addEventListener("input", () => (this.#say(), onInput()));
  }

  setRange(min, max, step, value) {
    Object.assign(this.input, { min, max, step, value });
    this.decimals = decimalsFor(max - min);
    this.#say();
  }

  get value() {
    return this.input.valueAsNumber;
  }

  #say() {
    this.output.textContent = `${format(this.value, this.decimals)} ${this.unit}`.trim();
  }
}

function check(text, onChange) {
  const input = make("input", { type: "checkbox" });
  input.addEventListener("change", () => onChange());
  return { input, element: make("label", { class: "check" }, input, text) };
}

/** @param {string} hex "#rrggbb" */
function channelsOf(hex) {
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255);
}

/** What was measured, and what is done with it. */
function describe({ thickness, centring, n, ink }) {
  if (ink.length > 1) return "A picture from elsewhere is cut to its central square and made small.";
  const lines = `Lines of ${n} pictures of the set: ${format(thickness, 1)} px wide.`;
  if (!centring) return lines;
  const [x, y] = centring.middle.map((value) => format(value, 1));
  return `${lines} Centred: the longer side becomes ${format(centring.box, 0)} px, the centre of mass goes to (${x}, ${y}).`;
}
