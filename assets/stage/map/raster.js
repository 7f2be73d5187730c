/**
 * Points as small discs, written straight into the words of an ImageData.
 */

/**
 * @typedef {object} Drawing points in the order they are drawn, later ones on top
 * @property {Float32Array} xy (N, 2)
 * @property {Uint32Array} colours one word each
 */

/**
 * Index of every point in a fixed shuffled order, so that no class hides the others merely by
 * coming last. A multiplier coprime to N visits each index once.
 * @param {number} n
 * @returns {Uint32Array}
 */
export function shuffledOrder(n) {
  let step = Math.max(1, Math.floor(n * 0.6180339887)); // golden section: neighbours end far apart
  while (greatestCommonDivisor(step, n) !== 1) step++;
  const order = new Uint32Array(n);
  for (let i = 0, at = 0; i < n; i++, at = (at + step) % n) order[i] = at;
  return order;
}

function greatestCommonDivisor(a, b) {
  return b ? greatestCommonDivisor(b, a % b) : a;
}

/**
 * The points with the dimmed ones first.
 * @param {Float32Array} xy (N, 2)
 * @param {Uint32Array} colours one word each
 * @param {Uint32Array} order from `shuffledOrder`
 * @param {((i: number) => boolean) | null} isLit null if all are
 * @param {(word: number) => number} dim
 * @returns {Drawing}
 */
export function arrange(xy, colours, order, isLit, dim) {
  const drawing = { xy: new Float32Array(xy.length), colours: new Uint32Array(colours.length) };
  let at = 0;
  const put = (i, colour) => {
    drawing.xy[2 * at] = xy[2 * i];
    drawing.xy[2 * at + 1] = xy[2 * i + 1];
    drawing.colours[at++] = colour;
  };
  if (isLit) for (const i of order) if (!isLit(i)) put(i, dim(colours[i]));
  for (const i of order) if (!isLit || isLit(i)) put(i, colours[i]);
  return drawing;
}

/**
 * Side of a point in device pixels: small where there are many, larger when the map is magnified.
 * @param {number} n
 * @param {number} magnification from the first view
 * @param {number} pixelRatio
 */
export function pointSize(n, magnification, pixelRatio) {
  const base = n > 20000 ? 2 : n > 2000 ? 3 : 5;
  const grown = magnification > 12 ? 4 : magnification > 5 ? 2 : magnification > 2 ? 1 : 0;
  return Math.round((base + grown) * pixelRatio);
}

/** Offsets of a disc's pixels from its top left corner; up to 3 pixels it is a square. */
function discOffsets(size, width) {
  const offsets = [];
  const middle = (size - 1) / 2;
  const reach = size <= 3 ? Infinity : (size / 2) ** 2;
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      if ((x - middle) ** 2 + (y - middle) ** 2 <= reach) offsets.push(y * width + x);
    }
  }
  return Int32Array.from(offsets);
}

/**
 * Clear the picture and draw every point that is wholly inside it.
 * @param {Uint32Array} words (height, width)
 * @param {number} width
 * @param {number} height
 * @param {Drawing} drawing
 * @param {{scale: number, left: number, top: number}} place device pixel of a point:
 *   left + scale·x, top − scale·y
 * @param {number} size
 */
export function paintPoints(words, width, height, drawing, place, size) {
  words.fill(0);
  const { xy, colours } = drawing;
  const offsets = discOffsets(size, width);
  const n = offsets.length;
  const left = place.left - size / 2 + 0.5;
  const top = place.top - size / 2 + 0.5;
  const { scale } = place;
  const [endX, endY] = [width - size, height - size];
  for (let i = 0; i < colours.length; i++) {
    const x = left + scale * xy[2 * i];
    const y = top - scale * xy[2 * i + 1];
    if (!(x >= 0 && y >= 0 && x <= endX && y <= endY)) continue;
    const at = (y | 0) * width + (x | 0);
    const colour = colours[i];
    for (let k = 0; k < n; k++) words[at + offsets[k]] = colour;
  }
}
