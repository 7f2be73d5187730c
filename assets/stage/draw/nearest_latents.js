/**
 * The place of a latent on a map that new latents have no place on.
 */

const NEIGHBOURS = 4;
const COMPARED = 2500; // pictures, evenly chosen: as many as a frame has time for

/**
 * Mean place of the pictures whose latents are nearest, weighted by their inverse squared
 * distances: on a UMAP or t-SNE map about where the latent would have been put.
 * @param {import("../main/load.js").Model} model
 * @param {Float32Array} z (D)
 * @returns {[number, number]}
 */
export function nearestPlace({ latents, map }, z) {
  const stride = Math.max(1, Math.floor(latents.n / COMPARED));
  const scratch = new Float32Array(latents.dim);
  const nearest = [];
  for (let picture = 0; picture < latents.n; picture += stride) {
    const row = latents.row(picture, scratch);
    const limit = nearest.length < NEIGHBOURS ? Infinity : nearest.at(-1).square;
    let square = 0;
    for (let k = 0; k < z.length && square < limit; k++) square += (z[k] - row[k]) ** 2;
    if (square >= limit) continue;
    nearest.push({ picture, square });
    nearest.sort((one, other) => one.square - other.square);
    nearest.length = Math.min(nearest.length, NEIGHBOURS);
  }
  let [x, y, total] = [0, 0, 0];
  for (const { picture, square } of nearest) {
    const weight = 1 / (square + 1e-9); // on a picture's own latent, that picture's place
    x += weight * map.xy[2 * picture];
    y += weight * map.xy[2 * picture + 1];
    total += weight;
  }
  return [x / total, y / total];
}
