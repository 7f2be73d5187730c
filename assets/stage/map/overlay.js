/**
 * What panels draw over a map: lines, dots, ellipses and words, placed in the map's coordinates.
 *
 * Vector elements of their own, so that only what they cover is repainted.
 */

import { makeShape } from "../kit/elements.js";

/** @typedef {[number, number]} Place of the map */

/**
 * @typedef {object} Mark one of `line`, `dot` and `ellipse`
 * @property {Place[]} [line]
 * @property {boolean} [isClosed] the line ends where it began, and is filled faintly
 * @property {Place} [dot]
 * @property {Place} [ellipse] its centre, with
 * @property {[Place, Place]} [axes] the two half axes of it, as vectors
 * @property {string} [text] beside a dot
 * @property {string} [colour] CSS; the model's accent unless given
 * @property {string} [kind] class name
 */

const DOT = 7; // pixels
const CORNERS = 64; // of an ellipse
const TEXT_GAP = 11; // pixels

export class Overlay {
  constructor() {
    this.element = makeShape("svg", { class: "overlay", "aria-hidden": "true" });
    this.marks = null;
  }

  /**
   * @param {Mark[]} marks
   * @param {(place: Place) => Place} toScreen
   * @param {boolean} isMoved whether the same places are elsewhere on the screen
   */
  draw(marks, toScreen, isMoved) {
    if (marks === this.marks && !isMoved) return;
    if (!marks.length && !this.marks?.length) return;
    this.marks = marks;
    this.element.replaceChildren(...marks.flatMap((mark) => elementsOf(mark, toScreen)));
  }
}

function elementsOf(mark, toScreen) {
  const { dot, line, isClosed, ellipse, axes, text, colour } = mark;
  const kind = `mark ${mark.kind ?? ""}`;
  if (dot) {
    const [cx, cy] = toScreen(dot);
    const circle = makeShape("circle", { cx, cy, r: DOT, class: `${kind} dot`, style: paint("fill", colour) });
    if (!text) return [circle];
    const words = makeShape("text", { x: cx + TEXT_GAP, y: cy - TEXT_GAP / 2, class: kind });
    words.textContent = text;
    return [circle, words];
  }
  const places = ellipse ? cornersOf(ellipse, axes) : line;
  const d = places.map((place, i) => `${i ? "L" : "M"}${toScreen(place).map(Math.round).join(" ")}`);
  const isArea = Boolean(isClosed || ellipse);
  const end = isArea ? "Z" : "";
  const shape = `${kind} ${isArea ? "area" : "line"}`;
  return [makeShape("path", { d: d.join("") + end, class: shape, style: paint("stroke", colour) })];
}

function cornersOf([x, y], [[ax, ay], [bx, by]]) {
  return Array.from({ length: CORNERS }, (_, i) => {
    const angle = (2 * Math.PI * i) / CORNERS;
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    return [x + cos * ax + sin * bx, y + cos * ay + sin * by];
  });
}

function paint(property, colour) {
  return colour ? `${property}: ${colour}` : "";
}
