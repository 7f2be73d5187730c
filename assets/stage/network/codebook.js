/**
 * The codes of a VQ-VAE: the nearest to any vector.
 */

import { matmul } from "./matmul.js";

/**
 * −‖e‖² / 2 of each code. Done once, when loaded.
 * @param {Float32Array} codebook (n_codes, code_dim)
 * @param {number} codeDim
 */
export function handicaps(codebook, codeDim) {
  const result = new Float32Array(codebook.length / codeDim);
  for (let i = 0; i < codebook.length; i++) {
    result[Math.floor(i / codeDim)] -= (codebook[i] * codebook[i]) / 2;
  }
  return result;
}

/**
 * Each vector replaced by the nearest code. ‖x − e‖² = ‖x‖² − 2 (x·e − ‖e‖² / 2), so that is the
 * code whose score, the bracket, is highest; of equal ones the first, as in PyTorch.
 * @param {Float32Array} out (cells, code_dim)
 * @param {Float32Array} x (cells, code_dim)
 * @param {Float32Array} codebook (n_codes, code_dim)
 * @param {Float32Array} handicap (n_codes) from `handicaps`
 * @param {Float32Array} scores scratch (n_codes, cells)
 */
export function nearestCodes(out, x, codebook, handicap, scores) {
  const nCodes = handicap.length;
  const cells = scores.length / nCodes;
  const codeDim = codebook.length / nCodes;
  matmul(scores, codebook, x, handicap, nCodes, cells, codeDim);
  for (let cell = 0; cell < cells; cell++) {
    let best = 0;
    for (let code = 1; code < nCodes; code++) {
      if (scores[code * cells + cell] > scores[best * cells + cell]) best = code;
    }
    for (let i = 0; i < codeDim; i++) out[cell * codeDim + i] = codebook[best * codeDim + i];
  }
}
