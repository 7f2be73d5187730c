/**
 * What the pictures of a set look like, as far as a pen has to know: their paper, how wide their
 * lines are, and whether they were centred.
 */

import { measureInk } from "./ink.js";

const BARE = 0.06; // of full ink: corners with less, on average, are paper
const CENTRED = 0.06; // of the side: farther from one middle, on average, nobody centred them
const WIDEST = 0.25; // of the side: what is wider is a surface and no line

/**
 * @typedef {object} Centring how the pictures were placed
 * @property {number} box longer side of the ink, in pixels
 * @property {[number, number]} middle where the centre of mass lies, x and y in pixels
 */

/**
 * @typedef {object} Look
 * @property {number[]} paper one value in [0, 1] for each channel
 * @property {number[]} ink
 * @property {number} thickness of a line, in pixels
 * @property {Centring | null} centring null for pictures that nobody centred
 * @property {number} n pictures it was measured on
 */

/**
 * @param {Float32Array[]} pictures (C, H, W) each, at least one
 * @param {[number, number, number]} shape (C, H, W)
 * @returns {Look}
 */
export function measureLook(pictures, [channels, height, width]) {
  const n = pictures.length;
  const side = Math.min(height, width);
  const area = height * width;
  const paper = Array.from({ length: channels }, (_, c) =>
    median(pictures.flatMap((x) => cornersOf(x.subarray(c * area, (c + 1) * area), width))),
  );
  const ink = paper.map(() => (mean(paper) < 0.5 ? 1 : 0));
  if (channels > 1) return { paper, ink, thickness: (WIDEST * side) / 2, centring: null, n };
  const widths = pictures.map((x) => lineWidth(x, width, paper[0])).filter(Number.isFinite);
  const thickness = Math.max(1, Math.min(WIDEST * side, widths.length ? median(widths) : 1));
  return { paper, ink, thickness, centring: findCentring(pictures, width, paper[0], side), n };
}

function findCentring(pictures, width, paper, side) {
  const corners = pictures.flatMap((x) => cornersOf(x, width));
  if (mean(corners.map((value) => Math.abs(value - paper))) > BARE) return null;
  const places = pictures.map((x) => measureInk(x, width, paper)).filter(Boolean);
  if (!places.length) return null;
  const middle = [mean(places.map(({ x }) => x)), mean(places.map(({ y }) => y))];
  const away = mean(places.map(({ x, y }) => Math.hypot(x - middle[0], y - middle[1])));
  return away > CENTRED * side ? null : { box: median(places.map(({ box }) => box)), middle };
}

/**
 * Mean width of the lines in a picture: twice their area over the length of their edges, which
 * is how much the picture changes from pixel to pixel in all. On `strokes`, whose widths are
 * known, it is 1.07 times the true one.
 */
function lineWidth(x, width, paper) {
  let [area, edges] = [0, 0];
  for (let i = 0; i < x.length; i++) {
    area += Math.abs(x[i] - paper);
    const left = i % width ? x[i - 1] : paper;
    const above = i >= width ? x[i - width] : paper;
    edges += Math.hypot(x[i] - left, x[i] - above);
  }
  return (2 * area) / edges;
}

function cornersOf(channel, width) {
  const last = channel.length - 1;
  return [channel[0], channel[width - 1], channel[last - width + 1], channel[last]];
}

function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function median(values) {
  return [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)];
}
