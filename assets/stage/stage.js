/**
 * The stage: maps, read-out and panels around one probe, drawn at most once a frame.
 */

import { withAlpha } from "./colours.js";
import { make } from "./elements.js";
import { loadCore, loadMap, loadPoints } from "./load.js";
import { MapView } from "./map.js";
import { PANELS } from "./panel_list.js";
import { Panels } from "./panels.js";
import { pictureAt, Probe } from "./probe.js";
import { arrange, shuffledOrder } from "./raster.js";
import { paintThumbnail, Readout } from "./readout.js";
import { isDark, readTheme, watchTheme } from "./theme.js";
import { Toolbar } from "./toolbar.js";
import { Voice } from "./voice.js";

const REACH = 12; // pixels within which a picture counts as being under the pointer
const REACH_TOUCH = 22; // a finger is wider
const DIMMED = 26; // of 255: how opaque the classes are that were not picked out
const NO_MARKS = [];
const TAG_PIXELS = 72; // about, the side of the thumbnail on the map

export class Stage {
  /** @param {HTMLElement} parent */
  constructor(parent) {
    this.stats = { decodes: 0, draws: 0, lastDrawMs: 0, lastDecodeMs: 0 };
    this.onTold = () => {};
    /** @type {Partial<Record<"a" | "b", import("./load.js").Model>>} */
    this.models = {};
    this.maps = {};
    this.#build(parent);
  }

  // For panels: `points`, `models`, `probe` and `maps` to be read, and these to act.

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
      if (wanted === this.wanted) this.body.hidden = true; // no map that belongs to another run
      this.#complain(error, wanted);
    });
  }

  async #load(data, wanted) {
    const isNew = this.points?.url !== data.points.url;
    this.voice.say(`Loading ${data.a.title}${data.b ? ` and ${data.b.title}` : ""} …`);
    this.body.hidden = false;
    let whyNoB = null;
    const [points, a, b] = await Promise.all([
      isNew ? loadPoints(data.points) : this.points,
      this.#loadModel(data.a, data.points, isNew),
      data.b ? this.#loadModel(data.b, data.points, isNew).catch((error) => (whyNoB = error)) : null,
      this.styled,
    ]);
    if (wanted !== this.wanted) return; // another rerun asked for something else meanwhile
    this.points = Object.assign(points, { url: data.points.url });
    this.#place(b && !whyNoB ? { a, b } : { a }, isNew);
    this.voice.say("");
    if (whyNoB) this.#complain(whyNoB, wanted);
    await new Promise((done) => (this.afterFrame = done));
    this.root.dataset.ready = "true";
    points.spriteReady.then(
      () => this.redraw(),
      (error) => this.#complain(error, wanted),
    );
  }

  /** A model and its map; what an earlier call has loaded is used again. */
  async #loadModel(spec, points, isNew) {
    const old = isNew ? null : Object.values(this.models).find((m) => same(m.spec, spec, "program"));
    const core = old ?? (await loadCore(spec, points));
    const map = old && same(old.map.spec, spec.map, "url") ? old.map : await loadMap(spec.map, core);
    return { ...core, spec, map };
  }

  /** Put loaded models on the stage. */
  #place(models, isNew) {
    const pinned = isNew ? null : this.probe?.pinned ?? null;
    const oldZ = this.probe?.sides.a?.z;
    const isSameA = !isNew && this.models.a?.spec.program === models.a.spec.program;
    if (isNew) {
      this.order = shuffledOrder(this.points.n);
      this.isQuiet = true; // its first legend must not colour maps that are not there yet
      this.toolbar.show(this.points);
      this.isQuiet = false;
    }
    const before = this.models;
    this.models = models;
    this.probe = new Probe(models);
    this.probe.pinned = pinned;
    if (pinned !== null) this.probe.moveToPicture(pinned);
    else if (isSameA) this.probe.sides.a.z.set(oldZ), this.probe.settle();
    this.#placeMaps(before);
    this.readout.show(this.points.imageShape, Boolean(models.b));
    this.#colour();
    this.panels.show(this);
  }

  #placeMaps(before) {
    const [, height, width] = this.points.imageShape;
    const multiple = Math.max(1, Math.floor(TAG_PIXELS / Math.max(height, width)));
    for (const which of ["a", "b"]) {
      const model = this.models[which];
      const map = (this.maps[which] ??= this.#makeMap(which));
      if (!model) {
        map.element.remove();
        continue;
      }
      if (!map.element.isConnected) this.mapRow.append(map.element);
      map.markers.setTagSize([width, height], multiple);
      if (before[which]?.map === model.map && map.content) continue;
      const { kind, axes } = model.map.spec;
      map.show({
        xy: model.map.xy,
        captions: axes,
        hasUnits: kind === "raw" || kind === "pca",
        hasPrior: kind === "raw" && model.hasPrior && model.dim === 2,
        title: model.spec.title,
      });
    }
    this.root.classList.toggle("pair", Boolean(this.models.b));
    this.root.classList.remove("empty");
  }

  #makeMap(which) {
    return new MapView(which, {
      probe: (x, y) => this.#moveTo(which, x, y),
      leave: () => {
        if (this.probe.pinned === null) return; // the last place under the pointer stays
        this.pending = null;
        this.probe.rest();
        this.redraw();
      },
      pick: (x, y, isTouch) => this.#pick(which, x, y, isTouch),
      grab: (x, y, event) => this.panels.open.pointer?.grab?.(which, x, y, event) ?? null,
      changed: () => this.redraw(),
    });
  }

  /** The pointer is here; the next frame decodes it. Of several in one frame the last counts. */
  #moveTo(which, x, y) {
    this.pending = [which, x, y];
    this.redraw();
  }

  #pick(which, x, y, isTouch) {
    if (this.panels.open.pointer?.pick?.(which, x, y, isTouch)) return;
    const reach = this.maps[which].unitsOf(isTouch ? REACH_TOUCH : REACH);
    const index = pictureAt(this.models[which].map.tree, x, y, reach);
    this.pin(index === this.probe.pinned ? null : index);
  }

  #colour() {
    if (this.isQuiet || !this.probe) return;
    this.colours = this.toolbar.colours();
    const [isLit, dim] = [this.toolbar.filter(), (word) => withAlpha(word, DIMMED)];
    for (const which of Object.keys(this.models)) {
      const { xy } = this.models[which].map;
      this.maps[which].setDrawing(arrange(xy, this.colours, this.order, isLit, dim));
    }
  }

  #drawFrame() {
    this.frame = null;
    if (!this.probe) return;
    if (this.pending) {
      const [which, x, y] = this.pending;
      this.pending = null;
      if (this.probe.sides[which]) {
        this.probe.moveTo(which, x, y, this.maps[which].unitsOf(REACH));
      }
    }
    this.panels.prepare(this.probe);
    this.#decode();
    const began = performance.now();
    let isDrawn = true;
    for (const which of Object.keys(this.models)) {
      const marks = this.panels.open.marks?.(which) ?? NO_MARKS;
      isDrawn = this.maps[which].draw(this.theme, this.#shown(which), marks) && isDrawn;
    }
    this.stats.lastDrawMs = performance.now() - began;
    this.stats.draws++;
    const { index } = this.probe;
    this.readout.update(this.probe, this.points, index === null ? "transparent" : this.cssOf(index));
    this.panels.update(this.probe);
    this.voice.speak(this.probe, this.points);
    if (isDrawn) this.afterFrame?.();
  }

  #decode() {
    const began = performance.now();
    for (const side of Object.values(this.probe.sides)) {
      if (!side.isLive) continue;
      side.pixels = side.model.decode(side.z);
      this.stats.decodes++;
    }
    this.stats.lastDecodeMs = performance.now() - began;
  }

  /** What stands over the points of one map. */
  #shown(which) {
    const { model, place, isSupported } = this.probe.sides[which];
    const { xy } = model.map;
    const { index, pinned } = this.probe;
    const placeOf = (i) => (i === null ? null : [xy[2 * i], xy[2 * i + 1]]);
    if (index !== null) paintThumbnail(this.maps[which].markers.tag, this.points, index);
    return {
      probe: place,
      isSupported,
      lit: placeOf(index),
      litColour: index === null ? "" : this.cssOf(index),
      pinned: placeOf(pinned),
      pinnedColour: pinned === null ? "" : this.cssOf(pinned),
    };
  }

  #complain(error, wanted) {
    if (wanted === this.wanted) this.complain(error);
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
    this.theme = readTheme(this.root, this.mapRow);
    for (const map of Object.values(this.maps)) map.invalidate();
  }

  #build(parent) {
    this.toolbar = new Toolbar(
      () => this.#colour(),
      () => Object.values(this.maps).forEach((map) => map.content && map.fit()),
    );
    this.readout = new Readout();
    this.panels = new Panels(PANELS.map((Panel) => new Panel()), () => this.redraw());
    this.mapRow = make("div", { class: "maps" });
    this.voice = new Voice();
    const panel = make("div", { class: "panel" }, this.readout.element, this.panels.element);
    this.body = make("div", { class: "body" }, this.toolbar.element, this.mapRow, panel);
    this.root = make("div", { class: "stage empty" }, ...this.voice.elements, this.body);
    this.root.__stage = this.#handle();
    const style = make("link", { rel: "stylesheet", href: new URL("stage.css", import.meta.url).href });
    this.styled = new Promise((done) => (style.onload = style.onerror = () => done()));
    this.styled.then(() => this.#applyTheme());
    parent.append(style, this.root);
    this.root.addEventListener("keydown", (event) => this.#key(event));
    watchTheme(this.root, () => this.#applyTheme());
  }

  #key(event) {
    if (!this.probe || this.panels.key(event)) return;
    if (event.key === "Escape" && this.probe.pinned !== null) this.pin(null);
  }

  /** What tests and benches may ask. */
  #handle() {
    return {
      ready: Promise.resolve(),
      stats: this.stats,
      decode: (which, z) => this.models[which].decode(z).slice(),
      encode: (which, pixels) => this.models[which].encode(pixels),
      panel: (title) => this.panels.find(title),
      probe: (which = "a") => {
        const { z, pixels } = this.probe.sides[which];
        return { z: z.slice(), pixels: pixels?.slice() ?? null };
      },
    };
  }
}

function same(one, other, key) {
  return one[key] === other[key];
}
