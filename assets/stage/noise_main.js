/**
 * The entry of the noise component: one slider, and what up to four models make of noisy pictures.
 */

import { make } from "./kit/elements.js";
import { resolve } from "./kit/fetching.js";
import { loadPoints } from "./main/load.js";
import { ModelThread } from "./network/model_thread.js";
import { addNoise, normals } from "./kit/noise.js";
import { meanSquaredError } from "./kit/arrays.js";
import { NoiseSide, SHOWN } from "./noise/noise_side.js";
import { format } from "./kit/numbers.js";
import { Tiles } from "./pictures/tiles.js";

const STEP = 0.05; // of the weight
const FOLLOWED = 30; // pictures whose latents are followed, those shown first
const WIDEST = 860; // pixels of a row
const REST_MS = 300; // without a move, after which Python is told of the weight
const RULE = "The models see clip(x + w·ε, 0, 1), with ε drawn from N(0, 1) at each pixel.";

/** @type {WeakMap<Element, NoisePanel>} */
const panels = new WeakMap();

/**
 * @param {{data: any, parentElement: HTMLElement,
 *   setStateValue: (name: string, value: any) => void}} component
 * @returns {() => void} to be called when the component goes
 */
export function mount({ data, parentElement, setStateValue }) {
  let panel = panels.get(parentElement);
  if (!panel || !parentElement.contains(panel.root)) {
    panel = new NoisePanel(parentElement, data.weight);
    panels.set(parentElement, panel);
  }
  panel.onTold = setStateValue;
  if (data) panel.show(data);
  return () => {
    panel.close();
    panels.delete(parentElement);
  };
}

class NoisePanel {
  constructor(parent, weight) {
    this.weight = weight;
    this.seed = 1;
    this.first = 0; // of the pictures shown
    /** @type {ModelThread[]} one for each model */
    this.threads = [];
    /** @type {NoiseSide[]} */
    this.sides = [];
    this.#build(parent);
  }

  /** @param {any} data */
  show({ weight, ...data }) {
    const wanted = JSON.stringify(data);
    if (wanted === this.wanted) return;
    this.wanted = wanted;
    this.root.dataset.ready = "false";
    this.alert.hidden = true;
    this.#load(data, wanted).catch((error) => {
      if (wanted === this.wanted) this.#complain(error);
    });
  }

  close() {
    this.wanted = null;
    for (const thread of this.threads) thread.close();
  }

  #complain(error) {
    this.alert.textContent = error.message;
    this.alert.hidden = false;
  }

  async #load(data, wanted) {
    for (const thread of this.threads) thread.close();
    [this.sides, this.clean] = [[], null];
    // Read after the points; asked for now, it is in the browser's cache by then.
    const kind = data.points.exact ? "exact" : "sheet";
    fetch(resolve(`${data.points.url}/${kind}-0.png`)).catch(() => {}); // the reading says what is wrong
    this.threads = data.models.map((model) => new ModelThread(model, data.points.image_shape));
    const points = await loadPoints(data.points);
    if (wanted !== this.wanted) return;
    this.points = points;
    this.n = Math.min(FOLLOWED, data.points.n_test);
    this.shown = Math.min(SHOWN, this.n);
    this.last = data.points.n_test - this.n;
    this.first = Math.min(this.first, this.last);
    this.seen = new Tiles(points.imageShape, this.shown, 2, WIDEST);
    this.sides = data.models.map((model, at) => {
      return new NoiseSide(model, this.threads[at], points, this.shown, () => this.#painted());
    });
    const head = make("div", { class: "noise-label" }, make("b", {}, "Clean"), ", and below ");
    this.nothing = make("span");
    head.append(make("b", {}, "what the models see"), this.nothing);
    const row = make("div", { class: "noise-row" }, head, make("div", {}, this.seen.canvas));
    this.rows.replaceChildren(row, ...this.sides.map((side) => side.row));
    this.maps.replaceChildren(...this.sides.map((side) => side.map));
    await this.#take();
  }

  /** The clean pictures, from the first one shown on. */
  async #take() {
    const { points, first, n } = this;
    const clean = await points.sheets.pixelsFrom(first, n);
    if (points !== this.points || first !== this.first) return;
    this.clean = clean;
    this.seen.paint(this.clean, 0);
    this.#ask();
  }

  /** Lay the noise over the pictures and ask every model. */
  #ask() {
    const { clean, seed, weight, first, n, shown } = this;
    if (!clean) return;
    if (this.epsilon?.seed !== seed || this.epsilon.values.length !== clean.length) {
      this.epsilon = { seed, values: normals(clean.length, seed) };
    }
    const noisy = new Float32Array(clean.length);
    addNoise(noisy, clean, this.epsilon.values, weight);
    this.question = { key: `${first} ${seed} ${weight}`, weight, clean, noisy, n, shown };
    this.seen.paint(noisy, 1);
    const said = `Clean and noisy pictures, weight ${format(weight, 2)}`;
    this.seen.canvas.setAttribute("aria-label", said);
    const error = meanSquaredError(noisy.subarray(0, (noisy.length / n) * shown), clean);
    this.nothing.textContent = `error of doing nothing: ${format(error, 4)}`;
    for (const side of this.sides) side.ask(this.question);
  }

  /** What is seen is complete once every model that can has answered the same question. */
  #painted() {
    const isComplete = this.sides.every(({ painted, alert }) => painted === this.question || !alert.hidden);
    if (!isComplete) return;
    this.root.dataset.weight = format(this.question.weight, 2);
    this.root.dataset.ready = "true";
  }

  #set(weight) {
    this.weight = weight;
    this.output.textContent = format(weight, 2);
    this.#ask();
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.onTold("weight", weight), REST_MS);
  }

  #build(parent) {
    const attributes = { type: "range", min: "0", max: "1", step: String(STEP), value: String(this.weight) };
    this.input = make("input", { ...attributes, "aria-label": "Noise weight w" });
    this.input.addEventListener("input", () => this.#set(this.input.valueAsNumber));
    this.output = make("output", {}, format(this.weight, 2));
    const slider = make("label", { class: "noise-weight" }, "Noise weight w", this.input, this.output);
    const controls = make("div", { class: "buttons" }, slider);
    const other = () => Math.floor(Math.random() * (this.last + 1));
    for (const [name, act] of [
      ["Other noise", () => (this.seed++, this.#ask())],
      ["Other pictures", () => ((this.first = other()), this.#take().catch((e) => this.#complain(e)))],
    ]) {
      const button = make("button", { type: "button" }, name);
      button.addEventListener("click", () => this.points && act());
      controls.append(button);
    }
    this.alert = make("p", { class: "alert", role: "alert", hidden: "" });
    this.rows = make("div", { class: "noise-rows" });
    this.maps = make("div", { class: "noise-maps" });
    const words = make("p", {}, make("b", {}, "Where the noise moves the latents"));
    words.append(": arrows from clean to noisy; dotted on to where the decoded picture is encoded again");
    const parts = [this.alert, controls, make("p", { class: "hint" }, RULE), this.rows, words, this.maps];
    this.root = make("div", { class: "stage noise-stage" }, ...parts);
    this.root.dataset.ready = "false";
    this.root.__noise = {
      question: () => this.question,
      sides: () => this.sides,
    };
    const style = make("link", { rel: "stylesheet", href: new URL("stage.css", import.meta.url).href });
    parent.append(style, this.root);
  }
}
