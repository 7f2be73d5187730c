/**
 * The entry of the codebook's component: one test picture and its codes, to be swapped.
 */

import { CodeGrid } from "./codes/code_grid.js";
import { vectorsOf } from "./codes/codes.js";
import { make } from "./kit/elements.js";
import { loadCodes, loadPoints } from "./main/load.js";
import { paintThumbnail, Picture } from "./main/readout.js";
import { isDark, watchTheme } from "./kit/theme.js";

const PICTURE = 256; // pixels, about, that a picture is high
const NARROW = 640; // pixels; below, pictures are half as high

/** @type {WeakMap<Element, CodeStage>} */
const stages = new WeakMap();

/** @param {{data: any, parentElement: HTMLElement}} component */
export function mount({ data, parentElement }) {
  let stage = stages.get(parentElement);
  if (!stage || !parentElement.contains(stage.root)) {
    stage = new CodeStage(parentElement);
    stages.set(parentElement, stage);
  }
  if (data) stage.show(data);
}

class CodeStage {
  constructor(parent) {
    this.index = 0;
    this.grid = new CodeGrid({
      swap: (cell, code) => {
        this.codes[cell] = code;
        this.#draw();
      },
      fill: (code) => {
        this.codes.fill(code);
        this.#draw();
      },
      decode: (codes) => this.model.decode(vectorsOf(codes, this.model.codebook)),
    });
    this.original = new Picture("Test image", "original");
    this.grid.picture.element.before(this.original.element);
    this.words = make("span", { class: "swapped", role: "status" });
    this.toolbar = make("div", { class: "toolbar" });
    for (const [name, act] of [
      ["Previous image", () => this.#go(this.index - 1)],
      ["Next image", () => this.#go(this.index + 1)],
      ["Any image", () => this.#go(Math.floor(Math.random() * this.model.n))],
      ["Back to its own codes", () => this.#go(this.index)],
    ]) {
      const button = make("button", { type: "button" }, name);
      button.addEventListener("click", () => this.model && act());
      this.toolbar.append(button);
    }
    this.toolbar.append(this.words);
    this.alert = make("p", { class: "alert", role: "alert", hidden: "" });
    this.root = make("div", { class: "stage codes-stage" }, this.alert, this.toolbar, this.grid.element);
    this.root.dataset.ready = "false";
    this.root.__codes = {
      decodes: 0,
      codes: () => Array.from(this.codes),
      pixels: () => Array.from(this.grid.pixels),
    };
    const style = make("link", { rel: "stylesheet", href: new URL("stage.css", import.meta.url).href });
    parent.append(style, this.root);
    const dress = () => (this.root.dataset.theme = isDark(this.root) ? "dark" : "light");
    style.onload = dress;
    watchTheme(this.root, dress);
  }

  /** @param {any} data */
  show(data) {
    const wanted = JSON.stringify(data);
    if (wanted === this.wanted) return;
    this.wanted = wanted;
    this.root.dataset.ready = "false";
    this.alert.hidden = true;
    this.#load(data, wanted).catch((error) => {
      if (wanted === this.wanted) this.#complain(error);
    });
  }

  #complain(error) {
    this.alert.textContent = error.message;
    this.alert.hidden = false;
  }

  async #load(data, wanted) {
    const [points, model] = await Promise.all([loadPoints(data.points), loadCodes(data.model, data.points)]);
    if (wanted !== this.wanted) return;
    [this.points, this.model] = [points, model];
    const shape = points.imageShape;
    const height = this.root.clientWidth < NARROW ? PICTURE / 2 : PICTURE;
    const multiple = Math.max(1, Math.floor(height / shape[1]));
    this.original.setShape(shape);
    this.original.setScale(multiple);
    this.grid.show(model.codebook, shape, multiple);
    points.sheets.onLoad = () => paintThumbnail(this.original.canvas, this.points, this.index);
    points.sheets.onFail = (error) => this.#complain(error);
    this.#go(Math.min(this.index, model.n - 1));
    this.root.dataset.ready = "true";
  }

  /** Show a picture with the codes that the encoder gives it. */
  #go(index) {
    const { n } = this.model;
    this.index = ((index % n) + n) % n;
    this.own = this.model.codesOf(this.index);
    this.codes = this.own.slice();
    const { labels, classNames } = this.points;
    const label = labels ? `, ${classNames[labels[this.index]]}` : "";
    this.original.caption.textContent = `Image ${this.index}${label}`;
    paintThumbnail(this.original.canvas, this.points, this.index);
    this.#draw();
  }

  #draw() {
    this.root.__codes.decodes++;
    this.grid.update(this.codes, this.model.decode(vectorsOf(this.codes, this.model.codebook)));
    const changed = this.codes.reduce((sum, code, cell) => sum + Number(code !== this.own[cell]), 0);
    const cells = `${this.codes.length} codes`;
    this.words.textContent = changed ? `${changed} of ${cells} swapped` : `its own ${cells}`;
  }
}
