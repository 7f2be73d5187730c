/**
 * The stage: maps, read-out and panels around one probe, drawn at most once a frame.
 */

import { make, makeButton } from "../kit/elements.js";
import { Corner } from "./corner.js";
import { EpochBar } from "../map/epoch_bar.js";
import { handleOf } from "./handle.js";
import { loadEpoch } from "./load.js";
import { loadAll } from "./loading.js";
import { MapView } from "../map/map.js";
import { Maps } from "./maps.js";
import { PANELS } from "./panel_list.js";
import { Panels } from "./panels.js";
import { pictureAt, Probe, refresh } from "./probe.js";
import { shuffledOrder } from "../map/raster.js";
import { Readout } from "./readout.js";
import { selectWithin } from "../pictures/selection.js";
import { SelectionPanel } from "../pictures/selection_panel.js";
import { SelectionTool } from "../pictures/selection_tool.js";
import { isDark, readTheme, watchTheme } from "../kit/theme.js";
import { Toolbar } from "./toolbar.js";
import { Voice } from "./voice.js";

const REACH = 12; // pixels within which a picture counts as being under the pointer
const REACH_TOUCH = 22; // a finger is wider
const NO_MARKS = [];

export class Stage {
  /**
   * @param {HTMLElement} parent
   * @param {string} styles address of the style sheet
   */
  constructor(parent, styles) {
    this.stats = { decodes: 0, draws: 0, lastDrawMs: 0, lastDecodeMs: 0 };
    this.onTold = () => {};
    /** @type {import("./loading.js").Models} after the epochs that are shown */
    this.models = {};
    /** @type {import("./loading.js").Models} after their last epochs */
    this.loaded = {};
    this.maps = new Maps((which) => this.#makeView(which));
    /** @type {Partial<Record<"a" | "b", EpochBar>>} */
    this.epochBars = {};
    /** @type {import("../pictures/selection.js").Selection | null} */
    this.selection = null;
    this.#build(parent, styles);
  }

  // For panels: `points`, `models`, `probe`, `selection` and `maps` to be read, and these to act.

  /** Have the next frame drawn. Whatever changes what is seen calls this, as often as it likes. */
  redraw() {
    this.frame ??= requestAnimationFrame(() => this.#drawFrame());
  }

  /**
   * Look somewhere else: the probe is changed and the next frame decodes what it then holds.
   * @param {(probe: Probe) => void} change such as `(probe) => probe.setLatent("a", z)`
   */
  look(change) {
    this.pending = null;
    change(this.probe);
    this.redraw();
  }

  /** Pin a picture, or none. @param {number | null} index */
  pin(index) {
    this.look((probe) => {
      probe.pinned = index;
      if (index !== null) probe.moveToPicture(index);
    });
    if (index !== null) this.tell("picked", { index });
  }

  /** Select pictures, or none. @param {import("../pictures/selection.js").Selection | null} selection */
  select(selection) {
    const found = selection?.indices.length ? selection : null;
    if (!found && !this.selection) return;
    this.selection = found;
    this.#colour();
    this.panels.show(this);
    if (this.selection) this.panels.choose(this.panels.panels.find((p) => p instanceof SelectionPanel));
    this.tell("selected", this.selection && this.#describeSelection());
  }

  /** The selection as what was drawn, on which map of which pictures. */
  #describeSelection() {
    const { which, polygon } = this.selection;
    const { kind } = this.models[which].map.spec;
    const { run } = this.loaded[which].spec;
    return { run, kind, epoch: this.epochBars[which].epoch, n: this.points.n, polygon };
  }

  /** A point's colour as CSS. @param {number} index */
  cssOf(index) {
    const word = this.colours[index];
    return `rgb(${word & 255} ${(word >> 8) & 255} ${(word >> 16) & 255})`;
  }

  /** Set a value of the component in Python, which runs the page again. */
  tell(name, value) {
    this.onTold(name, value);
  }

  /** Say in the stage what went wrong. @param {Error} error whose message is a sentence */
  complain(error) {
    this.voice.complain(error);
  }

  // The stage itself.

  /** Show what Python sent, keeping what has not changed. @param {any} data */
  show(data) {
    this.#applyTheme();
    this.root.style.setProperty("--stage-height", `${data.height ?? 620}px`);
    const wanted = JSON.stringify([data.points, data.a, data.b]);
    this.#setLayout(data);
    this.#openPanel(data.panel ?? null);
    if (wanted === this.wanted) return;
    this.wanted = wanted;
    this.root.dataset.ready = "false";
    const loading = this.#load(data, wanted);
    this.root.__stage.ready = loading;
    loading.catch((error) => {
      if (wanted !== this.wanted) return;
      this.body.hidden = true; // no map that belongs to another run
      this.complain(error);
    });
  }

  async #load(data, wanted) {
    this.voice.say(`Loading ${data.a.title}${data.b ? ` and ${data.b.title}` : ""} …`);
    this.body.hidden = false;
    const loading = loadAll(data, this.points, this.loaded);
    const [{ points, models, isNew, whyNoB }] = await Promise.all([loading, this.styled]);
    if (wanted !== this.wanted) return; // another rerun asked for something else meanwhile
    this.spec = data.points;
    points.sheets.onLoad = () => this.redraw();
    points.sheets.onFail = (error) => this.complain(error);
    this.#place(points, models, isNew);
    this.voice.say("");
    if (whyNoB ?? points.sheets.failure) this.complain(whyNoB ?? points.sheets.failure);
    await new Promise((done) => (this.afterFrame = done));
    this.root.dataset.ready = "true";
    points.sheets.prepare();
  }

  /** Put loaded models on the stage. */
  #place(points, loaded, isNew) {
    const pinned = isNew ? null : this.probe?.pinned ?? null;
    const [before, oldZ] = [this.models, this.probe?.sides.a?.z];
    this.points = points;
    this.loaded = loaded;
    if (isNew) [this.order, this.selection] = [shuffledOrder(points.n), null]; // of other pictures
    this.models = {};
    for (const [which, model] of Object.entries(loaded)) {
      this.models[which] = this.#epochBar(which).show(model);
    }
    const isSameA = !isNew && before.a?.decode === this.models.a.decode;
    this.probe = new Probe(this.models);
    this.probe.pinned = pinned;
    if (pinned !== null) this.probe.moveToPicture(pinned);
    else if (isSameA) this.probe.setLatent("a", oldZ);
    this.maps.place(this.models, before, points);
    this.root.classList.toggle("pair", Boolean(loaded.b));
    this.root.classList.remove("empty");
    this.readout.show(points.imageShape, Boolean(loaded.b));
    this.corner.show(points.imageShape, Boolean(loaded.b));
    this.isQuiet = true; // the colours are worked out once, for all that has changed
    this.toolbar.show(points, loaded);
    this.isQuiet = false;
    this.#colour();
    this.panels.show(this);
  }

  #epochBar(which) {
    return (this.epochBars[which] ??= new EpochBar(
      (model) => this.#goTo(which, model),
      (epoch, base) => loadEpoch(epoch, base, this.spec),
      (error) => this.complain(error),
    ));
  }

  /** Show another epoch of a side's run: its points move, and it decodes with those weights. */
  #goTo(which, model) {
    const from = this.models[which].map.xy;
    this.models[which] = model;
    this.probe.replace(which, model);
    this.maps.move(which, from);
    this.panels.show(this);
    this.redraw();
  }

  #makeView(which) {
    const view = new MapView(which, {
      probe: (x, y) => this.#moveTo(which, x, y),
      point: (x, y) => this.corner.point(view.plot, x, y),
      leave: () => {
        this.corner.leave();
        if (this.probe.pinned === null) return; // the last place under the pointer stays
        this.pending = null;
        this.probe.rest();
        this.redraw();
      },
      pick: (x, y, isTouch) => this.#pick(which, x, y, isTouch),
      grab: (x, y, event) =>
        this.panels.open.pointer?.grab?.(which, x, y, event) ??
        this.selectionTool.grab(which, x, y, event),
      changed: () => this.redraw(),
    });
    view.element.append(this.#epochBar(which).element);
    return view;
  }

  /** The pointer is here; the next frame decodes it. Of several in one frame the last counts. */
  #moveTo(which, x, y) {
    this.pending = [which, x, y];
    this.redraw();
  }

  #pick(which, x, y, isTouch) {
    if (this.panels.open.pointer?.pick?.(which, x, y, isTouch)) return;
    const reach = this.maps.unitsOf(which, isTouch ? REACH_TOUCH : REACH);
    const index = pictureAt(this.models[which].map.tree, x, y, reach);
    this.pin(index === this.probe.pinned ? null : index);
  }

  #colour() {
    if (this.isQuiet || !this.probe) return;
    this.colours = this.toolbar.colours();
    const [ofLegend, mask] = [this.toolbar.filter(), this.selection?.mask];
    const isLit = mask ? (i) => mask[i] === 1 && (!ofLegend || ofLegend(i)) : ofLegend;
    this.maps.colour({ colours: this.colours, order: this.order, isLit });
  }

  #drawFrame() {
    this.frame = null;
    if (!this.probe) return;
    this.maps.step();
    if (this.pending) {
      const [which, x, y] = this.pending;
      this.pending = null;
      if (this.probe.sides[which]) {
        this.probe.moveTo(which, x, y, this.maps.unitsOf(which, REACH));
      }
    }
    this.panels.prepare(this.probe);
    this.#decode();
    const began = performance.now();
    const marksOf = (which) =>
      this.selectionTool.marks(which) ?? this.panels.open.marks?.(which) ?? NO_MARKS;
    const isDrawn = this.maps.draw(this.theme, this.probe, (index) => this.cssOf(index), marksOf);
    this.stats.lastDrawMs = performance.now() - began;
    this.stats.draws++;
    const { index } = this.probe;
    this.readout.update(this.probe, this.points, index === null ? "transparent" : this.cssOf(index));
    this.corner.update(this.probe);
    this.panels.update(this.probe);
    this.voice.speak(this.probe, this.points);
    if (isDrawn) this.afterFrame?.();
  }

  #decode() {
    const began = performance.now();
    for (const side of Object.values(this.probe.sides)) {
      if (side.isLive && refresh(side)) this.stats.decodes++;
    }
    this.stats.lastDecodeMs = performance.now() - began;
  }

  /** The panel that Python asks for; a rerun that asks for the same one leaves the visitor's. */
  #openPanel(title) {
    if (title === this.askedPanel) return;
    this.askedPanel = title;
    if (title !== null) this.panels.choose(this.panels.find(title));
  }

  #setLayout(data) {
    const isSliders = data.view === "sliders" || data.a.latent_dim > 2;
    this.root.dataset.view = isSliders ? "sliders" : "map";
  }

  #applyTheme() {
    this.root.dataset.theme = isDark(this.root) ? "dark" : "light";
    this.theme = readTheme(this.root, this.maps.element);
    this.maps.invalidate();
  }

  /** Pictures in place of points, or points again. */
  #toggleManifold() {
    const isOn = this.manifoldButton.getAttribute("aria-pressed") !== "true";
    this.manifoldButton.setAttribute("aria-pressed", String(isOn));
    this.root.classList.toggle("manifolds", isOn);
    this.maps.turnManifolds(isOn);
    this.redraw();
  }

  #build(parent, styles) {
    this.selectionTool = new SelectionTool(
      (which, polygon) => this.select(selectWithin(which, this.models[which].map.xy, polygon)),
      () => this.redraw(),
    );
    const fit = makeButton("Fit", "Show all points. Key: 0", () => this.maps.fit());
    this.manifoldButton = makeButton("Grid", "What every place decodes to. Key: G", () =>
      this.#toggleManifold(),
    );
    this.manifoldButton.setAttribute("aria-pressed", "false");
    this.toolbar = new Toolbar(
      () => this.#colour(),
      (error) => this.complain(error),
      this.manifoldButton,
      this.selectionTool.element,
      fit,
    );
    this.readout = new Readout();
    this.corner = new Corner(this.readout.row, () => this.redraw());
    this.panels = new Panels(PANELS.map((Panel) => new Panel()), () => this.redraw());
    this.voice = new Voice();
    const panel = make("div", { class: "panel" }, this.readout.element, this.panels.element);
    this.body = make("div", { class: "body" }, this.toolbar.element, this.maps.element, panel);
    this.root = make("div", { class: "stage empty" }, ...this.voice.elements, this.body);
    this.root.__stage = handleOf(this);
    const style = make("link", { rel: "stylesheet", href: styles });
    this.styled = new Promise((done) => (style.onload = style.onerror = () => done()));
    this.styled.then(() => this.#applyTheme());
    parent.append(style, this.root);
    this.root.addEventListener("keydown", (event) => this.#key(event));
    watchTheme(this.root, () => this.#applyTheme());
  }

  #key(event) {
    if (!this.probe) return;
    if (event.target.matches("select, input:not([type='range'])")) return; // typed there
    if (this.panels.key(event) || event.defaultPrevented) return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && this.selection) this.select(null);
    else if (event.key === "Escape" && this.probe.pinned !== null) this.pin(null);
    else if (event.key === "g") this.#toggleManifold();
    else this.selectionTool.key(event.key);
  }
}
