/**
 * A way through latent space from stop to stop, beside the blend of the pixels.
 */

import { along, spherical, straight } from "./interpolation.js";

/** @typedef {"a" | "b"} Which */

/**
 * @typedef {object} Stop
 * @property {number | null} index of a picture on the map; null of any other picture or place
 * @property {Float32Array} pixels (C, H, W); of a place that is no picture, what is decoded there
 * @property {Partial<Record<Which, Float32Array>>} latents of each model
 * @property {{which: Which, map: string, place: [number, number]}} [clicked] of a place that is no
 *   picture: where that was
 */

/**
 * @typedef {object} Row one way to go
 * @property {"straight" | "spherical" | "blend"} kind
 * @property {Which | null} which model decodes it; null of the pixels' blend
 */

export const MOST_STOPS = 8; // as many as a film strip has frames beside each other

export class Path {
  /** @type {Stop[]} */
  stops = [];

  /** @param {Partial<Record<Which, import("../main/load.js").Model>>} models */
  constructor(models) {
    this.models = models;
    this.ways = Object.fromEntries(
      Object.entries(models).map(([which, { simplex }]) => [which, spherical(simplex)]),
    );
  }

  /** All rows of these models. @returns {Row[]} */
  get rows() {
    const decoded = /** @type {Which[]} */ (Object.keys(this.models)).flatMap((which) => [
      { kind: "straight", which },
      { kind: "spherical", which },
    ]);
    return [...decoded, { kind: "blend", which: null }];
  }

  /** Legs from stop to stop. */
  get legs() {
    return Math.max(0, this.stops.length - 1);
  }

  /** A picture of the map. @param {number} index @param {Float32Array} pixels of the original */
  addPicture(index, pixels) {
    this.#add({ index, pixels, latents: this.#each((model) => model.latents.row(index)) });
  }

  /** Any other picture: each model encodes it. @param {Float32Array} pixels (C, H, W) */
  addPixels(pixels) {
    this.#add({ index: null, pixels, latents: this.#each((model) => model.encode(pixels)) });
  }

  /**
   * A place of one model. The picture it decodes there stands in for an original, in the blend
   * of the pixels and to be encoded by the other model.
   * @param {Which} which
   * @param {Float32Array} z is kept
   * @param {[number, number]} place on that model's map
   */
  addLatent(which, z, place) {
    const model = this.models[which];
    const pixels = model.decode(z).slice();
    const latents = this.#each((other) => (other === model ? z : other.encode(pixels)));
    this.#add({ index: null, pixels, latents, clicked: { which, map: model.map.spec.url, place } });
  }

  /** The same stops with other models. @param {Path} old of the same pictures */
  take(old) {
    for (const stop of old.stops) {
      const latents = this.#each((model, which) => {
        const isKept = old.models[which]?.spec.program === model.spec.program;
        if (isKept) return stop.latents[which];
        return stop.index === null ? model.encode(stop.pixels) : model.latents.row(stop.index);
      });
      this.#add({ ...stop, latents });
    }
  }

  /** As it is now, while this one may change. */
  copy() {
    return Object.assign(new Path(this.models), { stops: [...this.stops] });
  }

  #add(stop) {
    if (this.stops.length < MOST_STOPS) this.stops.push(stop);
  }

  #each(make) {
    return Object.fromEntries(
      Object.entries(this.models).map(([which, model]) => [which, make(model, which)]),
    );
  }

  /**
   * Where a row is in latent space.
   * @param {Row} row of a model
   * @param {number} position 0 at the first stop, 1 at the second …
   * @returns {Float32Array}
   */
  latent({ kind, which }, position) {
    const stops = this.stops.map((stop) => stop.latents[which]);
    const z = new Float32Array(this.models[which].dim);
    along(z, stops, position, kind === "straight" ? straight : this.ways[which]);
    return z;
  }

  /**
   * What a row shows.
   * @param {Row} row
   * @param {number} position
   * @returns {Float32Array} (C, H, W); may lie in the decoder's buffer
   */
  picture(row, position) {
    if (row.which !== null) return this.models[row.which].decode(this.latent(row, position));
    const pixels = new Float32Array(this.stops[0].pixels.length);
    along(pixels, this.stops.map((stop) => stop.pixels), position, straight);
    return pixels;
  }
}
