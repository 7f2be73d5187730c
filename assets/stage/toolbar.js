/**
 * What the colours mean: by class, with classes that can be picked out, or by a known factor.
 */

import { classColour, coloursByClass, coloursByValue, packColour, RAMP_GRADIENT } from "./colours.js";
import { make } from "./elements.js";
import { decimalsFor, format, quantile, sortedSample } from "./numbers.js";

const TAIL = 0.01; // share of points beyond each end of the colour ramp
const NEUTRAL = packColour(128, 138, 150); // points of which nothing is known

export class Toolbar {
  /**
   * @param {() => void} onChange colours or filter changed
   * @param {() => void} onFit
   */
  constructor(onChange, onFit) {
    this.onChange = onChange;
    this.select = make("select", { "aria-label": "Colour of the points" });
    this.select.addEventListener("change", () => this.#showLegend());
    this.legend = make("div", { class: "legend", role: "group", "aria-label": "Classes shown" });
    const fit = make("button", { type: "button", class: "fit", title: "Key: 0" }, "Fit");
    fit.setAttribute("aria-label", "Show all points");
    fit.addEventListener("click", onFit);
    const label = make("label", {}, "Colour ", this.select);
    this.element = make("div", { class: "toolbar" }, label, this.legend, fit);
    /** @type {Set<number>} classes picked out; empty means all */
    this.picked = new Set();
  }

  /** @param {import("./load.js").Points} points */
  show(points) {
    this.points = points;
    const choices = [...(points.labels ? ["class"] : []), ...points.factorNames];
    const options = choices.map((name, i) => {
      const value = points.labels && i === 0 ? "class" : String(points.factorNames.indexOf(name));
      return make("option", { value }, name);
    });
    this.select.replaceChildren(...options);
    this.select.parentElement.hidden = choices.length < 2;
    this.picked.clear();
    this.#showLegend();
  }

  /** @returns {Uint32Array} one word per point */
  colours() {
    const { points } = this;
    const range = this.#range();
    if (range) return coloursByValue(this.#values(), range[0], range[1]);
    return points.labels ? coloursByClass(points.labels) : new Uint32Array(points.n).fill(NEUTRAL);
  }

  /** @returns {((i: number) => boolean) | null} which points are picked out; null if all are */
  filter() {
    const { labels } = this.points;
    if (!this.picked.size || !labels) return null;
    return (i) => this.picked.has(labels[i]);
  }

  #factor() {
    return this.select.value === "class" || !this.points.factors ? null : Number(this.select.value);
  }

  #values() {
    const { factors, factorNames } = this.points;
    const column = this.#factor();
    return factors.filter((_, i) => i % factorNames.length === column);
  }

  #range() {
    const column = this.#factor();
    if (column === null) return null;
    const sample = sortedSample(this.points.factors, this.points.factorNames.length, column);
    return [quantile(sample, TAIL), quantile(sample, 1 - TAIL)];
  }

  #showLegend() {
    const range = this.#range();
    if (range) {
      const [low, high] = range.map((value) => format(value, decimalsFor(range[1] - range[0])));
      const ramp = make("span", { class: "ramp", style: `background: ${RAMP_GRADIENT}` });
      this.legend.replaceChildren(make("span", {}, low), ramp, make("span", {}, high));
      this.picked.clear();
    } else {
      const names = this.points.labels ? this.points.classNames : [];
      this.legend.replaceChildren(...names.map((name, label) => this.#makeItem(name, label)));
    }
    this.onChange();
  }

  #makeItem(name, label) {
    const swatch = make("i", { style: `background: ${classColour(label)}`, "aria-hidden": "true" });
    const item = make("button", { type: "button", "aria-pressed": "false" }, swatch, name);
    item.addEventListener("click", () => {
      const isPicked = !this.picked.delete(label);
      if (isPicked) this.picked.add(label);
      item.setAttribute("aria-pressed", String(isPicked));
      this.legend.classList.toggle("filtered", this.picked.size > 0);
      this.onChange();
    });
    return item;
  }
}
