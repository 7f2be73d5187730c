/**
 * A picture from anywhere as a picture of the set: its size, its channels, its paper.
 */

import { measureInk } from "./ink.js";

/** Weights of red, green and blue in a grey value: ITU-R BT.601, as Pillow has them. */
const LUMA = [0.299, 0.587, 0.114];

/**
 * @typedef {object} Sheet any picture, in the set's channels
 * @property {Float32Array} values (C, height, width) in [0, 1]
 * @property {number} width
 * @property {number} height
 */

/**
 * Laid on paper where it is transparent; grey if the set is.
 * @param {{data: Uint8ClampedArray, width: number, height: number}} image RGBA
 * @param {number[]} paper one value for each channel
 * @returns {Sheet}
 */
export function sheetOf({ data, width, height }, paper) {
  const area = width * height;
  const values = new Float32Array(paper.length * area);
  for (let i = 0; i < area; i++) {
    const opacity = data[4 * i + 3] / 255;
    const grey = LUMA[0] * data[4 * i] + LUMA[1] * data[4 * i + 1] + LUMA[2] * data[4 * i + 2];
    for (let c = 0; c < paper.length; c++) {
      const value = (paper.length === 1 ? grey : data[4 * i + c]) / 255;
      values[c * area + i] = paper[c] + opacity * (value - paper[c]);
    }
  }
  return { values, width, height };
}

/**
 * Whether a grey picture has ink where the set has paper: its border is nearer to the ink.
 * @param {Sheet} sheet
 * @param {import("./look.js").Look} look
 */
export function isNegative({ values, width, height }, { paper, centring }) {
  if (!centring || paper.length > 1) return false;
  let [sum, n] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    const [x, y] = [i % width, Math.floor(i / width)];
    if (x && y && x < width - 1 && y < height - 1) continue;
    sum += Math.abs(values[i] - paper[0]);
    n++;
  }
  return sum / n > 0.5;
}

/** Light becomes dark. @param {Sheet} sheet @returns {Sheet} */
export function negative(sheet) {
  return { ...sheet, values: sheet.values.map((value) => 1 - value) };
}

/**
 * The sheet at the set's size. One of that very size stays as it is; of any other the central
 * square is taken, or, where the set is centred and the sheet is to be, the square that puts its
 * ink where the set has it.
 * @param {Sheet} sheet
 * @param {[number, number, number]} shape (C, H, W)
 * @param {import("./look.js").Look} look
 * @param {boolean} isCentred
 * @returns {Float32Array} (C, H, W)
 */
export function fit(sheet, shape, look, isCentred) {
  const { values, width, height } = sheet;
  const [, toHeight, toWidth] = shape;
  if (width === toWidth && height === toHeight) return values.slice();
  const { centring, paper } = look;
  const ink = isCentred && centring ? measureInk(values, width, paper[0]) : null;
  const ratio = toWidth / toHeight;
  const tall = ink ? (ink.box * toHeight) / centring.box : Math.min(height, width / ratio);
  const wide = ratio * tall;
  const left = ink ? ink.x - (centring.middle[0] / toWidth) * wide : (width - wide) / 2;
  const top = ink ? ink.y - (centring.middle[1] / toHeight) * tall : (height - tall) / 2;
  return resample(sheet, [left, top, wide, tall], shape, paper);
}

/**
 * A rectangle of a sheet at another size: each pixel is the mean of the area it comes from, with
 * paper beyond the sheet's edges.
 * @param {Sheet} sheet
 * @param {[number, number, number, number]} rectangle left, top, width and height
 * @param {[number, number, number]} shape (C, H, W)
 * @param {number[]} paper
 * @returns {Float32Array} (C, H, W)
 */
export function resample({ values, width, height }, [left, top, wide, tall], shape, paper) {
  const [channels, toHeight, toWidth] = shape;
  const columns = spans(left, wide / toWidth, toWidth, width);
  const rows = spans(top, tall / toHeight, toHeight, height);
  const out = new Float32Array(channels * toHeight * toWidth);
  for (let c = 0; c < channels; c++) {
    for (let i = 0; i < toHeight; i++) {
      for (let j = 0; j < toWidth; j++) {
        let [sum, inside] = [0, 0];
        for (const [y, down] of rows[i]) {
          for (const [x, across] of columns[j]) {
            sum += down * across * values[(c * height + y) * width + x];
            inside += down * across;
          }
        }
        out[(c * toHeight + i) * toWidth + j] = sum + (1 - inside) * paper[c];
      }
    }
  }
  return out;
}

/** For each new pixel the old ones it covers along one axis, with their shares of it. */
function spans(from, step, n, size) {
  const least = Math.max(step, 1); // enlarged, a pixel would else take one old pixel's square
  return Array.from({ length: n }, (_, i) => {
    const start = from + (i + 0.5) * step - least / 2;
    const covered = [];
    for (let x = Math.max(0, Math.floor(start)); x < Math.min(size, Math.ceil(start + least)); x++) {
      covered.push([x, (Math.min(x + 1, start + least) - Math.max(x, start)) / least]);
    }
    return covered;
  });
}
