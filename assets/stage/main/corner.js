/**
 * The decoded pictures in a corner of the map, while the read-out is out of sight: on a phone it
 * lies below the map that the finger is on.
 */

import { make } from "../kit/elements.js";
import { Picture, paintSide } from "./readout.js";

const LARGEST = { single: 112, pair: 60 }; // pixels, about, that a picture is wide
const EDGE = 8; // pixels to the map's edges, as in stage.css
const CLEARANCE = 64; // pixels between a finger and the pictures, so that the hand hides neither
const PAGE_BAR = 60; // pixels at the top of the window under which a page scrolls
const IN_SIGHT = 0.75; // share of the read-out that must be seen to be looked at

export class Corner {
  /**
   * @param {HTMLElement} readout what is shown here while that cannot be seen
   * @param {() => void} onChange the pictures have to be painted
   */
  constructor(readout, onChange) {
    this.pictures = { a: new Picture("A", "glimpse"), b: new Picture("B", "glimpse") };
    for (const which of ["a", "b"]) this.pictures[which].element.dataset.model = which;
    this.element = make("div", { class: "corner", "aria-hidden": "true" }); // the read-out says it
    this.element.hidden = true;
    this.plot = null; // of the map that is pointed at
    this.isInSight = true;
    const look = ([entry]) => {
      this.isInSight = entry.intersectionRatio >= IN_SIGHT;
      this.#settle();
      onChange();
    };
    new IntersectionObserver(look, { threshold: IN_SIGHT }).observe(readout);
  }

  /**
   * @param {[number, number, number]} shape (C, H, W)
   * @param {boolean} isPair whether there is a model B
   */
  show(shape, isPair) {
    const { a, b } = this.pictures;
    const multiple = Math.max(1, Math.floor(LARGEST[isPair ? "pair" : "single"] / shape[2]));
    for (const picture of [a, b]) {
      picture.setShape(shape);
      picture.setScale(multiple);
    }
    this.element.replaceChildren(a.element, ...(isPair ? [b.element] : []));
    this.leave();
  }

  /** The pointer is at this place of a map. @param {HTMLElement} plot of that map */
  point(plot, x, y) {
    if (this.plot !== plot) plot.append(this.element);
    [this.plot, this.x, this.y] = [plot, x, y];
    this.#settle();
  }

  /** The pointer has left the maps. */
  leave() {
    this.plot = null;
    this.element.hidden = true;
  }

  /** @param {import("./probe.js").Probe} probe */
  update(probe) {
    if (this.element.hidden) return;
    for (const [which, side] of Object.entries(probe.sides)) paintSide(this.pictures[which], side);
  }

  /** On the side where the pictures are, unless the pointer comes close to them there. */
  #settle() {
    this.element.hidden = this.isInSight || !this.plot;
    if (this.element.hidden) return;
    const { clientWidth, clientHeight } = this.plot;
    const { offsetWidth: width, offsetHeight: height } = this.element;
    const sunk = PAGE_BAR - this.plot.getBoundingClientRect().top;
    const top = Math.max(EDGE, Math.min(sunk + EDGE, clientHeight - height - EDGE));
    const left = this.isLeft ? EDGE : clientWidth - width - EDGE;
    const isNear = (at, from, size) => at > from - CLEARANCE && at < from + size + CLEARANCE;
    if (isNear(this.x, left, width) && isNear(this.y, top, height)) {
      this.isLeft = this.x > clientWidth / 2;
    }
    this.element.classList.toggle("left", Boolean(this.isLeft));
    this.element.style.top = `${top}px`;
  }
}
