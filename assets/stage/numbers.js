/**
 * Numbers as a reader sees them, and what is to be known of a latent axis.
 */

/**
 * A number with the given decimals and a true minus sign.
 * @param {number} value
 * @param {number} decimals
 */
export function format(value, decimals) {
  const text = value.toFixed(decimals);
  if (!text.startsWith("-")) return text;
  return Number(text) === 0 ? text.slice(1) : `−${text.slice(1)}`;
}

/**
 * Decimals that show about three digits of a quantity with this range.
 * @param {number} range
 */
export function decimalsFor(range) {
  return range > 0 ? Math.max(0, Math.min(6, 2 - Math.floor(Math.log10(range)))) : 2;
}

/**
 * The value below which a share of the sorted values lies.
 * @param {Float32Array} sorted
 * @param {number} share
 */
export function quantile(sorted, share) {
  const at = share * (sorted.length - 1);
  const low = Math.floor(at);
  const high = Math.min(low + 1, sorted.length - 1);
  return sorted[low] + (sorted[high] - sorted[low]) * (at - low);
}

// Quantiles from this many points are within half a per cent of rank of those from all of them.
const QUANTILE_SAMPLE = 4096;

/**
 * A sorted sample of one column, evenly strided.
 * @param {Float32Array} values (N, columns)
 * @param {number} columns
 * @param {number} column
 * @returns {Float32Array}
 */
export function sortedSample(values, columns, column) {
  const n = values.length / columns;
  const stride = Math.max(1, Math.floor(n / QUANTILE_SAMPLE));
  const sample = new Float32Array(Math.ceil(n / stride));
  for (let i = 0; i < sample.length; i++) sample[i] = values[i * stride * columns + column];
  return sample.sort();
}

/**
 * @typedef {object} Axis one latent axis over the points
 * @property {number} index counted from 0
 * @property {string} name z1, z2, …
 * @property {number} mean
 * @property {number} deviation standard deviation
 * @property {number} low 0.5 % quantile
 * @property {number} high 99.5 % quantile
 * @property {Float32Array} sample sorted values of some points
 */

const TAIL = 0.005; // share of points outside an axis's range, on each side

/**
 * Every axis in its own order.
 * @param {Float32Array} latents (N, D)
 * @param {number} dim D
 * @returns {Axis[]}
 */
export function describeAxes(latents, dim) {
  const n = latents.length / dim;
  return Array.from({ length: dim }, (_, index) => {
    let sum = 0;
    let squares = 0;
    for (let i = index; i < latents.length; i += dim) sum += latents[i];
    const mean = sum / n;
    for (let i = index; i < latents.length; i += dim) squares += (latents[i] - mean) ** 2;
    const sample = sortedSample(latents, dim, index);
    const [low, high] = [quantile(sample, TAIL), quantile(sample, 1 - TAIL)];
    return { index, name: `z${index + 1}`, mean, deviation: Math.sqrt(squares / n), low, high, sample };
  });
}
