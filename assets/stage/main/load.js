/**
 * What the stage shows, fetched and checked.
 */

import { loadCoder } from "../network/coder.js";
import { codesOf, readCodebook } from "../codes/codes.js";
import { StageError } from "../kit/errors.js";
import { fetchBuffer, fetchJson, fetchOk, RELOAD, resolve } from "../kit/fetching.js";
import { makeInverse, reachOf } from "../map/inverse.js";
import { readLatents, simplexOf } from "../network/latents.js";
import { buildTree, nearestPoints } from "../map/nearest.js";
import { describeAxes } from "../kit/numbers.js";
import { Sheets } from "../pictures/sheets.js";

/**
 * @typedef {object} Points the pictures on the map
 * @property {number} n
 * @property {[number, number, number]} imageShape (C, H, W)
 * @property {string[]} classNames
 * @property {string[]} factorNames
 * @property {Uint8Array | null} labels
 * @property {Float32Array | null} factors (N, F)
 * @property {Sheets} sheets of thumbnails; they arrive when they are wanted
 * @property {(index: number) => Promise<{pictures: number[], squared_errors: number[]}>} alike
 *   pictures nearest to one by pixels, as the server finds them
 */

/**
 * @typedef {object} Core a model without its map
 * @property {any} spec what Python sent
 * @property {number} dim D; of a VQ-VAE all numbers of its code vectors
 * @property {boolean} hasPrior whether it was trained towards N(0, I)
 * @property {import("../network/latents.js").Latents} latents
 * @property {import("../kit/numbers.js").Axis[]} axes
 * @property {import("../paths/interpolation.js").Simplex | null} simplex of a discrete VAE
 * @property {import("../codes/codes.js").Codebook | null} codebook of a VQ-VAE
 * @property {Float32Array} mean latent of all points
 * @property {(z: Float32Array) => Float32Array} decode into a buffer that is used again
 * @property {(pixels: Float32Array) => Float32Array} encode mu where there is a posterior
 * @property {(pixels: Float32Array) => {mu: Float32Array, sigma: Float32Array} | null} posterior
 *   null of a model without a Gaussian one
 */

/**
 * @typedef {object} Placement a model's points on its map
 * @property {any} spec
 * @property {Float32Array} xy (N, 2)
 * @property {import("../map/nearest.js").Tree} tree
 * @property {import("../map/inverse.js").Inverse} inverse
 * @property {number} reach from a point, within which the map has data
 */

/** @typedef {Core & {map: Placement}} Model */

/** @param {any} spec `data.points` @returns {Promise<Points>} */
export async function loadPoints(spec) {
  const { n, class_names: classNames = [], factor_names: factorNames = [] } = spec;
  const sheets = sheetsOf(spec);
  const [labels, factors] = await Promise.all([
    spec.has_labels ? fetchBuffer(`${spec.url}/labels.bin`, n, "The labels") : null,
    factorNames.length
      ? fetchBuffer(`${spec.url}/factors.bin`, 4 * n * factorNames.length, "The factors")
      : null,
  ]);
  return {
    n,
    imageShape: spec.image_shape,
    classNames,
    factorNames,
    labels: labels && new Uint8Array(labels),
    factors: factors && new Float32Array(factors),
    sheets,
    async alike(index) {
      return (await fetchOk(`${spec.url}/alike/${index}.json`, "The pictures alike")).json();
    },
  };
}

/** Thumbnails, and of colour pictures, whose thumbnails are not exact, exact ones beside them. */
function sheetsOf({ url, n, image_shape: shape, columns, sheet_tiles: tiles, exact }) {
  const at = (name) => (sheet) => resolve(`${url}/${name.replace("#", sheet)}`);
  if (!exact) return new Sheets(at("sheet-#.png"), n, shape, columns, tiles);
  const sheets = new Sheets(at("sheet-#.jpg"), n, shape, columns, tiles);
  sheets.exact = new Sheets(at("exact-#.png"), n, shape, exact.columns, exact.tiles);
  return sheets;
}

/**
 * @param {any} spec `data.a` or `data.b`
 * @param {any} points `data.points`
 * @returns {Promise<Core>}
 */
export async function loadCore(spec, points) {
  const dim = spec.latent_dim;
  // The map is read after this; asked for now, it is in the browser's cache by then.
  fetch(resolve(spec.map.url)).catch(() => {}); // the reading itself says what went wrong
  const [coder, latents] = await loadWithLatents(spec, points);
  const { program, weights, encode, decode } = coder;
  const axes = describeAxes(latents, spec.axis_names, spec.posterior_sigmas);
  return {
    spec,
    dim,
    hasPrior: program.posterior,
    simplex: simplexOf(program.encoder),
    latents,
    axes,
    codebook: readCodebook(program, weights, spec.codes),
    mean: Float32Array.from(axes, (axis) => axis.mean),
    decode,
    encode: (pixels) => encode(pixels).slice(0, dim),
    posterior(pixels) {
      if (!program.posterior) return null;
      const both = encode(pixels);
      const sigma = both.slice(dim, 2 * dim).map((logVar) => Math.exp(0.5 * logVar));
      return { mu: both.slice(0, dim), sigma };
    },
  };
}

/**
 * A VQ-VAE without its map: its codebook, its decoder and the codes of the first n pictures.
 * @param {any} spec `data.model` of the codebook's component
 * @param {any} points `data.points`
 * @returns {Promise<{n: number, codebook: import("../codes/codes.js").Codebook,
 *   decode: (z: Float32Array) => Float32Array, codesOf: (picture: number) => Uint16Array}>}
 */
export async function loadCodes(spec, points) {
  const [coder, latents] = await loadWithLatents(spec, { ...points, n: spec.n });
  const codebook = readCodebook(coder.program, coder.weights, spec.codes);
  if (!codebook) {
    throw new StageError(`The model “${spec.title}”`, "one with codes", "one without", RELOAD);
  }
  return { n: spec.n, codebook, decode: coder.decode, codesOf: (i) => codesOf(latents.row(i), codebook) };
}

/** A model ready to run, and the latents of the pictures. */
async function loadWithLatents(spec, points) {
  const whose = `The latents of “${spec.title}”`;
  const [coder, buffer] = await Promise.all([
    loadCoder(spec, points.image_shape),
    fetchBuffer(spec.latents, null, whose),
  ]);
  const { program, weights } = coder;
  return [coder, readLatents(buffer, program, weights, points.n, whose, RELOAD)];
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
  const reach = reachOf(xy);
  const plane = spec.plane ? await fetchJson(spec.plane, thing) : {};
  const whole = { ...spec, ...plane };
  const inverse = makeInverse(whole, tree, reach, core.latents, names);
  return { spec: whole, xy, tree, reach, inverse };
}

/**
 * The model after another of its epochs. Its axes are described as after the last one, so that
 * sliders keep their order and range.
 * @param {any} epoch one of `data.a.epochs`
 * @param {Model} base
 * @param {any} points `data.points`
 * @returns {Promise<Model>}
 */
export async function loadEpoch(epoch, base, points) {
  const core = await loadCore({ ...base.spec, ...epoch }, points);
  return { ...core, axes: base.axes, map: await loadMap(epoch.map, core) };
}

/** One number for each picture. @returns {Promise<Float32Array>} */
export async function loadMeasure(measure, n) {
  return new Float32Array(await fetchBuffer(measure.url, 4 * n, `The ${measure.title}`));
}

/**
 * Whether the map has data at a place, or within so much of it.
 * @param {Placement} map
 * @param {number} x @param {number} y
 * @param {number} [within] units of the map
 */
export function isNear({ tree, reach }, x, y, within = 0) {
  return nearestPoints(tree, x, y, 1).distances[0] <= Math.max(reach, within);
}
