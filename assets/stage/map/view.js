/**
 * Where on the screen a place of the map is, and what of the map is on the screen.
 */

import { quantile, sortedSample } from "../kit/numbers.js";

/**
 * @typedef {object} View immutable; lengths on the screen are CSS pixels, y of the map points up
 * @property {number} x place of the map at the centre of the screen
 * @property {number} y
 * @property {number} scale pixels per unit, the same on both axes
 */

const TAIL = 0.002; // share of points on each side that may be outliers
const REACH = 0.25; // of the range of the others: an outlier farther away is outside the first view
const MARGIN = 1.1; // of the first view around the points
const ZOOM_LIMIT = 1e4; // from the first view, either way

/**
 * The view in which the points fill the screen.
 * @param {Float32Array} xy (N, 2)
 * @param {number} width
 * @param {number} height
 * @returns {View}
 */
export function fitView(xy, width, height) {
  const [left, right, bottom, top] = [0, 1].flatMap((axis) => {
    const sample = sortedSample(xy, 2, axis);
    const [low, high] = [quantile(sample, TAIL), quantile(sample, 1 - TAIL)];
    const reach = REACH * (high - low);
    const last = sample[sample.length - 1];
    return [Math.max(sample[0], low - reach), Math.min(last, high + reach)];
  });
  const scale = Math.min(width / (right - left || 1), height / (top - bottom || 1)) / MARGIN;
  return { x: (left + right) / 2, y: (bottom + top) / 2, scale: scale || 1 };
}

/**
 * @param {View} view
 * @param {number} width @param {number} height of the screen
 * @param {number} x @param {number} y on the map
 * @returns {[number, number]} on the screen
 */
export function toScreen(view, width, height, x, y) {
  return [width / 2 + (x - view.x) * view.scale, height / 2 - (y - view.y) * view.scale];
}

/** The inverse of `toScreen`. @returns {[number, number]} */
export function toMap(view, width, height, x, y) {
  return [view.x + (x - width / 2) / view.scale, view.y - (y - height / 2) / view.scale];
}

/** The view after the map was dragged by so many pixels. @returns {View} */
export function panned(view, dx, dy) {
  return { ...view, x: view.x - dx / view.scale, y: view.y + dy / view.scale };
}

/**
 * The view magnified so that the place under (x, y) stays there.
 * @param {View} view
 * @param {View} fitted the first view, which bounds the magnification
 * @returns {View}
 */
export function zoomed(view, fitted, factor, width, height, x, y) {
  const limits = [fitted.scale / ZOOM_LIMIT, fitted.scale * ZOOM_LIMIT];
  const scale = Math.max(limits[0], Math.min(limits[1], view.scale * factor));
  const [mapX, mapY] = toMap(view, width, height, x, y);
  return {
    x: mapX - (x - width / 2) / scale,
    y: mapY + (y - height / 2) / scale,
    scale,
  };
}

/**
 * Round values (1, 2 or 5 times a power of ten apart) between two ends.
 * @param {number} low
 * @param {number} high
 * @param {number} count about how many
 * @returns {{values: number[], decimals: number}}
 */
export function ticks(low, high, count) {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((multiple) => multiple * power >= rough) * power;
  const first = Math.ceil(low / step);
  const length = Math.max(0, Math.floor(high / step) - first + 1);
  const values = Array.from({ length }, (_, i) => (first + i) * step);
  return { values, decimals: Math.max(0, -Math.floor(Math.log10(step) + 1e-9)) };
}
