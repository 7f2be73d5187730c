/**
 * One layer of a program as a function: its sizes checked and its buffers allocated, once.
 */

import { attention } from "./attention.js";
import { handicaps, nearestCodes } from "./codebook.js";
import { conv2d, convolvedSides, convTranspose2d, repackTransposed } from "./convolution.js";
import { StageError } from "../kit/errors.js";
import * as layers from "./layers.js";

export const RELOAD = "Reload the page; if that does not help, train the run again.";

/**
 * @typedef {object} Given what a step is made from
 * @property {any} layer from the header
 * @property {number[]} shape of what goes in, without the batch axis
 * @property {Float32Array | null} owned where that lies, if it may be overwritten
 * @property {Float32Array} weights of the whole program
 * @property {string} thing whose layer this is, for the messages
 * @property {(layers: any[], shape: number[]) => import("./decoder.js").Side} compile of the
 *   layers inside this one
 */

/**
 * @typedef {object} Step
 * @property {number[]} shape of what comes out
 * @property {Float32Array} [out] where it lies
 * @property {(x: Float32Array) => Float32Array} [apply] none where only the shape changes
 */

/** @param {Given} given @returns {Step} */
export function makeStep(given) {
  const { layer, thing } = given;
  if (Object.hasOwn(MAKERS, layer.op)) return MAKERS[layer.op](given);
  const known = Object.keys(MAKERS).join(", ");
  throw new StageError(`A layer of ${thing}`, `one of ${known}`, `“${layer.op}”`, RELOAD);
}

const MAKERS = {
  relu: (given) => inPlace(given, layers.relu),
  silu: (given) => inPlace(given, layers.silu),
  gelu: (given) => inPlace(given, layers.gelu),
  sigmoid: (given) => inPlace(given, layers.sigmoid),
  clamp: (given) => inPlace(given, layers.clamp),
  linear: makeLinear,
  conv2d: makeConvolution,
  conv_transpose2d: makeConvolution,
  reshape: makeReshape,
  permute: makePermute,
  top_left: makeTopLeft,
  add: makeAdd,
  layer_norm: makeLayerNorm,
  attention: makeAttention,
  residual: makeResidual,
  softmax: makeSoftmax,
  codebook: makeCodebook,
};

/** A step that keeps every value's place, and so writes over its input where it may. */
function inPlace({ shape, owned }, write) {
  const out = owned ?? new Float32Array(product(shape));
  return { shape, out, apply: (x) => (write(out, x), out) };
}

/** A step with a buffer of its own. */
function into(shape, write) {
  const out = new Float32Array(product(shape));
  return { shape, out, apply: (x) => (write(out, x), out) };
}

function makeReshape(given) {
  expectSize(given, product(given.layer.shape), product(given.shape));
  return { shape: given.layer.shape };
}

function makeLinear(given) {
  const { n_in: nIn, n_out: nOut } = given.layer;
  const rows = rowsOf(given, nIn);
  const [weight, bias] = [read(given, "weight", nIn * nOut), read(given, "bias", nOut)];
  return into([...rows, nOut], (out, x) => layers.linear(out, x, weight, bias));
}

function makeConvolution(given) {
  const { layer } = given;
  expectAxes(given, 3);
  const [channels, height, width] = given.shape;
  expectSize(given, layer.n_in, channels);
  const taps = layer.kernel[0] * layer.kernel[1];
  const weight = read(given, "weight", layer.n_in * layer.n_out * taps);
  const bias = read(given, "bias", layer.n_out);
  const transposed = layer.op === "conv_transpose2d";
  const sides = convolvedSides(layer, transposed, height, width);
  const shape = [layer.n_out, ...sides];
  if (!transposed) {
    const patches = new Float32Array(product(sides) * layer.n_in * taps);
    return into(shape, (out, x) => conv2d(out, x, weight, bias, layer, height, width, patches));
  }
  const packed = repackTransposed(weight, layer);
  const area = height * width;
  const scratch = {
    pixels: new Float32Array(area * layer.n_in),
    taps: new Float32Array(layer.n_out * taps * area),
  };
  return into(shape, (out, x) =>
    convTranspose2d(out, x, packed, bias, layer, height, width, scratch),
  );
}

function makePermute(given) {
  const { shape, order } = given.layer;
  expectSize(given, product(shape), product(given.shape));
  const sorted = [...order].sort((one, other) => one - other);
  const rule = `an order of ${shape.length} axes`;
  expect(given, String(sorted) === String([...shape.keys()]), rule, order.join(", "));
  const index = layers.permutation(shape, order);
  const permuted = order.map((axis) => shape[axis]);
  return into(permuted, (out, x) => layers.permute(out, x, index));
}

function makeTopLeft(given) {
  const { height, width } = given.layer;
  expectAxes(given, 3);
  const from = given.shape;
  return into([from[0], height, width], (out, x) => layers.topLeft(out, x, from, [height, width]));
}

function makeAdd(given) {
  const weight = read(given, "weight", product(given.shape));
  return inPlace(given, (out, x) => layers.add(out, x, weight));
}

function makeLayerNorm(given) {
  const { n, eps } = given.layer;
  rowsOf(given, n);
  const [weight, bias] = [read(given, "weight", n), read(given, "bias", n)];
  return inPlace(given, (out, x) => layers.layerNorm(out, x, weight, bias, eps));
}

function makeAttention(given) {
  const { heads } = given.layer;
  expectAxes(given, 2);
  const [tokens, tripled] = given.shape;
  expect(given, tripled % (3 * heads) === 0, `of a multiple of ${3 * heads} values`, tripled);
  const weights = new Float32Array(tokens);
  const shape = [tokens, tripled / 3];
  return into(shape, (out, x) => attention(out, x, tokens, heads, weights));
}

/** Its layers leave their input as it is, so that it can be added to what they make of it. */
function makeResidual(given) {
  const { run, shape } = given.compile(given.layer.layers, given.shape);
  expectSize(given, product(given.shape), product(shape));
  return inPlace(given, (out, x) => layers.add(out, x, run(x)));
}

function makeSoftmax(given) {
  const { groups, classes } = given.layer;
  const size = product(given.shape);
  expect(given, groups * classes <= size, `of at least ${groups * classes} values`, size);
  return inPlace(given, (out, x) => layers.softmax(out, x, groups, classes));
}

function makeCodebook(given) {
  const { n_codes: nCodes, code_dim: codeDim } = given.layer;
  const rows = rowsOf(given, codeDim);
  const codebook = read(given, "weight", nCodes * codeDim);
  const handicap = handicaps(codebook, codeDim);
  const scores = new Float32Array(nCodes * product(rows));
  return into(given.shape, (out, x) => nearestCodes(out, x, codebook, handicap, scores));
}

/** A layer's weights, of the size that the layer needs. */
function read(given, part, size) {
  const [offset, count] = given.layer[part] ?? [0, 0];
  const values = given.weights.subarray(offset, offset + count);
  expectSize(given, size, values.length);
  return values;
}

/** The axes before the last, whose size must be n. */
function rowsOf(given, n) {
  expectSize(given, n, given.shape.at(-1));
  return given.shape.slice(0, -1);
}

function expectSize(given, expected, got) {
  expect(given, expected === got, `of ${expected} values`, got);
}

function expectAxes(given, n) {
  expect(given, given.shape.length === n, `given ${n} axes`, given.shape.length);
}

function expect({ layer, thing }, isRight, rule, got) {
  if (!isRight) throw new StageError(`Layer ${layer.op} of ${thing}`, rule, got, RELOAD);
}

/** @param {number[]} shape */
export function product(shape) {
  return shape.reduce((total, side) => total * side, 1);
}
