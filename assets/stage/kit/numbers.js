/**
 * Numbers as a reader sees them, and what is to be known of a latent axis.
 */

import { normals } from "./noise.js";

/**
 * A number with the given decimals and a true minus sign.
 * @param {number} value
 * @param {number} decimals
 */
export function format(value, decimals) {
  const text = value.toFixed(decimals);
  if (!text.startsWith("-")) return text;
  return Number(text) === 0 ? text.slice(1) : `−${text.slice(1)}`;
}

/**
 * Decimals that show about three digits of a quantity with this range.
 * @param {number} range
 */
export function decimalsFor(range) {
  return range > 0 ? Math.max(0, Math.min(6, 2 - Math.floor(Math.log10(range)))) : 2;
}

/**
 * The value below which a share of the sorted values lies.
 * @param {Float32Array} sorted
 * @param {number} share
 */
export function quantile(sorted, share) {
  const at = share * (sorted.length - 1);
  const low = Math.floor(at);
  const high = Math.min(low + 1, sorted.length - 1);
  return sorted[low] + (sorted[high] - sorted[low]) * (at - low);
}

// Quantiles from this many points are within half a per cent of rank of those from all of them.
const QUANTILE_SAMPLE = 4096;

function sampleStride(n) {
  return Math.max(1, Math.floor(n / QUANTILE_SAMPLE));
}

/**
 * A sorted sample of one column, evenly strided.
 * @param {Float32Array} values (N, columns)
 * @param {number} columns
 * @param {number} column
 * @returns {Float32Array}
 */
export function sortedSample(values, columns, column) {
  const n = values.length / columns;
  const stride = sampleStride(n);
  const sample = new Float32Array(Math.ceil(n / stride));
  for (let i = 0; i < sample.length; i++) sample[i] = values[i * stride * columns + column];
  return sample.sort();
}

const TAIL = 0.005; // share of points outside an axis's range, on each side

/** One latent axis over the points. How they are distributed is worked out when it is asked for. */
export class Axis {
  /** @type {Float32Array | undefined} */
  #sample;

  /**
   * @param {number} index counted from 0
   * @param {string} name z1, z2, …
   * @param {number} mean
   * @param {number} deviation standard deviation of the points, posterior means where there are any
   * @param {number} sigma of the posteriors; 0 where there are none
   * @param {import("../network/latents.js").Latents} latents
   */
  constructor(index, name, mean, deviation, sigma, latents) {
    Object.assign(this, { index, name, mean, deviation, sigma, latents });
  }

  /** Sorted draws of the aggregate posterior: of some points, each as wide as its posterior. */
  get sample() {
    return (this.#sample ??= this.#draw().sort());
  }

  #draw() {
    const { latents, index, sigma } = this;
    const values = latents.column(index, sampleStride(latents.n));
    if (!sigma) return values;
    const epsilon = normals(values.length, index);
    return values.map((value, i) => value + sigma * epsilon[i]);
  }

  /** The 0.5 % quantile. */
  get low() {
    return quantile(this.sample, TAIL);
  }

  /** The 99.5 % quantile. */
  get high() {
    return quantile(this.sample, 1 - TAIL);
  }
}

/**
 * Every axis in its own order.
 * @param {import("../network/latents.js").Latents} latents
 * @param {string[]} [names] z1, z2, … unless given
 * @param {number[]} [sigmas] of the posteriors, where there are any
 * @returns {Axis[]}
 */
export function describeAxes(latents, names, sigmas) {
  const { n, dim } = latents;
  const means = new Float64Array(dim);
  const squares = new Float64Array(dim);
  const scratch = new Float32Array(dim);
  for (let i = 0; i < n; i++) {
    const row = latents.row(i, scratch);
    for (let k = 0; k < dim; k++) means[k] += row[k];
  }
  for (let k = 0; k < dim; k++) means[k] /= n;
  for (let i = 0; i < n; i++) {
    const row = latents.row(i, scratch);
    for (let k = 0; k < dim; k++) squares[k] += (row[k] - means[k]) ** 2;
  }
  return Array.from({ length: dim }, (_, index) => {
    const name = names?.[index] ?? `z${index + 1}`;
    const deviation = Math.sqrt(squares[index] / n);
    return new Axis(index, name, means[index], deviation, sigmas?.[index] ?? 0, latents);
  });
}
