/**
 * Ways from one latent to another.
 */

const PARALLEL = 1e-6; // rad between two directions, below which no great circle joins them best

/**
 * @typedef {object} Simplex how many of a latent's first values are probabilities
 * @property {number} groups variables
 * @property {number} classes of each variable
 */

/**
 * @callback Interpolate
 * @param {Float32Array} out (D)
 * @param {Float32Array} from (D)
 * @param {Float32Array} to (D)
 * @param {number} t from 0 to 1
 * @returns {void}
 */

/** The straight line (1 − t) from + t to. @type {Interpolate} */
export function straight(out, from, to, t) {
  for (let k = 0; k < out.length; k++) out[k] = (1 - t) * from[k] + t * to[k];
}

/**
 * The great circle about the origin: the direction turns evenly and the length changes evenly.
 * Between latents of one length this is Shoemake's slerp (1985), proposed for latents by White
 * (2016, arXiv:1609.04468). His formula on latents of unequal lengths runs off to infinity as
 * their directions become opposite; this one stays between the two lengths.
 *
 * The way is straight where no great circle is the shortest: from the origin or to it, which has
 * no direction, between latents of one direction, and between exactly opposite ones.
 *
 * Probabilities are turned as their square roots, which lie on a sphere; that is the geodesic of
 * the Fisher metric, and they go on adding up to 1.
 * @param {Simplex | null} [simplex]
 * @returns {Interpolate}
 */
export function spherical(simplex = null) {
  const { groups, classes } = simplex ?? { groups: 0, classes: 0 };
  const end = groups * classes;
  return (out, from, to, t) => {
    for (let at = 0; at < end; at += classes) {
      const group = (values) => Float64Array.from(values.subarray(at, at + classes), rootOf);
      turn(out.subarray(at, at + classes), group(from), group(to), t);
      for (let k = at; k < at + classes; k++) out[k] *= out[k];
    }
    turn(out.subarray(end), from.subarray(end), to.subarray(end), t);
  };
}

/** A probability that a decoder was given may lie a rounding error below 0. */
function rootOf(probability) {
  return Math.sqrt(Math.max(0, probability));
}

function turn(out, from, to, t) {
  const [before, after] = [Math.hypot(...from), Math.hypot(...to)];
  if (before === 0 || after === 0) return straight(out, from, to, t);
  let cosine = 0;
  for (let k = 0; k < out.length; k++) cosine += (from[k] / before) * (to[k] / after);
  const angle = Math.acos(Math.max(-1, Math.min(1, cosine)));
  if (Math.min(angle, Math.PI - angle) < PARALLEL) return straight(out, from, to, t);
  const length = ((1 - t) * before + t * after) / Math.sin(angle);
  const left = (length * Math.sin((1 - t) * angle)) / before;
  const right = (length * Math.sin(t * angle)) / after;
  for (let k = 0; k < out.length; k++) out[k] = left * from[k] + right * to[k];
}

/**
 * A place on a way of several legs.
 * @param {Float32Array} out (D)
 * @param {Float32Array[]} stops at least one
 * @param {number} position 0 at the first stop, 1 at the second …
 * @param {Interpolate} interpolate
 */
export function along(out, stops, position, interpolate) {
  const last = stops.length - 1;
  const leg = Math.max(0, Math.min(Math.floor(position), last - 1));
  const t = Math.max(0, Math.min(1, position - leg));
  if (t === 0 || last === 0) out.set(stops[leg]);
  else if (t === 1) out.set(stops[leg + 1]);
  else interpolate(out, stops[leg], stops[leg + 1], t);
}

/**
 * Evenly spaced positions, every stop among them: as many as there is room for.
 * @param {number} stops
 * @param {number} room at least one
 * @returns {number[]}
 */
export function positionsOf(stops, room) {
  const legs = stops - 1;
  if (legs < 1) return stops ? [0] : [];
  const steps = Math.max(1, Math.floor((room - 1) / legs));
  return Array.from({ length: legs * steps + 1 }, (_, i) => i / steps);
}
