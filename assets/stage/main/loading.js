/**
 * Everything that the stage shows, loaded at once; what it has already is used again.
 */

import { loadCore, loadMap, loadPoints } from "./load.js";

/** @typedef {Partial<Record<"a" | "b", import("./load.js").Model>>} Models */

/**
 * @param {any} data what Python sent
 * @param {import("./load.js").Points | undefined} oldPoints
 * @param {Models} oldModels after their last epochs
 * @returns {Promise<{points: import("./load.js").Points, models: Models, isNew: boolean,
 *   whyNoB: Error | null}>} a model B that cannot be shown leaves A alive
 */
export async function loadAll(data, oldPoints, oldModels) {
  const isNew = oldPoints?.url !== data.points.url;
  const model = (which) => loadModel(data[which], data.points, isNew ? null : oldModels[which]);
  let whyNoB = null;
  const [points, a, b] = await Promise.all([
    isNew ? loadPoints(data.points) : oldPoints,
    model("a"),
    data.b ? model("b").catch((error) => void (whyNoB = error)) : null,
  ]);
  Object.assign(points, { url: data.points.url });
  return { points, models: b ? { a, b } : { a }, isNew, whyNoB };
}

/** A model and its map. Two sides never share one: each decodes into its own buffers. */
async function loadModel(spec, points, old) {
  const isSame = old?.spec.program === spec.program && old.spec.latents === spec.latents;
  const core = isSame ? old : await loadCore(spec, points);
  const map = isSame && old.map.spec.url === spec.map.url ? old.map : await loadMap(spec.map, core);
  // Where nothing has changed the model is the very same, by which the epoch chosen is kept.
  const isAsBefore = isSame && map === old.map && JSON.stringify(old.spec) === JSON.stringify(spec);
  return isAsBefore ? old : { ...core, spec, map };
}
