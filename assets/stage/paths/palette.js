/**
 * A picture's colours as at most 256 of them.
 */

const MOST = 256;

/**
 * @typedef {object} Indexed
 * @property {Uint8Array} palette (256, 3)
 * @property {Uint8Array} indices one a pixel
 */

/**
 * Exact where there are up to 256 colours; else by median cut (P. Heckbert 1982): the box of
 * colours with the longest side is halved until there are 256, and each becomes its mean.
 * @param {Uint8ClampedArray} rgba (pixels, 4); all opaque
 * @returns {Indexed}
 */
export function indexColours(rgba) {
  const words = new Uint32Array(rgba.buffer, rgba.byteOffset, rgba.length / 4);
  const counts = new Map();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  const colours = Array.from(counts, ([word, count]) => ({ word, count, rgb: bytesOf(word) }));
  const boxes = colours.length <= MOST ? colours.map((colour) => [colour]) : cut(colours);
  const palette = new Uint8Array(3 * MOST);
  const indexOf = new Map();
  boxes.forEach((box, index) => {
    palette.set(meanOf(box), 3 * index);
    for (const { word } of box) indexOf.set(word, index);
  });
  return { palette, indices: Uint8Array.from(words, (word) => indexOf.get(word)) };
}

function bytesOf(word) {
  return [word & 255, (word >> 8) & 255, (word >> 16) & 255];
}

function cut(colours) {
  const boxes = [measured(colours)];
  while (boxes.length < MOST) {
    boxes.sort((one, other) => other.side - one.side);
    const { box, axis, side } = boxes[0];
    if (side === 0) break;
    boxes.splice(0, 1, ...halves(box, axis).map(measured));
  }
  return boxes.map(({ box }) => box);
}

/** A box of colours with its longest side. */
function measured(box) {
  const sides = [0, 1, 2].map((axis) => {
    let [low, high] = [255, 0];
    for (const { rgb } of box) [low, high] = [Math.min(low, rgb[axis]), Math.max(high, rgb[axis])];
    return high - low;
  });
  const side = Math.max(...sides);
  return { box, side, axis: sides.indexOf(side) };
}

/** Split where half of the pixels are on either side. */
function halves(box, axis) {
  const sorted = box.sort((one, other) => one.rgb[axis] - other.rgb[axis]);
  const half = sorted.reduce((sum, { count }) => sum + count, 0) / 2;
  let at = 1;
  let pixels = sorted[0].count;
  while (at < sorted.length - 1 && pixels + sorted[at].count <= half) pixels += sorted[at++].count;
  return [sorted.slice(0, at), sorted.slice(at)];
}

function meanOf(box) {
  const total = box.reduce((sum, { count }) => sum + count, 0);
  return [0, 1, 2].map((axis) => {
    return Math.round(box.reduce((sum, { rgb, count }) => sum + rgb[axis] * count, 0) / total);
  });
}
