/**
 * A model's two halves, fetched, checked and ready to run; in a page or in a worker.
 */

import { compile, readWeights } from "./decoder.js";
import { StageError } from "../kit/errors.js";
import { fetchBuffer, fetchJson, RELOAD } from "../kit/fetching.js";

/**
 * @typedef {object} Coder
 * @property {any} program the header
 * @property {Float32Array} weights of the whole program
 * @property {(z: Float32Array) => Float32Array} decode into a buffer that is used again
 * @property {(pixels: Float32Array) => Float32Array} encode likewise; where the model has a
 *   posterior, mu comes first and log_var after it
 */

/**
 * @param {{title: string, latent_dim: number, program: string, weights: string}} spec of the model
 * @param {[number, number, number]} shape (C, H, W) of the pictures
 * @returns {Promise<Coder>}
 */
export async function loadCoder({ title, latent_dim: dim, program: header, weights: numbers }, shape) {
  const thing = `“${title}”`;
  const [program, buffer] = await Promise.all([
    fetchJson(header, `The layer program of ${thing}`),
    fetchBuffer(numbers, null, `The weights of ${thing}`),
  ]);
  if (program.latent_dim !== dim || String(program.image_shape) !== String(shape)) {
    const got = `${program.latent_dim} axes and pictures of ${program.image_shape.join("×")}`;
    const rule = `made for ${dim} axes and pictures of ${shape.join("×")}`;
    throw new StageError(`The layer program of ${thing}`, rule, got, RELOAD);
  }
  const weights = readWeights(program, buffer, thing);
  const decoder = compile(program.decoder, weights, [dim], `the decoder of ${thing}`);
  let encoder; // few visitors encode; its weights are repacked when the first one does
  const encode = (pixels) => {
    encoder ??= compile(program.encoder, weights, shape, `the encoder of ${thing}`);
    return encoder.run(pixels);
  };
  return { program, weights, decode: decoder.run, encode };
}
