/**
 * One model's map: three canvases over each other, so that hovering redraws only the top one.
 */

import { make } from "./elements.js";
import { listen } from "./gestures.js";
import * as marks from "./marks.js";
import { paintPoints, pointSize } from "./raster.js";
import { fitView, panned, toMap, zoomed } from "./view.js";

const KEY_PAN = 60; // pixels per press of an arrow
const KEY_ZOOM = 1.35;

/**
 * @typedef {object} Callbacks places on the map
 * @property {(x: number, y: number) => void} probe
 * @property {() => void} leave
 * @property {(x: number, y: number, isTouch: boolean) => void} pick
 * @property {() => void} changed something has to be drawn
 */

/**
 * @typedef {object} Marks what is drawn over the points
 * @property {import("./probe.js").Side} side
 * @property {[number, number] | null} lit place of the picture under the probe
 * @property {[number, number] | null} pinned
 * @property {string} litColour
 * @property {string} pinnedColour
 * @property {[number, number]} tagSize
 * @property {(context: CanvasRenderingContext2D, x: number, y: number) => void} paintTag
 */

export class MapView {
  /**
   * @param {"a" | "b"} which
   * @param {Callbacks} on
   */
  constructor(which, on) {
    this.which = which;
    this.on = on;
    this.title = make("span", { class: "map-title" });
    const letter = make("b", { class: "letter", "aria-hidden": "true" }, which.toUpperCase());
    this.canvases = ["axes", "points", "marks"].map((layer) => make("canvas", { class: layer }));
    const [axes, points, top] = this.canvases;
    for (const canvas of [axes, points]) canvas.setAttribute("aria-hidden", "true");
    top.tabIndex = 0;
    top.setAttribute("role", "application");
    this.top = top;
    this.plot = make("div", { class: "plot" }, ...this.canvases);
    const heading = make("header", {}, letter, this.title);
    this.element = make("section", { class: "map", "data-model": which }, heading, this.plot);
    this.content = null;
    this.drawing = null;
    this.view = null;
    this.isFitted = true; // until the visitor moves it, the view follows the panel's size
    this.isStale = true;
    this.width = this.height = 0;
    new ResizeObserver(() => this.#resize()).observe(this.plot);
    this.#listen();
  }

  /**
   * Put another map on the canvas, and show all of it.
   * @param {{xy: Float32Array, captions: string[], hasUnits: boolean, hasPrior: boolean,
   *   title: string}} content
   */
  show(content) {
    this.content = content;
    this.title.textContent = this.title.title = content.title;
    const keys = "Arrow keys pan, plus and minus zoom, 0 shows all, Enter pins, Escape unpins.";
    const label = `Latent map ${this.which.toUpperCase()}, ${content.title}. ${keys}`;
    this.top.setAttribute("aria-label", label);
    this.fit();
  }

  /** @param {import("./raster.js").Drawing} drawing */
  setDrawing(drawing) {
    this.drawing = drawing;
    this.invalidate();
  }

  /** The view in which all points are seen. */
  fit() {
    this.isFitted = true;
    this.view = this.width ? fitView(this.content.xy, this.width, this.height) : null;
    this.fitted = this.view;
    this.invalidate();
  }

  /** Points and axes have to be drawn again. */
  invalidate() {
    this.isStale = true;
    this.on.changed();
  }

  /** Length on the map of so many pixels. @param {number} pixels */
  unitsOf(pixels) {
    return this.view ? pixels / this.view.scale : 0;
  }

  /** Draw what is stale. Returns whether there was anything to draw on. */
  draw(theme, shown) {
    if (!this.view || !this.drawing) return false;
    if (this.isStale) this.#drawBase(theme);
    this.isStale = false;
    this.#drawMarks(theme, shown);
    return true;
  }

  #drawBase(theme) {
    const frame = this.#clear(this.canvases[0], theme);
    if (this.content.hasUnits) marks.drawGrid(frame);
    const ratio = this.ratio;
    const place = {
      scale: this.view.scale * ratio,
      left: (this.width / 2 - this.view.x * this.view.scale) * ratio,
      top: (this.height / 2 + this.view.y * this.view.scale) * ratio,
    };
    const magnification = this.view.scale / this.fitted.scale;
    const size = pointSize(this.drawing.colours.length, magnification, ratio);
    const { width, height } = this.canvases[1];
    paintPoints(this.words, width, height, this.drawing, place, size);
    this.canvases[1].getContext("2d").putImageData(this.image, 0, 0);
  }

  #drawMarks(theme, shown) {
    const frame = this.#clear(this.top, theme);
    if (this.content.hasPrior) marks.drawPrior(frame);
    if (this.content.hasUnits) marks.drawNumbers(frame);
    marks.drawCaptions(frame, this.content.captions);
    const accent = this.which === "a" ? theme.accentA : theme.accentB;
    if (shown.pinned) marks.drawPoint(frame, shown.pinned, shown.pinnedColour, 7);
    const { place, isSupported } = shown.side;
    if (shown.lit) marks.drawPoint(frame, shown.lit, shown.litColour, 5);
    if (place) marks.drawProbe(frame, place, accent, isSupported);
    if (shown.lit) marks.drawTag(frame, shown.lit, shown.tagSize, shown.litColour, shown.paintTag);
  }

  #clear(canvas, theme) {
    const context = canvas.getContext("2d");
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    context.clearRect(0, 0, this.width, this.height);
    return { context, width: this.width, height: this.height, view: this.view, theme };
  }

  #resize() {
    const { clientWidth, clientHeight } = this.plot;
    const ratio = window.devicePixelRatio || 1;
    if (!clientWidth || !clientHeight) return;
    [this.width, this.height, this.ratio] = [clientWidth, clientHeight, ratio];
    for (const canvas of this.canvases) {
      canvas.width = Math.round(clientWidth * ratio);
      canvas.height = Math.round(clientHeight * ratio);
    }
    const { width, height } = this.canvases[1];
    this.image = new ImageData(width, height);
    this.words = new Uint32Array(this.image.data.buffer);
    if (this.content) {
      const kept = this.isFitted ? null : this.view;
      this.fit();
      if (kept) [this.view, this.isFitted] = [kept, false];
    }
    this.invalidate();
  }

  #listen() {
    const at = (x, y) => toMap(this.view, this.width, this.height, x, y);
    const move = (view) => {
      this.view = view;
      this.isFitted = false;
      this.invalidate();
    };
    const zoomTo = (factor, x, y) =>
      move(zoomed(this.view, this.fitted, factor, this.width, this.height, x, y));
    const whenShown = (act) => (...given) => (this.view ? act(...given) : undefined);
    listen(this.top, {
      hover: whenShown((x, y) => this.on.probe(...at(x, y))),
      leave: whenShown(() => this.on.leave()),
      click: whenShown((x, y, isTouch) => this.on.pick(...at(x, y), isTouch)),
      pan: whenShown((dx, dy) => move(panned(this.view, dx, dy))),
      zoom: whenShown(zoomTo),
      key: whenShown((key) => this.#key(key, move, zoomTo)),
    });
  }

  /** Keys move the map under a probe that stays in its middle. */
  #key(key, move, zoomTo) {
    const pans = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    const middle = () => this.on.probe(this.view.x, this.view.y);
    if (key in pans) {
      move(panned(this.view, KEY_PAN * pans[key][0], KEY_PAN * pans[key][1]));
      middle();
    } else if (key === "+" || key === "=" || key === "-") {
      zoomTo(key === "-" ? 1 / KEY_ZOOM : KEY_ZOOM, this.width / 2, this.height / 2);
    } else if (key === "0" || key === "f") this.fit();
    else if (key === "Enter") this.on.pick(this.view.x, this.view.y, false);
    else return false;
    return true;
  }
}
