/**
 * The panel of paths: stops chosen on the map, what lies between them in three ways, and files of it.
 */

import { make } from "../kit/elements.js";
import { morphGif, nameOf, save, stripPng } from "./film.js";
import { positionsOf } from "./interpolation.js";
import { generator } from "../kit/noise.js";
import { Path } from "./path.js";
import { headMarks, routeMarks } from "./path_marks.js";
import { RowView } from "./path_row.js";
import { StopList } from "./path_stops.js";
import { Player } from "./player.js";
import { pictureAt } from "../main/probe.js";

const REACH = 12; // pixels within which a click means a picture
const REACH_TOUCH = 22;
const EXAMPLE_SEED = 3;

export class Paths {
  title = "Paths";
  shortcut = "p";

  constructor() {
    this.path = new Path({});
    this.views = [];
    this.queue = Promise.resolve();
    this.route = { a: [], b: [] };
    this.shown = { a: [], b: [] };
    this.pointer = { pick: (which, x, y, isTouch) => this.#pick(which, x, y, isTouch) };
    this.#build();
  }

  /** @param {import("../main/stage.js").Stage} stage */
  show(stage) {
    this.stage = stage;
    const { points } = stage;
    const isNew = points !== this.points;
    const old = this.path;
    this.points = points;
    this.path = new Path(stage.models);
    if (!isNew) this.path.take(old);
    this.stopList.show(points);
    const [toggle, seek] = [() => this.#changed(), (share) => this.player.seek(share * this.path.legs)];
    this.views = this.path.rows.map((row) => new RowView(row, toggle, seek));
    this.film.replaceChildren(...this.views.map((view) => view.element));
    if (isNew) {
      this.random = generator(EXAMPLE_SEED);
      this.hasBegun = false;
    }
    this.#changed();
  }

  /** When the tab is first opened: an example, so that there is something to see. */
  #begin() {
    this.hasBegun = true;
    const { labels, classNames } = this.points;
    this.#addOfClass(labels ? 0 : null);
    this.#addOfClass(labels ? classNames.length - 1 : null);
    this.#soon(() => {
      this.isExample = true;
      this.#changed();
    });
  }

  /** Before each frame is drawn while the tab is open. */
  prepare() {
    if (!this.hasBegun) this.#begin();
    if (this.isStale) this.#restock();
    this.player.advance();
    const { position } = this.player;
    if (!this.path.stops.length || this.painted === position) return;
    this.painted = position;
    for (const view of this.views) if (view.isOn) view.paint(this.path.picture(view.row, position));
    this.#placeMarks();
  }

  /** @param {import("../main/probe.js").Probe} probe */
  update(probe) {
    this.stopList.update(probe);
  }

  leave() {
    this.player.play(false);
  }

  marks(which) {
    return this.shown[which];
  }

  key(event) {
    if (event.target.closest?.("button, input, select")) return false;
    if (event.key === " ") this.player.play(!this.player.isPlaying);
    else if (event.key === "Backspace") this.#remove(this.path.stops.length - 1);
    else return false;
    event.preventDefault();
    return true;
  }

  // Stops

  /** A picture that is none of the map's, such as a drawn one. @param {Float32Array} pixels */
  addPixels(pixels) {
    this.hasBegun = true; // there is no need of an example
    this.#soon(() => this.#add((path) => path.addPixels(pixels)));
  }

  #addPicture(index) {
    this.#soon((points) => this.#addNow(index, points));
  }

  /** In the order of the clicks, though pictures may arrive in another. */
  #soon(act) {
    const { points } = this;
    const isStill = () => points === this.points;
    this.queue = this.queue.then(() => isStill() && act(points)).catch((e) => this.stage.complain(e));
  }

  async #addNow(index, points) {
    const pixels = await points.sheets.pixels(index);
    if (points === this.points) this.#add((path) => path.addPicture(index, pixels));
  }

  #addOfClass(label) {
    this.#soon((points) => {
      const { labels, n } = points;
      const taken = new Set(this.path.stops.map((stop) => stop.index));
      const isMeant = (i) => !taken.has(i) && (label === null || labels[i] === label);
      const choice = Array.from({ length: n }, (_, i) => i).filter(isMeant);
      if (!choice.length) return null;
      return this.#addNow(choice[Math.floor(this.random() * choice.length)], points);
    });
  }

  #pick(which, x, y, isTouch) {
    if (!this.stopList.isAdding) return false;
    const { map, dim } = this.stage.models[which];
    const reach = this.stage.maps.unitsOf(which, isTouch ? REACH_TOUCH : REACH);
    const index = pictureAt(map.tree, x, y, reach);
    if (index !== null) this.#addPicture(index);
    else {
      const z = new Float32Array(dim);
      const isSupported = map.inverse.toLatent(x, y, this.stage.probe.anchor(which), z);
      if (isSupported) this.#soon(() => this.#add((path) => path.addLatent(which, z, [x, y])));
    }
    return true;
  }

  /** A first stop of one's own takes the example's place. */
  #add(change) {
    if (this.isExample) this.#clear();
    change(this.path);
    this.#changed();
  }

  #remove(i) {
    this.path.stops.splice(i, 1);
    this.isExample = false;
    this.#changed();
  }

  #clear() {
    this.path.stops.length = 0;
    this.isExample = false;
    this.#changed();
  }

  #changed() {
    this.isStale = true;
    this.stage?.redraw();
  }

  /** After the stops, the models, the rows or the room have changed. */
  #restock() {
    this.isStale = false;
    const { path, points } = this;
    this.painted = null;
    this.player.setLegs(path.legs);
    this.stopList.fill(path.stops, points, Boolean(this.isExample));
    this.#enable();
    const isPair = Boolean(path.models.b);
    const n = this.#rowsOn().length;
    for (const view of this.views) {
      view.setRoom(points.imageShape, this.film, n, path.stops.length);
      view.setName(nameOf(view.row, isPair));
      if (!view.isOn) continue;
      const positions = positionsOf(path.stops.length, view.columns);
      view.fill(positions.map((position) => path.picture(view.row, position).slice()));
    }
    for (const which of Object.keys(path.models)) {
      this.route[which] = routeMarks(path, which, this.#rowsOn());
    }
    this.#placeMarks();
  }

  #rowsOn() {
    return this.views.filter((view) => view.isOn).map((view) => view.row);
  }

  #placeMarks() {
    for (const which of Object.keys(this.path.models)) {
      const heads = headMarks(this.path, which, this.#rowsOn(), this.player.position);
      this.shown[which] = [...this.route[which], ...heads];
    }
  }

  #enable() {
    const isShort = this.path.legs === 0;
    this.film.classList.toggle("short", isShort);
    this.gif.disabled = this.png.disabled = isShort || Boolean(this.isSaving) || !this.#rowsOn().length;
  }

  // Files

  async #save(name, makeFile) {
    this.isSaving = true;
    this.#enable();
    try {
      save(await makeFile(this.path.copy(), this.#rowsOn(), this.points.imageShape), name);
      this.note.textContent = `${name} is saved.`;
    } finally {
      this.isSaving = false;
      this.#enable();
    }
  }

  #saveGif() {
    const pause = async (share) => {
      this.note.textContent = `Making the GIF: ${Math.round(100 * share)} %`;
      await new Promise((done) => setTimeout(done)); // so that the page goes on moving
    };
    this.#save("path.gif", (path, rows, shape) => morphGif(path, rows, shape, this.player.seconds, pause));
  }

  #build() {
    this.stopList = new StopList({
      addOfClass: (label) => this.#addOfClass(label),
      addPinned: () => this.#addPicture(this.stage.probe.pinned),
      remove: (i) => this.#remove(i),
      removeLast: () => this.#remove(this.path.stops.length - 1),
      clear: () => this.#clear(),
    });
    this.film = make("div", { class: "path-rows" });
    this.player = new Player(() => this.stage?.redraw());
    this.gif = make("button", { type: "button", title: "The morph as a moving picture" }, "GIF");
    this.gif.addEventListener("click", () => this.#saveGif());
    this.png = make("button", { type: "button", title: "The film strip as a picture" }, "PNG");
    this.png.addEventListener("click", () => this.#save("path.png", stripPng));
    this.note = make("p", { class: "hint", role: "status" });
    const bar = make("div", { class: "buttons morph" }, ...this.player.elements, this.gif, this.png);
    const parts = [this.stopList.element, this.film, bar, this.note];
    this.element = make("section", { class: "paths wide", "aria-label": "Paths" }, ...parts);
    new ResizeObserver(() => this.#changed()).observe(this.film);
  }
}
