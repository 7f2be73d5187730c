/**
 * What moves over a map: the probe, the picture under it and the pinned one.
 *
 * Small elements rather than drawings on a canvas over the whole map: without a graphics card,
 * repainting such a canvas at every move of the pointer takes two frames instead of one.
 */

import { make } from "../kit/elements.js";

const TAG_GAP = 14; // pixels from a point to its thumbnail
const CROSS = "M8 0A8 8 0 1 1-8 0A8 8 0 1 1 8 0ZM8 0H14M-8 0H-14M0 8V14M0-8V-14";

/**
 * @typedef {object} Shown places on the screen, null where there is none
 * @property {[number, number] | null} probe
 * @property {boolean} isSupported whether the map has data where the probe is
 * @property {[number, number] | null} lit the picture under the probe
 * @property {string} litColour
 * @property {[number, number] | null} pinned
 * @property {string} pinnedColour
 */

export class Markers {
  constructor() {
    this.probe = makeCross();
    this.lit = make("i", { class: "lit" });
    this.pin = make("i", { class: "pin" });
    /** @type {HTMLCanvasElement} the thumbnail beside the picture's point */
    this.tag = make("canvas", { class: "tag" });
    const all = [this.pin, this.lit, this.probe, this.tag];
    this.element = make("div", { class: "markers", "aria-hidden": "true" }, ...all);
  }

  /**
   * @param {[number, number]} size of a picture in its own pixels
   * @param {number} multiple by which the tag magnifies them
   */
  setTagSize([width, height], multiple) {
    [this.tag.width, this.tag.height] = [width, height];
    this.tagSize = [width * multiple, height * multiple];
    [this.tag.style.width, this.tag.style.height] = this.tagSize.map((side) => `${side}px`);
  }

  /**
   * @param {Shown} shown
   * @param {number} width of the map on the screen
   * @param {number} height
   */
  place(shown, width, height) {
    const inside = (at) => (at && at[0] >= 0 && at[1] >= 0 && at[0] <= width && at[1] <= height ? at : null);
    moveTo(this.probe, inside(shown.probe));
    this.probe.classList.toggle("unsupported", !shown.isSupported);
    moveTo(this.pin, inside(shown.pinned));
    this.pin.style.background = shown.pinnedColour;
    const lit = inside(shown.lit);
    moveTo(this.lit, lit);
    this.lit.style.background = this.tag.style.borderColor = shown.litColour;
    moveTo(this.tag, lit && this.#tagPlace(lit, width));
  }

  /** Above and to the right of the point, or wherever there is room. */
  #tagPlace([x, y], width) {
    const [tagWidth, tagHeight] = this.tagSize;
    const left = x + TAG_GAP + tagWidth < width ? x + TAG_GAP : x - TAG_GAP - tagWidth;
    const top = y - TAG_GAP - tagHeight > 0 ? y - TAG_GAP - tagHeight : y + TAG_GAP;
    return [left, top];
  }
}

function moveTo(element, at) {
  element.style.visibility = at ? "visible" : "hidden";
  if (at) element.style.transform = `translate(${Math.round(at[0])}px, ${Math.round(at[1])}px)`;
}

/** A ring with four ticks, in the model's accent over a halo. */
function makeCross() {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "probe");
  svg.setAttribute("viewBox", "-17 -17 34 34");
  for (const layer of ["halo", "line"]) {
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("class", layer);
    path.setAttribute("d", CROSS);
    svg.append(path);
  }
  return svg;
}
