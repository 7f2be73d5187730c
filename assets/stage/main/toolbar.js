/**
 * What the colours mean: by class, with classes that can be picked out, by a known factor, or by
 * something measured of each picture. Beside it stands what acts on the map.
 */

import { classColour, coloursByClass, coloursByValue, packColour, RAMP_GRADIENT } from "../kit/colours.js";
import { make } from "../kit/elements.js";
import { loadMeasure } from "./load.js";
import { decimalsFor, format, quantile, sortedSample } from "../kit/numbers.js";

const TAIL = 0.01; // share of points beyond each end of the colour ramp
const NEUTRAL = packColour(128, 138, 150); // points of which nothing is known

/**
 * @typedef {object} Choice
 * @property {string} id
 * @property {string} name
 * @property {() => Promise<Float32Array> | null} load values, one a picture; null: by class
 */

export class Toolbar {
  /**
   * @param {() => void} onChange colours or filter changed
   * @param {(error: Error) => void} onError
   * @param {...HTMLElement} actions what stands at the right
   */
  constructor(onChange, onError, ...actions) {
    this.onChange = onChange;
    this.onError = onError;
    this.select = make("select", { "aria-label": "Colour of the points" });
    this.select.addEventListener("change", () => this.#choose());
    this.legend = make("div", { class: "legend", role: "group", "aria-label": "Classes shown" });
    const label = make("label", {}, "Colour ", this.select);
    const right = make("div", { class: "actions" }, ...actions);
    this.element = make("div", { class: "toolbar" }, label, this.legend, right);
    /** @type {Set<number>} classes picked out; empty means all */
    this.picked = new Set();
    /** @type {Map<string, Promise<Float32Array>>} by address */
    this.measures = new Map();
    /** @type {Float32Array | null} by which the points are coloured; null: by class */
    this.values = null;
  }

  /**
   * Offer what these pictures and models can be coloured by, and keep what was chosen if it is
   * still offered.
   * @param {import("./load.js").Points} points
   * @param {Partial<Record<"a" | "b", import("./load.js").Model>>} models
   */
  show(points, models) {
    const isNew = points !== this.points;
    this.points = points;
    const before = this.select.value;
    const chosen = this.choices?.find(({ id }) => id === before);
    this.choices = choicesOf(points, models, (measure) => this.#measure(measure));
    const options = this.choices.map(({ id, name }) => make("option", { value: id }, name));
    this.select.replaceChildren(...options);
    this.select.parentElement.hidden = this.choices.length < 2;
    if (isNew) this.picked.clear();
    const kept = !isNew && chosen && this.choices.find(({ id }) => id === chosen.id);
    if (kept) this.select.value = kept.id;
    if (kept && kept.key === chosen.key) return;
    this.#choose();
  }

  /** @returns {Uint32Array} one word per point */
  colours() {
    const { points, values, range } = this;
    if (values) return coloursByValue(values, range[0], range[1]);
    return points.labels ? coloursByClass(points.labels) : new Uint32Array(points.n).fill(NEUTRAL);
  }

  /** @returns {((i: number) => boolean) | null} which points are picked out; null if all are */
  filter() {
    const { labels } = this.points;
    if (!this.picked.size || !labels) return null;
    return (i) => this.picked.has(labels[i]);
  }

  async #choose() {
    const choice = this.choices.find(({ id }) => id === this.select.value);
    this.asked = choice;
    if (!choice?.load) return this.#showClasses();
    this.legend.replaceChildren(make("span", { class: "waiting" }, "Computing …"));
    try {
      const values = await choice.load();
      if (choice === this.asked) this.#showRamp(values);
    } catch (error) {
      if (choice !== this.asked) return;
      this.onError(error);
      this.select.value = this.choices[0].id;
      this.#choose();
    }
  }

  #measure(measure) {
    if (!this.measures.has(measure.url)) {
      const loading = loadMeasure(measure, this.points.n);
      loading.catch(() => this.measures.delete(measure.url)); // asked for again, it may come
      this.measures.set(measure.url, loading);
    }
    return this.measures.get(measure.url);
  }

  #showRamp(values) {
    const sample = sortedSample(values, 1, 0);
    this.values = values;
    this.range = [quantile(sample, TAIL), quantile(sample, 1 - TAIL)];
    const [low, high] = this.range;
    const ends = this.range.map((value) => format(value, decimalsFor(high - low)));
    const ramp = make("span", { class: "ramp", style: `background: ${RAMP_GRADIENT}` });
    this.legend.replaceChildren(make("span", {}, ends[0]), ramp, make("span", {}, ends[1]));
    this.picked.clear();
    this.onChange();
  }

  #showClasses() {
    this.values = null;
    const names = this.points.labels ? this.points.classNames : [];
    this.legend.replaceChildren(...names.map((name, label) => this.#makeItem(name, label)));
    this.legend.classList.toggle("filtered", this.picked.size > 0);
    this.onChange();
  }

  #makeItem(name, label) {
    const swatch = make("i", { style: `background: ${classColour(label)}`, "aria-hidden": "true" });
    const isPicked = String(this.picked.has(label));
    const item = make("button", { type: "button", "aria-pressed": isPicked }, swatch, name);
    item.addEventListener("click", () => {
      const isNow = !this.picked.delete(label);
      if (isNow) this.picked.add(label);
      item.setAttribute("aria-pressed", String(isNow));
      this.legend.classList.toggle("filtered", this.picked.size > 0);
      this.onChange();
    });
    return item;
  }
}

/** Class, factors, and what Python measured of each model. */
function choicesOf(points, models, loadMeasured) {
  const { factors, factorNames } = points;
  const classes = points.labels ? [{ id: "class", key: "class", name: "class", load: null }] : [];
  const known = factorNames.map((name, column) => ({
    id: String(column),
    key: name,
    name,
    load: async () => factors.filter((_, i) => i % factorNames.length === column),
  }));
  const measured = Object.entries(models).flatMap(([which, { spec }]) =>
    (spec.measures ?? []).map((measure) => ({
      id: `${which} ${measure.name}`,
      key: measure.url,
      name: models.b ? `${measure.title}, ${which.toUpperCase()}` : measure.title,
      load: () => loadMeasured(measure),
    })),
  );
  const all = [...classes, ...known, ...measured];
  return points.labels ? all : [{ id: "none", key: "none", name: "none", load: null }, ...all];
}
