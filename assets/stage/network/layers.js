/**
 * One function per layer, as PyTorch defines it. Each writes into `out`, so that decoding a
 * picture allocates nothing; those that keep each value's place may be given `out === x`.
 */

import { matmul } from "./matmul.js";

/**
 * out = W x + b for each row x.
 * @param {Float32Array} out (rows, n_out)
 * @param {Float32Array} x (rows, n_in)
 * @param {Float32Array} weight (n_out, n_in)
 * @param {Float32Array} bias (n_out)
 */
export function linear(out, x, weight, bias) {
  const nOut = bias.length;
  const rows = out.length / nOut;
  if (rows === 1) {
    matmul(out, weight, x, bias, nOut, 1, x.length);
    return;
  }
  matmul(out, x, weight, null, rows, nOut, x.length / rows);
  for (let at = 0; at < out.length; at += nOut) {
    for (let i = 0; i < nOut; i++) out[at + i] += bias[i];
  }
}

/** x + y. */
export function add(out, x, y) {
  for (let i = 0; i < x.length; i++) out[i] = x[i] + y[i];
}

/**
 * Each row of x shifted and scaled to mean 0 and variance 1, then weighted.
 * @param {Float32Array} out (rows, n)
 * @param {Float32Array} x (rows, n)
 * @param {Float32Array} weight (n)
 * @param {Float32Array} bias (n)
 * @param {number} eps added to the variance
 */
export function layerNorm(out, x, weight, bias, eps) {
  const n = weight.length;
  for (let at = 0; at < x.length; at += n) {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += x[at + i];
    const mean = sum / n;
    let squares = 0;
    for (let i = 0; i < n; i++) squares += (x[at + i] - mean) ** 2;
    const scale = 1 / Math.sqrt(squares / n + eps);
    for (let i = 0; i < n; i++) out[at + i] = (x[at + i] - mean) * scale * weight[i] + bias[i];
  }
}

/**
 * Each group of values becomes probabilities; what comes after the groups stays as it is.
 * @param {Float32Array} out
 * @param {Float32Array} x
 * @param {number} groups
 * @param {number} classes in each group
 */
export function softmax(out, x, groups, classes) {
  for (let at = 0; at < groups * classes; at += classes) {
    let highest = -Infinity;
    for (let i = at; i < at + classes; i++) highest = Math.max(highest, x[i]);
    let total = 0;
    for (let i = at; i < at + classes; i++) total += out[i] = Math.exp(x[i] - highest);
    for (let i = at; i < at + classes; i++) out[i] /= total;
  }
  if (out !== x) out.set(x.subarray(groups * classes), groups * classes);
}

/**
 * Where each value comes from when axes are put into another order. Done once, when loaded.
 * @param {number[]} shape before
 * @param {number[]} order the axes, first to last, by their number before
 * @returns {Uint32Array}
 */
export function permutation(shape, order) {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  let index = [0];
  for (const axis of order) {
    const along = Array.from({ length: shape[axis] }, (_, i) => i * strides[axis]);
    index = index.flatMap((from) => along.map((step) => from + step));
  }
  return Uint32Array.from(index);
}

/** Values put where `permutation` says. */
export function permute(out, x, index) {
  for (let i = 0; i < out.length; i++) out[i] = x[index[i]];
}

/**
 * The top left of each channel; what lies beyond its edge is 0.
 * @param {Float32Array} out (C, H, W)
 * @param {Float32Array} x (C, h, w)
 * @param {[number, number, number]} from (C, h, w)
 * @param {[number, number]} to (H, W)
 */
export function topLeft(out, x, [channels, height, width], [outHeight, outWidth]) {
  out.fill(0);
  const [rows, columns] = [Math.min(height, outHeight), Math.min(width, outWidth)];
  for (let channel = 0; channel < channels; channel++) {
    for (let y = 0; y < rows; y++) {
      const row = (channel * height + y) * width;
      const at = (channel * outHeight + y) * outWidth;
      for (let i = 0; i < columns; i++) out[at + i] = x[row + i];
    }
  }
}

/** max(x, 0). */
export function relu(out, x) {
  for (let i = 0; i < x.length; i++) out[i] = x[i] > 0 ? x[i] : 0;
}

/** 1 / (1 + e⁻ˣ). */
export function sigmoid(out, x) {
  for (let i = 0; i < x.length; i++) out[i] = 1 / (1 + Math.exp(-x[i]));
}

/** x · sigmoid(x). */
export function silu(out, x) {
  for (let i = 0; i < x.length; i++) out[i] = x[i] / (1 + Math.exp(-x[i]));
}

/** x cut to [0, 1]. */
export function clamp(out, x) {
  for (let i = 0; i < x.length; i++) out[i] = x[i] < 0 ? 0 : x[i] > 1 ? 1 : x[i];
}

/** x · Φ(x) with the exact normal distribution function Φ. */
export function gelu(out, x) {
  for (let i = 0; i < x.length; i++) out[i] = 0.5 * x[i] * (1 + erf(x[i] * Math.SQRT1_2));
}

/** The error function within 1.5e-7: Abramowitz & Stegun 1964, 7.1.26. */
function erf(x) {
  const t = 1 / (1 + 0.3275911 * Math.abs(x));
  const series =
    t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  const value = 1 - series * Math.exp(-x * x);
  return x < 0 ? -value : value;
}
