/**
 * The panel of drawing: what is drawn or brought is encoded by every model while the pen moves.
 */

import { DrawTools } from "./draw_tools.js";
import { meanSquaredError } from "../kit/arrays.js";
import { make } from "../kit/elements.js";
import { fileIn, readPicture } from "../paths/files.js";
import { centre, lay } from "./ink.js";
import { measureLook } from "./look.js";
import { nearestPlace } from "./nearest_latents.js";
import { addNoise, normals } from "../kit/noise.js";
import { format } from "../kit/numbers.js";
import { Pad } from "./pad.js";
import { fit, isNegative, negative, sheetOf } from "./paste.js";
import { Picture } from "../main/readout.js";

const MEASURED = 256; // pictures of the set, to learn how its lines look
const LARGEST = 170; // pixels, of what goes in and comes out
const GAP = 16; // pixels between them, as in stage.css

export class Draw {
  title = "Draw";
  shortcut = "d";

  constructor() {
    this.seed = 1;
    this.places = { a: [], b: [] };
    this.sheet = null;
    this.#build();
  }

  /** @param {import("../main/stage.js").Stage} stage */
  show(stage) {
    this.stage = stage;
    const { points } = stage;
    this.pictures.b.element.hidden = !stage.models.b;
    const isPair = Boolean(stage.models.b);
    for (const [which, { title }] of Object.entries(stage.models)) {
      this.titles[which] = isPair ? `${which.toUpperCase()}, decoded` : "Decoded";
      this.pictures[which].canvas.setAttribute("aria-label", `Reconstruction by ${title}`);
    }
    this.#changed();
    if (points === this.points) return;
    this.points = points;
    this.look = null;
    for (const picture of Object.values(this.pictures)) picture.setShape(points.imageShape);
    this.isBeginning = false;
  }

  /** When the tab is first opened: a sheet and a pen that look like the set's pictures. */
  async #begin() {
    const { points } = this;
    this.isBeginning = true;
    const n = Math.min(MEASURED, points.n);
    const all = await points.sheets.pixelsFrom(0, n);
    if (points !== this.points) return;
    const size = all.length / n;
    const some = Array.from({ length: n }, (_, i) => all.subarray(i * size, (i + 1) * size));
    this.look = measureLook(some, points.imageShape);
    const [channels, height, width] = points.imageShape;
    this.clean = new Float32Array(channels * height * width);
    this.noisy = new Float32Array(channels * height * width);
    this.tools.show(this.look, points.imageShape);
    this.sheet = null;
    this.pad.pen = this.tools.pen;
    this.pad.show(points.imageShape, this.look.paper);
  }

  /** Encode what is on the sheet, if it has changed. @param {import("../main/probe.js").Probe} probe */
  prepare(probe) {
    if (!this.look && !this.isBeginning) this.#begin().catch((e) => this.stage.complain(e));
    if (!this.look || !this.isStale) return;
    this.isStale = false;
    this.isFresh = true;
    this.#compose();
    this.places = { a: [], b: [] };
    if (this.pad.isEmpty) return;
    const encoded = Object.entries(this.stage.models).map(([which, model]) => [which, model.encode(this.noisy)]);
    this.latents = Object.fromEntries(encoded);
    probe.setLatents(this.latents);
    for (const [which, model] of Object.entries(this.stage.models)) {
      const dot = probe.sides[which].place ?? nearestPlace(model, this.latents[which]);
      probe.sides[which].place = dot;
      this.places[which] = [{ dot, kind: "drawn" }];
    }
  }

  /** What came out of it. @param {import("../main/probe.js").Probe} probe */
  update(probe) {
    if (!this.look) return;
    this.tools.update(this.pad, probe.pinned);
    if (!this.isFresh) return; // the probe may be elsewhere meanwhile
    this.isFresh = false;
    this.#layout();
    const { isEmpty } = this.pad;
    this.hint.hidden = !isEmpty;
    this.pictures.input.paint(this.noisy);
    for (const [which, side] of Object.entries(probe.sides)) {
      const { element, caption } = this.pictures[which];
      element.classList.toggle("off", isEmpty);
      caption.textContent = this.titles[which];
      if (isEmpty) continue;
      this.pictures[which].paint(side.pixels);
      const relaxed = this.stage.models[which].simplex ? ", decoding class probabilities" : "";
      const title = `Mean squared error against the sheet without noise${relaxed}`;
      const error = meanSquaredError(side.pixels, this.clean);
      caption.append(make("span", { title }, ` MSE ${format(error, 4)}`));
    }
  }

  marks(which) {
    return this.places[which];
  }

  key(event) {
    if (!(event.ctrlKey || event.metaKey) || event.key !== "z") return false;
    this.#undo();
    event.preventDefault();
    return true;
  }

  /** What the models are given, (C, H, W). */
  get input() {
    return this.noisy;
  }

  #changed() {
    this.isStale = true;
    this.stage?.redraw();
  }

  /** The sheet as a picture of the set, without and with noise. */
  #compose() {
    const { imageShape } = this.points;
    const { paper, centring } = this.look;
    const { strokes, picture } = this.pad;
    const area = imageShape[1] * imageShape[2];
    if (picture) this.clean.set(picture);
    else paper.forEach((value, c) => this.clean.fill(value, c * area, (c + 1) * area));
    const isCentred = this.tools.isCentred && centring && !picture;
    lay(this.clean, isCentred ? centre(strokes, centring, imageShape) : strokes, imageShape);
    if (this.epsilon?.seed !== this.seed || this.epsilon.values.length !== this.clean.length) {
      this.epsilon = { seed: this.seed, values: normals(this.clean.length, this.seed) };
    }
    addNoise(this.noisy, this.clean, this.epsilon.values, this.tools.noise);
  }

  #undo() {
    this.pad.undo();
    if (!this.pad.picture) this.#setSheet(null);
  }

  // Pictures from elsewhere

  async #take(find) {
    this.alert.hidden = true;
    try {
      const image = await readPicture(find());
      const sheet = sheetOf(image, this.look.paper);
      this.tools.setNegative(isNegative(sheet, this.look));
      this.pad.clear();
      this.#setSheet(sheet);
    } catch (error) {
      if (error.name !== "StageError") throw error;
      this.alert.textContent = error.message;
      this.alert.hidden = false;
    }
  }

  async #takePinned() {
    const [, height, width] = this.points.imageShape;
    const values = await this.points.sheets.pixels(this.stage.probe.pinned);
    this.tools.setNegative(false);
    this.pad.clear();
    this.#setSheet({ values, width, height });
  }

  /** @param {import("./paste.js").Sheet | null} sheet */
  #setSheet(sheet) {
    this.sheet = sheet;
    this.tools.setHasSheet(Boolean(sheet));
    if (!sheet) return;
    const turned = this.tools.isNegative ? negative(sheet) : sheet;
    this.pad.setPicture(fit(turned, this.points.imageShape, this.look, this.tools.isCentred));
  }

  /** Pictures as large as there is room for beside each other. */
  #layout() {
    const [, height, width] = this.points.imageShape;
    const shown = Object.values(this.pictures).filter(({ element }) => !element.hidden);
    const room = (this.results.clientWidth - GAP * (shown.length - 1)) / shown.length;
    const side = Math.min(LARGEST, room);
    for (const picture of shown) picture.setScale(Math.max(1, Math.floor(side / Math.max(height, width))));
  }

  #build() {
    this.pad = new Pad(() => this.#changed());
    this.tools = new DrawTools({
      changed: () => this.#changed(),
      fitted: () => this.#setSheet(this.sheet),
      undo: () => this.#undo(),
      clear: () => (this.pad.clear(), this.#setSheet(null)),
      newNoise: () => (this.seed++, this.#changed()),
      takeFile: (file) => this.#take(() => file),
      takePinned: () => this.#takePinned(),
      addToPath: () => this.#addToPath(),
    });
    this.titles = {};
    this.pictures = {
      input: new Picture("Model's input", "result"),
      a: new Picture("Reconstruction by A", "result"),
      b: new Picture("Reconstruction by B", "result"),
    };
    for (const which of ["a", "b"]) this.pictures[which].element.dataset.model = which;
    const shown = Object.values(this.pictures).map((picture) => picture.element);
    this.hint = make("p", { class: "pad-hint" }, "Draw here, or paste or drop a picture");
    const paper = make("div", { class: "paper" }, this.pad.canvas, this.hint);
    this.results = make("div", { class: "results" }, ...shown);
    new ResizeObserver(() => this.#changed()).observe(this.results);
    const row = make("div", { class: "drawing" }, paper, this.results);
    this.alert = make("p", { class: "alert", role: "alert", hidden: "" });
    const parts = [this.alert, row, this.tools.element];
    this.element = make("section", { class: "draw wide", "aria-label": "Draw" }, ...parts);
    this.element.addEventListener("dragover", (event) => event.preventDefault());
    this.element.addEventListener("drop", (event) => {
      event.preventDefault();
      if (this.look) this.#take(() => fileIn(event.dataTransfer));
    });
    document.addEventListener("paste", (event) => this.#paste(event));
  }

  /** Wherever the focus is, unless something else wants it. */
  #paste(event) {
    const target = event.composedPath()[0];
    const isTyping = target instanceof Element && target.matches("input, textarea, [contenteditable]");
    if (isTyping || !this.look || !this.element.isConnected || this.element.hidden) return;
    const hasFile = event.clipboardData.files.length > 0;
    if (!hasFile && !event.composedPath().includes(this.element)) return;
    this.#take(() => fileIn(event.clipboardData));
    event.preventDefault();
  }

  #addToPath() {
    const paths = this.stage.panels.find("Paths");
    paths.addPixels(this.noisy.slice());
    this.stage.panels.choose(paths);
  }
}
