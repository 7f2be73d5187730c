/**
 * A layer program made ready to run: sizes checked once, buffers allocated once.
 */

import { StageError } from "../kit/errors.js";
import { float32FromFloat16 } from "./float16.js";
import { makeStep, product, RELOAD } from "./steps.js";

const FORMAT = 2; // PROGRAM_FORMAT in vizmodels/export/layer_program.py

/**
 * @typedef {object} Side one half of a model, ready to run
 * @property {(x: Float32Array) => Float32Array} run the result lies in a buffer that the next
 *   call overwrites
 * @property {number[]} shape of the result
 */

/**
 * The weight buffer as float32, checked against the layers that use it.
 * @param {any} program the header
 * @param {ArrayBuffer} buffer little-endian floats of `program.bits` bits
 * @param {string} thing whose weights these are, for the messages
 * @returns {Float32Array}
 */
export function readWeights(program, buffer, thing) {
  if (program?.format !== FORMAT) {
    throw new StageError(`The layer program of ${thing}`, `of format ${FORMAT}`, program?.format, RELOAD);
  }
  const places = [...program.decoder, ...program.encoder].flatMap(placesOf);
  const end = places.reduce((last, [offset, count]) => Math.max(last, offset + count), 0);
  const expected = (end * program.bits) / 8;
  if (buffer.byteLength !== expected) {
    const rule = `${expected} bytes long`;
    throw new StageError(`The weights of ${thing}`, rule, `${buffer.byteLength} bytes`, RELOAD);
  }
  const weights = program.bits === 32 ? new Float32Array(buffer) : float32FromFloat16(buffer);
  const bad = weights.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    throw new StageError(`The weights of ${thing}`, "finite numbers", `${weights[bad]} at ${bad}`, RELOAD);
  }
  return weights;
}

/** [offset, count] of everything that a layer and those inside it read. */
function placesOf({ weight, bias, layers = [] }) {
  return [...[weight, bias].filter(Boolean), ...layers.flatMap(placesOf)];
}

/**
 * @param {any[]} program layers of one side
 * @param {Float32Array} weights
 * @param {number[]} inputShape without the batch axis
 * @param {string} thing what this is, for the messages
 * @returns {Side}
 */
export function compile(program, weights, inputShape, thing) {
  let shape = inputShape;
  /** @type {Float32Array | null} where the steps so far left their result; what came in is kept */
  let owned = null;
  /** @type {((x: Float32Array) => Float32Array)[]} */
  const steps = [];
  const within = (layers, from) => compile(layers, weights, from, thing);
  for (const layer of program) {
    const step = makeStep({ layer, shape, owned, weights, thing, compile: within });
    shape = step.shape;
    if (!step.apply) continue;
    owned = step.out;
    steps.push(step.apply);
  }
  const run = (x) => {
    let result = x;
    for (let i = 0; i < steps.length; i++) result = steps[i](result);
    return result;
  };
  return { run, shape };
}
