/**
 * What the stage shows, fetched and checked.
 */

import { compile, readWeights } from "./decoder.js";
import { StageError } from "./errors.js";
import { makeInverse } from "./inverse.js";
import { readLatents } from "./latents.js";
import { buildTree } from "./nearest.js";
import { describeAxes } from "./numbers.js";

const RELOAD = "Reload the page; if that does not help, choose another run.";

/**
 * @typedef {object} Points the pictures on the map
 * @property {number} n
 * @property {[number, number, number]} imageShape (C, H, W)
 * @property {number} columns of the sprite sheet
 * @property {string[]} classNames
 * @property {string[]} factorNames
 * @property {Uint8Array | null} labels
 * @property {Float32Array | null} factors (N, F)
 * @property {HTMLImageElement} sprite arrives later than the rest; see `spriteReady`
 * @property {Promise<void>} spriteReady
 */

/**
 * @typedef {object} Core a model without its map
 * @property {any} spec what Python sent
 * @property {number} dim D; of a VQ-VAE all numbers of its code vectors
 * @property {boolean} hasPrior whether it was trained towards N(0, I)
 * @property {import("./latents.js").Latents} latents
 * @property {import("./numbers.js").Axis[]} axes
 * @property {import("./interpolation.js").Simplex | null} simplex of a discrete VAE
 * @property {Float32Array} mean latent of all points
 * @property {(z: Float32Array) => Float32Array} decode into a buffer that is used again
 * @property {(pixels: Float32Array) => Float32Array} encode mu where there is a posterior
 */

/**
 * @typedef {object} Placement a model's points on its map
 * @property {any} spec
 * @property {Float32Array} xy (N, 2)
 * @property {import("./nearest.js").Tree} tree
 * @property {import("./inverse.js").Inverse} inverse
 */

/** @typedef {Core & {map: Placement}} Model */

/** @param {any} spec `data.points` @returns {Promise<Points>} */
export async function loadPoints(spec) {
  const { n, class_names: classNames = [], factor_names: factorNames = [] } = spec;
  const sprite = new Image();
  sprite.src = resolve(`${spec.url}/sprite.png`);
  const spriteReady = sprite.decode().catch(() => {
    throw new StageError("The sheet of thumbnails", "a picture", "none", RELOAD);
  });
  spriteReady.catch(() => {}); // whoever waits for it says so; a map without thumbnails still works
  const [labels, factors] = await Promise.all([
    spec.has_labels ? fetchBuffer(`${spec.url}/labels.bin`, n, "The labels") : null,
    factorNames.length
      ? fetchBuffer(`${spec.url}/factors.bin`, 4 * n * factorNames.length, "The factors")
      : null,
  ]);
  return {
    n,
    imageShape: spec.image_shape,
    columns: spec.columns,
    classNames,
    factorNames,
    labels: labels && new Uint8Array(labels),
    factors: factors && new Float32Array(factors),
    sprite,
    spriteReady,
  };
}

/**
 * @param {any} spec `data.a` or `data.b`
 * @param {any} points `data.points`
 * @returns {Promise<Core>}
 */
export async function loadCore(spec, points) {
  const dim = spec.latent_dim;
  const thing = `“${spec.title}”`;
  // The map is read after this; asked for now, it is in the browser's cache by then.
  fetch(resolve(spec.map.url)).catch(() => {}); // the reading itself says what went wrong
  const [program, weightBuffer, latentBuffer] = await Promise.all([
    fetchProgram(spec.program, thing),
    fetchBuffer(spec.weights, null, `The weights of ${thing}`),
    fetchBuffer(spec.latents, null, `The latents of ${thing}`),
  ]);
  const shape = points.image_shape;
  if (program.latent_dim !== dim || String(program.image_shape) !== String(shape)) {
    const got = `${program.latent_dim} axes and pictures of ${program.image_shape.join("×")}`;
    const rule = `made for ${dim} axes and pictures of ${shape.join("×")}`;
    throw new StageError(`The layer program of ${thing}`, rule, got, RELOAD);
  }
  const weights = readWeights(program, weightBuffer, thing);
  const decoder = compile(program.decoder, weights, [dim], `the decoder of ${thing}`);
  const whose = `The latents of ${thing}`;
  const latents = readLatents(latentBuffer, program, weights, points.n, whose, RELOAD);
  const axes = describeAxes(latents, spec.axis_names);
  let encoder; // few visitors encode; its weights are repacked when the first one does
  return {
    spec,
    dim,
    hasPrior: program.posterior,
    simplex: simplexOf(program.encoder),
    latents,
    axes,
    mean: Float32Array.from(axes, (axis) => axis.mean),
    decode: decoder.run,
    encode(pixels) {
      encoder ??= compile(program.encoder, weights, shape, `the encoder of ${thing}`);
      return encoder.run(pixels).slice(0, dim);
    },
  };
}

/** A discrete VAE's encoder ends with its variables' probabilities. */
function simplexOf(layers) {
  const last = layers.at(-1);
  return last?.op === "softmax" ? { groups: last.groups, classes: last.classes } : null;
}

/**
 * @param {any} spec `data.a.map`
 * @param {Core} core
 * @returns {Promise<Placement>}
 */
export async function loadMap(spec, core) {
  const thing = `The map of “${core.spec.title}”`;
  const xy = new Float32Array(await fetchBuffer(spec.url, 8 * core.latents.n, thing));
  const bad = xy.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw new StageError(thing, "of finite numbers", `${xy[bad]} at ${bad}`, RELOAD);
  const tree = buildTree(xy);
  const names = core.axes.map((axis) => axis.name);
  return { spec, xy, tree, inverse: makeInverse(spec, xy, tree, core.latents, names) };
}

function resolve(path) {
  return new URL(path, document.baseURI).href;
}

async function fetchOk(path, thing) {
  let response;
  try {
    response = await fetch(resolve(path));
  } catch {
    const remedy = "Check that the app is still running, then reload the page.";
    throw new StageError(thing, "within reach", "no answer from the server", remedy);
  }
  if (!response.ok) throw new StageError(thing, "there", `HTTP ${response.status}`, RELOAD);
  return response;
}

async function fetchProgram(path, thing) {
  const response = await fetchOk(path, `The layer program of ${thing}`);
  try {
    return await response.json();
  } catch {
    throw new StageError(`The layer program of ${thing}`, "JSON", "something else", RELOAD);
  }
}

/** @returns {Promise<ArrayBuffer>} of the expected number of bytes, if one is given */
async function fetchBuffer(path, expected, thing) {
  const buffer = await (await fetchOk(path, thing)).arrayBuffer();
  if (expected !== null && buffer.byteLength !== expected) {
    throw new StageError(thing, `${expected} bytes long`, `${buffer.byteLength} bytes`, RELOAD);
  }
  return buffer;
}
