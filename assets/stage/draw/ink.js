/**
 * Lines of a pen as pixels.
 *
 * Nothing is drawn large and made small: each pixel is told how far its centre is from the line,
 * and takes as much ink as a soft edge leaves there. That is how anti-aliased handwriting looks.
 */

const EDGE = 1.25; // px from full ink to none; 1.0 to 1.5 in `strokes`, and in MNIST about the same

/**
 * @typedef {object} Dot a place of the pen; the centre of the top left pixel is (0.5, 0.5)
 * @property {number} x
 * @property {number} y
 * @property {number} radius half the width of the line, in the units of x and y
 */

/**
 * @typedef {object} Stroke the pen from when it touches the paper until it leaves it
 * @property {Dot[]} dots at least one
 * @property {number[]} colour one number in [0, 1] for each channel
 * @property {boolean} [isErasing] the colour is the paper's
 */

/**
 * Strokes laid over a picture, one after the other.
 * @param {Float32Array} out (C, H, W) the picture, written over
 * @param {Stroke[]} strokes in pixels of the picture
 * @param {[number, number, number]} shape (C, H, W)
 */
export function lay(out, strokes, [channels, height, width]) {
  const area = height * width;
  const ink = new Float32Array(area);
  for (const { dots, colour } of strokes) {
    cover(ink.fill(0), dots, height, width);
    for (let c = 0; c < channels; c++) {
      for (let i = 0; i < area; i++) out[c * area + i] += ink[i] * (colour[c] - out[c * area + i]);
    }
  }
}

/** How much of each pixel one stroke covers. */
function cover(ink, dots, height, width) {
  for (let i = 0; i < Math.max(1, dots.length - 1); i++) {
    const [from, to] = [dots[i], dots[Math.min(i + 1, dots.length - 1)]];
    const reach = Math.max(from.radius, to.radius) + EDGE;
    const left = Math.max(0, Math.floor(Math.min(from.x, to.x) - reach));
    const right = Math.min(width, Math.ceil(Math.max(from.x, to.x) + reach));
    const top = Math.max(0, Math.floor(Math.min(from.y, to.y) - reach));
    const bottom = Math.min(height, Math.ceil(Math.max(from.y, to.y) + reach));
    for (let y = top; y < bottom; y++) {
      for (let x = left; x < right; x++) {
        const covered = 0.5 - depth(x + 0.5, y + 0.5, from, to) / EDGE;
        const at = y * width + x;
        if (covered > ink[at]) ink[at] = Math.min(1, covered);
      }
    }
  }
}

/** Distance of a place from the edge of a line between two dots, negative inside. */
function depth(x, y, from, to) {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const square = dx * dx + dy * dy;
  const share = square ? ((x - from.x) * dx + (y - from.y) * dy) / square : 0;
  const t = Math.max(0, Math.min(1, share));
  const distance = Math.hypot(x - from.x - t * dx, y - from.y - t * dy);
  return distance - (from.radius + t * (to.radius - from.radius));
}

/**
 * Where ink of some darkness lies in one channel.
 * @param {Float32Array} values (H, W)
 * @param {number} width
 * @param {number} paper value where there is no ink
 * @returns {{box: number, x: number, y: number} | null} the longer side of the box around it, and
 *   its centre of mass, in pixels; null where there is none
 */
export function measureInk(values, width, paper) {
  let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity];
  let [mass, sumX, sumY] = [0, 0, 0];
  for (let i = 0; i < values.length; i++) {
    const ink = Math.abs(values[i] - paper);
    const [x, y] = [i % width, Math.floor(i / width)];
    mass += ink;
    sumX += ink * (x + 0.5);
    sumY += ink * (y + 0.5);
    if (ink < 0.5) continue; // a soft edge reaches farther than the line is taken to
    [left, right] = [Math.min(left, x), Math.max(right, x + 1)];
    [top, bottom] = [Math.min(top, y), Math.max(bottom, y + 1)];
  }
  if (right < left) return null;
  return { box: Math.max(right - left, bottom - top), x: sumX / mass, y: sumY / mass };
}

const LEAST_SIDE = 1; // pixel: a dot has no longer side
const SHIFTS = 2; // a shift by part of a pixel moves soft edges, and so the centre, by some hundredths
const MOST_ENLARGED = 4; // a first dot must not fill the sheet

/**
 * Strokes as the makers of MNIST treated their digits: the longer side of the box around them
 * gets one length, and their centre of mass one place. The pen's width is what it is on the
 * finished picture, so that a small digit gets no bold line and a large one no hair line.
 * @param {Stroke[]} strokes in pixels of the picture
 * @param {import("./look.js").Centring} centring
 * @param {[number, number, number]} shape (C, H, W)
 * @returns {Stroke[]}
 */
export function centre(strokes, { box, middle }, [, height, width]) {
  const dots = strokes.filter((stroke) => !stroke.isErasing).flatMap((stroke) => stroke.dots);
  if (!dots.length) return strokes;
  const [left, right] = rangeOf(dots.map((dot) => dot.x));
  const [top, bottom] = rangeOf(dots.map((dot) => dot.y));
  const pen = 2 * rangeOf(dots.map((dot) => dot.radius))[1];
  const longest = Math.max(right - left, bottom - top, LEAST_SIDE);
  const scale = Math.min(MOST_ENLARGED, Math.max(LEAST_SIDE, box - pen) / longest);
  const [x, y] = [(scale * (left + right)) / 2, (scale * (top + bottom)) / 2];
  let fitted = strokes.map((stroke) => moved(stroke, scale, width / 2 - x, height / 2 - y));
  const ink = new Float32Array(height * width);
  for (let i = 0; i < SHIFTS; i++) {
    const flat = fitted.map((stroke) => ({ ...stroke, colour: [stroke.isErasing ? 0 : 1] }));
    lay(ink.fill(0), flat, [1, height, width]);
    const mass = measureInk(ink, width, 0);
    if (!mass) break;
    fitted = fitted.map((stroke) => moved(stroke, 1, middle[0] - mass.x, middle[1] - mass.y));
  }
  return fitted;
}

function rangeOf(values) {
  return values.reduce(([low, high], v) => [Math.min(low, v), Math.max(high, v)], [Infinity, -Infinity]);
}

function moved(stroke, scale, dx, dy) {
  const dots = stroke.dots.map(({ x, y, radius }) => ({ x: scale * x + dx, y: scale * y + dy, radius }));
  return { ...stroke, dots };
}
