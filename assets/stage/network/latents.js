/**
 * The latents of all pictures, as numbers or as the codes that name their vectors.
 */

import { StageError } from "../kit/errors.js";
import { float32FromFloat16 } from "./float16.js";

/**
 * @typedef {object} Latents
 * @property {number} n pictures
 * @property {number} dim D
 * @property {(picture: number, scratch?: Float32Array) => Float32Array} row one picture's latent,
 *   to be read only; may lie in the scratch (D), if one is given
 * @property {(axis: number, stride: number) => Float32Array} column values on one axis, of every
 *   so many pictures
 */

/**
 * @param {ArrayBuffer} buffer float32 (N, D); of a discrete VAE float16, of a VQ-VAE uint16 (N, cells)
 * @param {any} program the header
 * @param {Float32Array} weights of the whole program
 * @param {number} n pictures
 * @param {string} thing whose latents these are, for the message
 * @param {string} remedy
 * @returns {Latents}
 */
export function readLatents(buffer, program, weights, n, thing, remedy) {
  const { codes, latent_dim: dim } = program;
  const simplex = simplexOf(program.encoder);
  const expected = n * (codes ? 2 * codes.cells : (simplex ? 2 : 4) * dim);
  if (buffer.byteLength !== expected) {
    throw new StageError(thing, `${expected} bytes long`, `${buffer.byteLength} bytes`, remedy);
  }
  if (simplex) return ofNumbers(normalised(float32FromFloat16(buffer), dim, simplex), dim);
  if (!codes) return ofNumbers(new Float32Array(buffer), dim);
  const indices = new Uint16Array(buffer);
  const bad = indices.findIndex((code) => code >= codes.n_codes);
  if (bad >= 0) {
    const rule = `codes below ${codes.n_codes}`;
    throw new StageError(thing, rule, `${indices[bad]} at ${bad}`, remedy);
  }
  const [offset, count] = codes.weight;
  return ofCodes(indices, codes.cells, weights.subarray(offset, offset + count), codes.code_dim);
}

/**
 * Of a discrete VAE, whose encoder ends with its variables' probabilities.
 * @param {any[]} encoder layers
 * @returns {import("../paths/interpolation.js").Simplex | null}
 */
export function simplexOf(encoder) {
  const last = encoder.at(-1);
  return last?.op === "softmax" ? { groups: last.groups, classes: last.classes } : null;
}

/**
 * The code that stands for a latent: of a discrete VAE the likeliest class of each variable, else the
 * latent itself.
 * @param {Float32Array} z
 * @param {import("../paths/interpolation.js").Simplex | null} simplex
 * @returns {Float32Array}
 */
export function toCode(z, simplex) {
  if (!simplex) return z;
  const code = z.slice();
  const { groups, classes } = simplex;
  for (let first = 0; first < groups * classes; first += classes) {
    const chances = z.subarray(first, first + classes);
    code.fill(0, first, first + classes);
    code[first + chances.indexOf(Math.max(...chances))] = 1;
  }
  return code;
}

/** Each variable's probabilities add up to 1 again, which half precision spoils. Changes `values`. */
function normalised(values, dim, { groups, classes }) {
  for (let row = 0; row < values.length; row += dim) {
    for (let first = row; first < row + groups * classes; first += classes) {
      let sum = 0;
      for (let k = 0; k < classes; k++) sum += values[first + k];
      for (let k = 0; k < classes; k++) values[first + k] /= sum;
    }
  }
  return values;
}

/**
 * @param {Float32Array} values (N, D)
 * @param {number} dim D
 * @returns {Latents}
 */
export function ofNumbers(values, dim) {
  const n = values.length / dim;
  return {
    n,
    dim,
    row: (picture) => values.subarray(picture * dim, (picture + 1) * dim),
    column(axis, stride) {
      const column = new Float32Array(Math.ceil(n / stride));
      for (let i = 0; i < column.length; i++) column[i] = values[i * stride * dim + axis];
      return column;
    },
  };
}

/**
 * Vectors looked up when they are asked for: written out, those of 10,000 pictures take 31 MB.
 * @param {Uint16Array} codes (N, cells)
 * @param {number} cells
 * @param {Float32Array} codebook (n_codes, code_dim)
 * @param {number} codeDim
 * @returns {Latents}
 */
export function ofCodes(codes, cells, codebook, codeDim) {
  const n = codes.length / cells;
  const dim = cells * codeDim;
  return {
    n,
    dim,
    row(picture, row = new Float32Array(dim)) {
      for (let cell = 0; cell < cells; cell++) {
        const from = codes[picture * cells + cell] * codeDim;
        for (let i = 0; i < codeDim; i++) row[cell * codeDim + i] = codebook[from + i];
      }
      return row;
    },
    column(axis, stride) {
      const column = new Float32Array(Math.ceil(n / stride));
      const [cell, k] = [Math.floor(axis / codeDim), axis % codeDim];
      for (let i = 0; i < column.length; i++) {
        column[i] = codebook[codes[i * stride * cells + cell] * codeDim + k];
      }
      return column;
    },
  };
}
