/**
 * One model's map: grid, points and lettering on three canvases, and the markers over them.
 */

import { contextOf, make } from "../kit/elements.js";
import { listen } from "./gestures.js";
import { Markers } from "./markers.js";
import { Manifold } from "./manifold.js";
import { Overlay } from "./overlay.js";
import { paintPoints, pointSize } from "./raster.js";
import * as scales from "./scales.js";
import { fitView, panned, toMap, toScreen, zoomed } from "./view.js";

const KEY_PAN = 60; // pixels per press of an arrow
const KEY_ZOOM = 1.35;

/**
 * @typedef {object} Callbacks places on the map
 * @property {(x: number, y: number) => void} probe
 * @property {(x: number, y: number) => void} point where the pointer is, in pixels of the plot
 * @property {() => void} leave
 * @property {(x: number, y: number, isTouch: boolean) => void} pick
 * @property {() => void} changed something has to be drawn
 * @property {(x: number, y: number, event: PointerEvent) =>
 *   import("./gestures.js").Grip | null} grab a press that may be the start of a drag
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
    this.canvases = ["grid", "points", "letters"].map((layer) => make("canvas", { class: layer }));
    const [grid, points, top] = this.canvases;
    for (const canvas of [grid, points]) canvas.setAttribute("aria-hidden", "true");
    top.tabIndex = 0;
    top.setAttribute("role", "application");
    this.top = top;
    this.markers = new Markers();
    this.overlay = new Overlay();
    this.manifold = new Manifold();
    const over = [this.overlay.element, this.markers.element];
    const layers = [grid, this.manifold.canvas, points, top, ...over];
    this.plot = make("div", { class: "plot" }, ...layers);
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

  /** The same points at other places, in the view that is shown. @param {Float32Array} xy */
  place(xy) {
    this.content.xy = xy;
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

  /**
   * Draw what is stale, and put the markers where they belong.
   * @param {import("../kit/theme.js").Theme} theme
   * @param {import("./markers.js").Shown} shown with places on the map, not on the screen
   * @param {import("./overlay.js").Mark[]} marks
   * @returns {boolean} whether there was anything to draw on
   */
  draw(theme, shown, marks) {
    if (!this.view || !this.drawing) return false;
    const wasStale = this.isStale;
    if (wasStale) {
      this.#drawGrid(theme);
      this.#drawPoints();
      this.#drawLetters(theme);
    }
    this.isStale = false;
    const { view, width, height } = this;
    const at = (place) => place && toScreen(view, width, height, place[0], place[1]);
    const [probe, lit, pinned] = [shown.probe, shown.lit, shown.pinned].map(at);
    this.markers.place({ ...shown, probe, lit, pinned }, width, height);
    this.overlay.draw(marks, at, wasStale);
    return true;
  }

  #drawGrid(theme) {
    const frame = this.#clear(this.canvases[0], theme);
    if (this.content.hasUnits) scales.drawGrid(frame);
  }

  #drawPoints() {
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
    contextOf(this.canvases[1]).putImageData(this.image, 0, 0);
  }

  #drawLetters(theme) {
    const frame = this.#clear(this.top, theme);
    if (this.content.hasPrior) scales.drawPrior(frame);
    if (this.content.hasUnits) scales.drawNumbers(frame);
    scales.drawCaptions(frame, this.content.captions);
  }

  #clear(canvas, theme) {
    const context = contextOf(canvas);
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
      hover: whenShown((x, y) => {
        this.on.probe(...at(x, y));
        this.on.point(x, y);
      }),
      leave: whenShown(() => this.on.leave()),
      click: whenShown((x, y, isTouch) => this.on.pick(...at(x, y), isTouch)),
      pan: whenShown((dx, dy) => move(panned(this.view, dx, dy))),
      zoom: whenShown(zoomTo),
      key: whenShown((key) => this.#key(key, move, zoomTo)),
      grab: (x, y, event) => this.#grip(x, y, event, at),
    });
  }

  /** A drag that is not the map's own, told in places of the map. */
  #grip(x, y, event, at) {
    const grip = this.view && this.on.grab(...at(x, y), event);
    return grip ? { ...grip, move: (toX, toY) => grip.move(...at(toX, toY)) } : null;
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
