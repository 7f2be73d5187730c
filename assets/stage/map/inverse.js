/**
 * From a place on a map back to a latent, for each kind of map.
 */

import { nearestPoints } from "./nearest.js";
import { quantile, sortedSample } from "../kit/numbers.js";

const NEIGHBOURS = 8;

/** Farther than this share of the map's larger side from any point, a map has no data. */
const SUPPORTED_SHARE = 0.02;

const TAIL = 0.002; // share of points on each side that may be outliers

/**
 * @typedef {object} Inverse
 * @property {(x: number, y: number, anchor: Float32Array, z: Float32Array) => boolean} toLatent
 *   writes the latent into z; false where no data support it
 * @property {(z: Float32Array) => [number, number] | null} toMap place of a latent, or null on a
 *   map that new latents have no place on
 */

/**
 * @param {{kind: string, axes: string[], mean?: number[], components?: number[][]}} map
 * @param {import("./nearest.js").Tree} tree over the points of the map
 * @param {number} reach of a point, within which the map has data
 * @param {import("../network/latents.js").Latents} latents
 * @param {string[]} names of the latent axes
 * @returns {Inverse}
 */
export function makeInverse(map, tree, reach, latents, names) {
  if (map.kind === "raw") return ofAxes(map.axes, names);
  if (map.kind === "pca") return ofPlane(map.mean, map.components, latents.dim);
  return ofNeighbours(tree, latents, reach);
}

/** The map's axes are latent axes; the others stay where the anchor has them. */
function ofAxes(captions, names) {
  const dim = names.length;
  const [first, second] = captions.map((caption, otherwise) => {
    const index = names.indexOf(caption);
    return index < 0 ? otherwise : index;
  });
  return {
    toLatent(x, y, anchor, z) {
      z.set(anchor);
      z[first] = x;
      if (second < dim) z[second] = y;
      return true;
    },
    toMap: (z) => [z[first], second < dim ? z[second] : 0],
  };
}

/** z = anchor + componentsᵀ (xy − project(anchor)): the plane of the map, through the anchor. */
function ofPlane(mean, components, dim) {
  const score = (z, row) => {
    let sum = 0;
    for (let k = 0; k < dim; k++) sum += (z[k] - mean[k]) * row[k];
    return sum;
  };
  const toMap = (z) => [score(z, components[0]), score(z, components[1])];
  return {
    toMap,
    toLatent(x, y, anchor, z) {
      const [anchorX, anchorY] = toMap(anchor);
      const [dx, dy] = [x - anchorX, y - anchorY];
      for (let k = 0; k < dim; k++) {
        z[k] = anchor[k] + dx * components[0][k] + dy * components[1][k];
      }
      return true;
    },
  };
}

/** The nearest points' latents, each weighted by its inverse squared distance on the map. */
function ofNeighbours(tree, latents, reach) {
  const { dim } = latents;
  return {
    toMap: () => null,
    toLatent(x, y, anchor, z) {
      const { ids, distances } = nearestPoints(tree, x, y, NEIGHBOURS);
      const softening = 1e-6 * reach * reach; // on a point, that point's own latent and no 0 / 0
      let total = 0;
      z.fill(0);
      for (let i = 0; i < ids.length; i++) {
        const weight = 1 / (distances[i] ** 2 + softening);
        total += weight;
        const neighbour = latents.row(ids[i]);
        for (let k = 0; k < dim; k++) z[k] += weight * neighbour[k];
      }
      for (let k = 0; k < dim; k++) z[k] /= total;
      return distances[0] <= reach;
    },
  };
}

/** How far around its points a map has data. @param {Float32Array} xy (N, 2) */
export function reachOf(xy) {
  const sides = [0, 1].map((axis) => {
    const sample = sortedSample(xy, 2, axis);
    return quantile(sample, 1 - TAIL) - quantile(sample, TAIL);
  });
  return SUPPORTED_SHARE * Math.max(...sides);
}
