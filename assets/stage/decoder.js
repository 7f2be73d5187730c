/**
 * A layer program made ready to run: sizes checked once, buffers allocated once.
 */

import { StageError } from "./errors.js";
import { float32FromFloat16 } from "./float16.js";
import * as layers from "./layers.js";

const FORMAT = 1; // PROGRAM_FORMAT in vizmodels/export/layer_program.py
const ELEMENTWISE = ["relu", "silu", "gelu", "sigmoid", "clamp"];
const RELOAD = "Reload the page; if that does not help, train the run again.";

/**
 * @typedef {object} Side one half of a model, ready to run
 * @property {(x: Float32Array) => Float32Array} run the result lies in a buffer that the next
 *   call overwrites
 * @property {number} nIn
 * @property {number} nOut
 */

/**
 * The weight buffer as float32, checked against the layers that use it.
 * @param {any} program the header
 * @param {ArrayBuffer} buffer little-endian float16
 * @param {string} thing whose weights these are, for the messages
 * @returns {Float32Array}
 */
export function readWeights(program, buffer, thing) {
  if (program?.format !== FORMAT) {
    throw new StageError(`The layer program of ${thing}`, `of format ${FORMAT}`, program?.format, RELOAD);
  }
  const places = [...program.decoder, ...program.encoder]
    .flatMap((layer) => [layer.weight, layer.bias])
    .filter(Boolean);
  const expected = 2 * Math.max(0, ...places.map(([offset, count]) => offset + count));
  if (buffer.byteLength !== expected) {
    const rule = `${expected} bytes long`;
    throw new StageError(`The weights of ${thing}`, rule, `${buffer.byteLength} bytes`, RELOAD);
  }
  const weights = float32FromFloat16(buffer);
  const bad = weights.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    throw new StageError(`The weights of ${thing}`, "finite numbers", `${weights[bad]} at ${bad}`, RELOAD);
  }
  return weights;
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
  /** @type {Float32Array | null} where the steps so far left their result */
  let owned = null;
  /** @type {((x: Float32Array) => Float32Array)[]} */
  const steps = [];
  for (const layer of program) {
    const step = makeStep(layer, weights, shape, owned, thing);
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
  return { run, nIn: product(inputShape), nOut: product(shape) };
}

/** One layer as a function, the buffer it writes to, and the shape it gives. */
function makeStep(layer, weights, shape, owned, thing) {
  if (layer.op === "reshape") {
    expectSizes(product(layer.shape), product(shape), layer, thing);
    return { shape: layer.shape, out: owned };
  }
  if (ELEMENTWISE.includes(layer.op)) {
    const out = owned ?? new Float32Array(product(shape));
    const apply = layers[layer.op];
    return { shape, out, apply: (x) => (apply(out, x), out) };
  }
  const part = ([offset, count]) => weights.subarray(offset, offset + count);
  if (layer.op === "linear") {
    expectSizes(layer.n_in, product(shape), layer, thing);
    const [weight, bias] = [part(layer.weight), part(layer.bias)];
    expectSizes(layer.n_in * layer.n_out, weight.length, layer, thing);
    const out = new Float32Array(layer.n_out);
    const apply = (x) => (layers.linear(out, x, weight, bias), out);
    return { shape: [layer.n_out], out, apply };
  }
  if (layer.op === "conv2d" || layer.op === "conv_transpose2d") {
    return makeConvolution(layer, part(layer.weight), part(layer.bias), shape, thing);
  }
  const known = [...ELEMENTWISE, "linear", "conv2d", "conv_transpose2d", "reshape"].join(", ");
  throw new StageError(`A layer of ${thing}`, `one of ${known}`, `“${layer.op}”`, RELOAD);
}

function makeConvolution(layer, weight, bias, [channels, height, width], thing) {
  const [kernelH, kernelW] = layer.kernel;
  const taps = kernelH * kernelW;
  expectSizes(layer.n_in, channels, layer, thing);
  expectSizes(layer.n_in * layer.n_out * taps, weight.length, layer, thing);
  const transposed = layer.op === "conv_transpose2d";
  const sides = layers.convolvedSides(layer, transposed, height, width);
  const out = new Float32Array(layer.n_out * product(sides));
  const shape = [layer.n_out, ...sides];
  if (!transposed) {
    const patches = new Float32Array(product(sides) * layer.n_in * taps);
    const apply = (x) => (layers.conv2d(out, x, weight, bias, layer, height, width, patches), out);
    return { shape, out, apply };
  }
  const packed = layers.repackTransposed(weight, layer);
  const area = height * width;
  const scratch = {
    pixels: new Float32Array(area * layer.n_in),
    taps: new Float32Array(layer.n_out * taps * area),
  };
  const apply = (x) => (
    layers.convTranspose2d(out, x, packed, bias, layer, height, width, scratch), out
  );
  return { shape, out, apply };
}

function expectSizes(expected, got, layer, thing) {
  if (expected === got) return;
  throw new StageError(`Layer ${layer.op} of ${thing}`, `of ${expected} values`, got, RELOAD);
}

function product(shape) {
  return shape.reduce((total, side) => total * side, 1);
}
