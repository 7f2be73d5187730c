/**
 * Where the visitor looks: one latent per model, and the picture each decodes there.
 */

import { StageError } from "../kit/errors.js";
import { isNear } from "./load.js";
import { nearestPoints } from "../map/nearest.js";

/** @typedef {"a" | "b"} Which */

/**
 * @typedef {object} Side what one model shows
 * @property {import("./load.js").Model} model
 * @property {Float32Array} z
 * @property {Float32Array | null} pixels last decoded
 * @property {{model: import("./load.js").Model, z: Float32Array} | null} decoded what they are of
 * @property {[number, number] | null} place of z on the map, if it has one
 * @property {boolean} isLive false while nothing says what this model should decode
 * @property {boolean} isSupported false where a map has no data
 */

export class Probe {
  /** @param {Partial<Record<Which, import("./load.js").Model>>} models */
  constructor(models) {
    /** @type {Partial<Record<Which, Side>>} */
    this.sides = {};
    for (const which of /** @type {Which[]} */ (Object.keys(models))) {
      const model = models[which];
      const z = model.mean.slice();
      const place = model.map.inverse.toMap(z);
      this.sides[which] = { model, z, place, pixels: null, decoded: null, isLive: true, isSupported: true };
    }
    /** @type {number | null} the picture under the probe */
    this.index = null;
    /** @type {number | null} the picture the visitor clicked */
    this.pinned = null;
  }

  /**
   * Look at a place of one model's map. The other model shows the picture that is there.
   * @param {Which} which
   * @param {number} x @param {number} y on the map
   * @param {number} reach on the map, within which a picture counts as being there
   */
  moveTo(which, x, y, reach) {
    const side = this.sides[which];
    const { map } = side.model;
    const hasLatent = map.inverse.toLatent(x, y, this.anchor(which), side.z);
    side.isSupported = hasLatent && isNear(map, x, y);
    side.place = [x, y];
    side.isLive = true;
    this.index = pictureAt(map.tree, x, y, reach);
    const other = this.sides[which === "a" ? "b" : "a"];
    if (other) this.#showPicture(other, this.index);
  }

  /** Look at one picture, in both models. @param {number} index */
  moveToPicture(index) {
    this.index = index;
    for (const side of Object.values(this.sides)) this.#showPicture(side, index);
  }

  /**
   * Look along one axis of model A, from where the probe is.
   * @param {number} axis
   * @param {number} value
   */
  setAxis(axis, value) {
    const side = this.sides.a;
    side.z[axis] = value;
    this.settle();
  }

  /** Look at a latent of one model. The other shows the pinned picture, if any. */
  setLatent(/** @type {Which} */ which, /** @type {ArrayLike<number>} */ z) {
    const { dim } = this.sides[which].model;
    if (z.length !== dim || !Array.prototype.every.call(z, Number.isFinite)) {
      const got = z.length === dim ? "others" : `${z.length} numbers`;
      throw new StageError("A latent", `${dim} finite numbers`, got, "Choose another place.");
    }
    this.sides[which].z.set(z);
    this.settle(which);
  }

  /** Look at a latent of each model, as when both encode one picture. */
  setLatents(/** @type {Partial<Record<Which, ArrayLike<number>>>} */ latents) {
    this.index = null;
    for (const [which, z] of Object.entries(latents)) {
      const side = this.sides[which];
      side.z.set(z);
      side.place = side.model.map.inverse.toMap(side.z);
      side.isLive = side.isSupported = true;
    }
  }

  /** Model A back to its anchor on every axis. */
  resetAxes() {
    const side = this.sides.a;
    side.z.set(this.anchor("a"));
    this.settle();
  }

  /** Another model, such as the same run after another epoch, where this one looks. */
  replace(/** @type {Which} */ which, /** @type {import("./load.js").Model} */ model) {
    const side = this.sides[which];
    const { place } = side;
    side.model = model;
    if (this.pinned !== null) this.#showPicture(side, this.pinned);
    else if (place && model.map.inverse.toLatent(...place, model.mean, side.z)) {
      side.isSupported = isNear(model.map, ...place);
    }
  }

  /** After the pointer has left: the pinned picture again, if there is one. */
  rest() {
    if (this.pinned !== null) this.moveToPicture(this.pinned);
  }

  /** The latent that unmoved axes keep: the pinned picture's, or the mean. @param {Which} which */
  anchor(which) {
    const { model } = this.sides[which];
    return this.pinned === null ? model.mean : latentOf(model, this.pinned);
  }

  /** After z of a model was set directly: its place on the map, and what the other shows. */
  settle(/** @type {Which} */ which = "a") {
    const side = this.sides[which];
    side.place = side.model.map.inverse.toMap(side.z);
    side.isLive = true;
    side.isSupported = !side.place || isNear(side.model.map, ...side.place);
    this.index = this.pinned;
    const other = this.sides[which === "a" ? "b" : "a"];
    if (other) this.#showPicture(other, this.pinned);
  }

  #showPicture(side, index) {
    side.isLive = index !== null;
    side.isSupported = true;
    if (index === null) {
      side.place = null;
      return;
    }
    side.z.set(latentOf(side.model, index));
    const { xy } = side.model.map;
    side.place = [xy[2 * index], xy[2 * index + 1]];
  }
}

/**
 * The picture nearest to a place, if one is within reach.
 * @returns {number | null}
 */
export function pictureAt(tree, x, y, reach) {
  const { ids, distances } = nearestPoints(tree, x, y, 1);
  return distances[0] <= reach ? ids[0] : null;
}

/** @param {import("./load.js").Core} model @param {number} index */
export function latentOf(model, index) {
  return model.latents.row(index);
}

/**
 * Decode where a side looks, unless that is what its pixels show.
 * @param {Side} side
 * @returns {boolean} whether it was decoded
 */
export function refresh(side) {
  const { model, z, decoded } = side;
  if (decoded?.model === model && z.every((value, k) => value === decoded.z[k])) return false;
  const pixels = model.decode(z); // in a buffer that panels decode into as well
  side.pixels = side.pixels?.length === pixels.length ? side.pixels : new Float32Array(pixels.length);
  side.pixels.set(pixels);
  side.decoded = { model, z: z.slice() };
  return true;
}
