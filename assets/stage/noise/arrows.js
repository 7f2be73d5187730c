/**
 * Arrows over a small map: from where pictures lie to where noise moves them, and a dotted line on
 * to where what is decoded there lies.
 */

import { classColour } from "../kit/colours.js";
import { contextOf, make, makeShape, setAttributes } from "../kit/elements.js";

const SIDE = 420; // units of the drawing
const MARGIN = 30;
const SHARPNESS = 2; // pixels of the canvas a unit
const DOT = 2.5; // units, radius
const SEEN = 0.998; // of the points lie within the drawing; the farthest would make the rest small

/** @typedef {[number, number]} Place on the map */

export class Arrows {
  /**
   * @param {Place[]} points of the map
   * @param {number[] | null} labels their classes
   * @param {[string, string]} axes names
   */
  constructor(points, labels, axes) {
    Object.assign(this, { points, labels });
    // Apart from the arrows: drawing a thousand dots anew for each of their moves takes a tenth of a
    // second without a graphics card.
    const side = String(SIDE * SHARPNESS);
    this.dots = make("canvas", { width: side, height: side, "aria-hidden": "true" });
    this.lines = makeShape("g", { class: "arrows" });
    const drawing = makeShape("svg", { viewBox: `0 0 ${SIDE} ${SIDE}`, "aria-hidden": "true" });
    const head = makeShape("marker", {
      id: "head", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 6, markerHeight: 6, orient: "auto",
    });
    head.append(makeShape("path", { d: "M0 0L8 4L0 8z" }));
    const definitions = makeShape("defs");
    definitions.append(head);
    const names = [
      makeShape("text", { x: SIDE - 4, y: SIDE - 6, "text-anchor": "end" }),
      makeShape("text", { x: 4, y: 21 }),
    ];
    names.forEach((name, axis) => (name.textContent = axes[axis]));
    drawing.append(definitions, this.lines, ...names);
    this.element = make("div", { class: "noise-plot" }, this.dots, drawing);
    this.#frame(boundsOf(points));
  }

  /**
   * What lies outside widens the drawing, which never becomes narrower again: so an arrow grows
   * with the noise, and not its scale.
   * @param {Place[]} from @param {Place[]} to @param {Place[]} then
   */
  show(from, to, then) {
    const reached = [...from, ...to, ...then];
    const bounds = this.bounds.map(([low, high], axis) => {
      const values = reached.map((place) => place[axis]);
      return [Math.min(low, ...values), Math.max(high, ...values)];
    });
    if (String(bounds) !== String(this.bounds)) this.#frame(bounds);
    this.#count(from.length);
    from.forEach((start, i) => {
      const [[a, b], [c, d], [e, f]] = [start, to[i], then[i]].map((place) => this.#drawn(place));
      const [arrow, on, end] = this.lines.children[i].children;
      setAttributes(arrow, { x1: a, y1: b, x2: c, y2: d });
      setAttributes(on, { x1: c, y1: d, x2: e, y2: f });
      setAttributes(end, { cx: e, cy: f });
    });
  }

  #count(n) {
    while (this.lines.childElementCount > n) this.lines.lastChild.remove();
    while (this.lines.childElementCount < n) {
      const one = makeShape("g");
      const [arrow, on] = [{ "marker-end": "url(#head)" }, { class: "on" }].map((of) => makeShape("line", of));
      one.append(arrow, on, makeShape("circle", { r: 3.5 }));
      this.lines.append(one);
    }
  }

  #frame(bounds) {
    this.bounds = bounds;
    this.centre = bounds.map(([low, high]) => (low + high) / 2);
    const reach = Math.max(...bounds.map(([low, high]) => high - low)) / 2 || 1;
    this.scale = (SIDE / 2 - MARGIN) / reach;
    const context = contextOf(this.dots);
    context.clearRect(0, 0, this.dots.width, this.dots.height);
    this.points.forEach((place, i) => {
      const [x, y] = this.#drawn(place).map((unit) => unit * SHARPNESS);
      context.fillStyle = classColour(this.labels ? this.labels[i] : 0);
      context.beginPath();
      context.arc(x, y, DOT * SHARPNESS, 0, 2 * Math.PI);
      context.fill();
    });
  }

  #drawn([x, y]) {
    const at = (value) => Math.round(10 * value) / 10;
    const [left, up] = [(x - this.centre[0]) * this.scale, (y - this.centre[1]) * this.scale];
    return [at(SIDE / 2 + left), at(SIDE / 2 - up)];
  }
}

/** [low, high] of each axis, without the few points farthest out. */
function boundsOf(points) {
  return [0, 1].map((axis) => {
    const sorted = points.map((place) => place[axis]).sort((a, b) => a - b);
    const at = (share) => sorted[Math.round(share * (sorted.length - 1))];
    return [at(1 - SEEN), at(SEEN)];
  });
}
