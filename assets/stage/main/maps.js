/**
 * The maps of one or two models side by side: their points in their colours, and what stands over
 * them.
 */

import { withAlpha } from "../kit/colours.js";
import { make } from "../kit/elements.js";
import { MapView } from "../map/map.js";
import { Movement } from "./movement.js";
import { arrange } from "../map/raster.js";
import { paintThumbnail } from "./readout.js";

const DIMMED = 26; // of 255: how opaque the points are that were not picked out
const TAG_PIXELS = 72; // about, the side of the thumbnail on the map

/**
 * @typedef {object} Paint how the points of all maps are drawn
 * @property {Uint32Array} colours one word per point
 * @property {Uint32Array} order in which they are drawn
 * @property {((i: number) => boolean) | null} isLit which are picked out; null: all
 */

export class Maps {
  /** @param {(which: "a" | "b") => MapView} makeView of a map that is shown for the first time */
  constructor(makeView) {
    this.makeView = makeView;
    this.element = make("div", { class: "maps" });
    /** @type {Partial<Record<"a" | "b", MapView>>} */
    this.views = {};
    this.movement = new Movement();
  }

  /**
   * Show these models' maps; what has not changed stays as it is, in the view it has.
   * @param {import("./loading.js").Models} models
   * @param {import("./loading.js").Models} before
   * @param {import("./load.js").Points} points
   */
  place(models, before, points) {
    this.models = models;
    this.points = points;
    const [, height, width] = points.imageShape;
    const multiple = Math.max(1, Math.floor(TAG_PIXELS / Math.max(height, width)));
    for (const which of ["a", "b"]) {
      const model = models[which];
      const view = (this.views[which] ??= this.makeView(which));
      if (!model) {
        view.element.remove();
        continue;
      }
      if (!view.element.isConnected) this.element.append(view.element);
      view.markers.setTagSize([width, height], multiple);
      if (before[which]?.map === model.map && view.content) continue;
      const { kind, axes } = model.map.spec;
      this.movement.finish(which);
      view.show({
        xy: model.map.xy,
        captions: axes,
        hasUnits: kind === "raw" || kind === "pca",
        hasPrior: kind === "raw" && model.hasPrior && model.dim === 2,
        title: model.spec.title,
      });
    }
  }

  /** The same pictures elsewhere on one map: they move there. @param {Float32Array} from (N, 2) */
  move(which, from) {
    const { xy } = this.models[which].map;
    this.views[which].place(xy);
    this.views[which].manifold.forget();
    this.movement.start(which, from, xy);
  }

  /** Colour the points of all maps. @param {Paint} paint */
  colour(paint) {
    this.paint = paint;
    for (const [which, { map }] of Object.entries(this.models)) this.#arrange(which, map.xy);
  }

  /** Length on a map of so many pixels. */
  unitsOf(which, pixels) {
    return this.views[which].unitsOf(pixels);
  }

  /** Show all points of every map. */
  fit() {
    for (const view of Object.values(this.views)) if (view.content) view.fit();
  }

  /** Everything has to be drawn again, as after a change of theme. */
  invalidate() {
    for (const view of Object.values(this.views)) view.invalidate();
  }

  /** Show pictures in place of points, or points again. @param {boolean} isOn */
  turnManifolds(isOn) {
    for (const view of Object.values(this.views)) view.manifold.turn(isOn);
  }

  /** Points that move take a step. */
  step() {
    for (const [which, xy] of this.movement.step(performance.now())) this.#arrange(which, xy);
  }

  /**
   * Draw what is stale, and the markers.
   * @param {import("../kit/theme.js").Theme} theme
   * @param {import("./probe.js").Probe} probe
   * @param {(index: number) => string} cssOf a point's colour
   * @param {(which: string) => import("../map/overlay.js").Mark[]} marksOf
   * @returns {boolean} whether every map had something to be drawn on
   */
  draw(theme, probe, cssOf, marksOf) {
    let isDrawn = true;
    for (const which of Object.keys(this.models)) {
      const view = this.views[which];
      const isThis = view.draw(theme, this.#shown(which, probe, cssOf), marksOf(which));
      isDrawn = isThis && isDrawn;
      if (!isThis) continue;
      const [model, anchor, { imageShape }] = [this.models[which], probe.anchor(which), this.points];
      view.manifold.follow(model, anchor, imageShape, view.view, view.width, view.height);
    }
    return isDrawn;
  }

  /** The points of one map, at these places, in their colours. */
  #arrange(which, xy) {
    const { colours, order, isLit } = this.paint;
    const dim = (word) => withAlpha(word, DIMMED);
    this.views[which].setDrawing(arrange(xy, colours, order, isLit, dim));
  }

  /** What stands over the points of one map. */
  #shown(which, probe, cssOf) {
    const { model, place, isSupported } = probe.sides[which];
    const { xy } = model.map;
    const { index, pinned } = probe;
    const placeOf = (i) => (i === null ? null : [xy[2 * i], xy[2 * i + 1]]);
    if (index !== null) paintThumbnail(this.views[which].markers.tag, this.points, index);
    return {
      probe: place,
      isSupported,
      lit: placeOf(index),
      litColour: index === null ? "" : cssOf(index),
      pinned: placeOf(pinned),
      pinnedColour: pinned === null ? "" : cssOf(pinned),
    };
  }
}
