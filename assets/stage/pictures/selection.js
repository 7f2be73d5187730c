/**
 * Which points lie within a shape drawn on a map.
 */

/** @typedef {[number, number]} Place of the map */

/**
 * @typedef {object} Selection
 * @property {"a" | "b"} which map it was drawn on
 * @property {Float32Array} xy where the pictures were on it
 * @property {Place[]} polygon its corners
 * @property {Uint8Array} mask 1 for each picture within
 * @property {Uint32Array} indices of the pictures within
 */

/**
 * @param {"a" | "b"} which
 * @param {Float32Array} xy (N, 2)
 * @param {Place[]} polygon
 * @returns {Selection}
 */
export function selectWithin(which, xy, polygon) {
  const mask = new Uint8Array(xy.length / 2);
  const [left, bottom, right, top] = boundsOf(polygon);
  let count = 0;
  for (let i = 0; i < mask.length; i++) {
    const [x, y] = [xy[2 * i], xy[2 * i + 1]];
    if (x < left || x > right || y < bottom || y > top) continue;
    if (isInside(polygon, x, y)) {
      mask[i] = 1;
      count++;
    }
  }
  const indices = new Uint32Array(count);
  for (let i = 0, at = 0; i < mask.length; i++) if (mask[i]) indices[at++] = i;
  return { which, xy, polygon, mask, indices };
}

/** The corners of the box between two opposite ones. @returns {Place[]} */
export function boxBetween([x0, y0], [x1, y1]) {
  return [[x0, y0], [x1, y0], [x1, y1], [x0, y1]];
}

/** Whether a ray to the right crosses the outline an odd number of times. */
function isInside(polygon, x, y) {
  let inside = false;
  for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i++) {
    const [xi, yi] = polygon[i];
    const [xj, yj] = polygon[j];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside;
  }
  return inside;
}

function boundsOf(polygon) {
  const [xs, ys] = [0, 1].map((axis) => polygon.map((place) => place[axis]));
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}

/**
 * How many of the selected pictures each class has.
 * @param {Uint32Array} indices
 * @param {Uint8Array} labels
 * @param {number} nClasses
 */
export function classCounts(indices, labels, nClasses) {
  const counts = new Uint32Array(nClasses);
  for (const i of indices) counts[labels[i]]++;
  return counts;
}

/**
 * At most so many of the indices, evenly spaced.
 * @param {Uint32Array} indices
 * @param {number} most
 * @returns {number[]}
 */
export function evenly(indices, most) {
  const n = Math.min(most, indices.length);
  return Array.from({ length: n }, (_, i) => indices[Math.floor((i * indices.length) / n)]);
}
