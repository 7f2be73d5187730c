/**
 * A path as it lies over a map.
 */

import { positionsOf } from "./interpolation.js";

const PLACES = 48; // on the curve of each leg

/** @typedef {import("../map/overlay.js").Mark} Mark */

/**
 * The stops, and the ways between them. A UMAP or t-SNE map has places only for its pictures:
 * there a broken line joins the stops, and says nothing about what lies between them.
 * @param {import("./path.js").Path} path
 * @param {"a" | "b"} which
 * @param {import("./path.js").Row[]} rows
 * @returns {Mark[]}
 */
export function routeMarks(path, which, rows) {
  const { map, mean } = path.models[which];
  const isPlaced = map.inverse.toMap(mean) !== null;
  const places = path.stops.map((stop) => placeOf(stop, map, which));
  const dots = places.map((dot, i) => ({ dot, text: String(i + 1), kind: "stop" }));
  const known = dots.filter(({ dot }) => dot);
  if (!isPlaced) {
    const line = known.map(({ dot }) => dot);
    return line.length > 1 ? [{ line, kind: "guess" }, ...known] : known;
  }
  const positions = positionsOf(path.stops.length, path.legs * PLACES + 1);
  const ways = path.legs ? rows.filter((row) => row.which === which) : [];
  const lines = ways.map((row) => ({
    line: positions.map((position) => map.inverse.toMap(path.latent(row, position))),
    kind: row.kind,
  }));
  return [...lines, ...known];
}

/**
 * Where on each way the morph is.
 * @param {import("./path.js").Path} path
 * @param {"a" | "b"} which
 * @param {import("./path.js").Row[]} rows
 * @param {number} position
 * @returns {Mark[]}
 */
export function headMarks(path, which, rows, position) {
  const { inverse } = path.models[which].map;
  if (!path.legs) return [];
  return rows
    .filter((row) => row.which === which)
    .map((row) => ({ dot: inverse.toMap(path.latent(row, position)), kind: `head ${row.kind}` }))
    .filter(({ dot }) => dot);
}

function placeOf({ index, latents, clicked }, map, which) {
  if (index !== null) return [map.xy[2 * index], map.xy[2 * index + 1]];
  const isHere = clicked?.which === which && clicked.map === map.spec.url;
  return map.inverse.toMap(latents[which]) ?? (isHere ? clicked.place : null);
}
