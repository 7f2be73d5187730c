/**
 * What stands still on a map beside its points: axes, their numbers, the prior's circles.
 */

import { format } from "../kit/numbers.js";
import { ticks, toMap, toScreen } from "./view.js";

/**
 * @typedef {object} Frame one canvas to draw on, in CSS pixels
 * @property {CanvasRenderingContext2D} context
 * @property {number} width
 * @property {number} height
 * @property {import("./view.js").View} view
 * @property {import("../kit/theme.js").Theme} theme
 */

const TEXT = 14; // pixels; the smallest that is read from the last row
const TICK_SPACING = 70; // pixels between ticks, about
const EDGE = 8; // pixels from the panel's edge to its lettering
const CORNER = 40; // pixels
const GRID_ALPHA = 0.07;
const ZERO_ALPHA = 0.22;
const NUMBER_ALPHA = 0.72;

/** Grid lines at round values; the zero lines a little stronger. @param {Frame} frame */
export function drawGrid(frame) {
  const { context, width, height, view, theme } = frame;
  const { xs, ys } = gridValues(frame);
  context.strokeStyle = theme.text;
  context.lineWidth = 1;
  for (const value of xs.values) {
    const x = Math.round(toScreen(view, width, height, value, 0)[0]) + 0.5;
    line(context, isZero(value, xs), x, 0, x, height);
  }
  for (const value of ys.values) {
    const y = Math.round(toScreen(view, width, height, 0, value)[1]) + 0.5;
    line(context, isZero(value, ys), 0, y, width, y);
  }
  context.globalAlpha = 1;
}

/** Numbers along the lower and left edge, readable over points. @param {Frame} frame */
export function drawNumbers(frame) {
  const { width, height, view } = frame;
  const { xs, ys } = gridValues(frame);
  const baseline = height - EDGE;
  for (const value of xs.values) {
    const x = toScreen(view, width, height, value, 0)[0];
    if (x < CORNER || x > width - CORNER) continue; // the corners belong to the captions
    text(frame, format(value, xs.decimals), x, baseline, "center");
  }
  for (const value of ys.values) {
    const y = toScreen(view, width, height, 0, value)[1];
    if (y < CORNER || y > height - CORNER) continue;
    text(frame, format(value, ys.decimals), EDGE, y + TEXT / 3, "left");
  }
}

/** Names of the axes, at their ends. @param {Frame} frame @param {string[]} captions */
export function drawCaptions(frame, captions) {
  text(frame, captions[0], frame.width - EDGE, frame.height - EDGE, "right", true);
  text(frame, captions[1], EDGE, EDGE + TEXT, "left", true);
}

/** Circles at one and two standard deviations of the prior N(0, I). @param {Frame} frame */
export function drawPrior(frame) {
  const { context, width, height, view, theme } = frame;
  const [x, y] = toScreen(view, width, height, 0, 0);
  for (const deviations of [1, 2]) {
    const radius = deviations * view.scale;
    context.strokeStyle = theme.text;
    context.lineWidth = 1.25;
    context.globalAlpha = 0.7;
    context.setLineDash([5, 4]);
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.stroke();
    context.setLineDash([]);
    // On the diagonal, where no number of an axis stands.
    const along = radius * Math.SQRT1_2;
    text(frame, `${deviations}σ`, x + along + 4, y - along - 4, "left");
  }
}

function gridValues({ width, height, view }) {
  const [left, bottom] = toMap(view, width, height, 0, height);
  const [right, top] = toMap(view, width, height, width, 0);
  return {
    xs: ticks(left, right, width / TICK_SPACING),
    ys: ticks(bottom, top, height / TICK_SPACING),
  };
}

function isZero(value, { values }) {
  return Math.abs(value) < 1e-9 * Math.abs(values[values.length - 1] - values[0] || 1);
}

function line(context, isStrong, x0, y0, x1, y1) {
  context.globalAlpha = isStrong ? ZERO_ALPHA : GRID_ALPHA;
  context.beginPath();
  context.moveTo(x0, y0);
  context.lineTo(x1, y1);
  context.stroke();
}

/** Lettering with a halo in the panel's colour. */
function text({ context, theme }, words, x, y, align, isBold = false) {
  context.font = `${isBold ? 600 : 400} ${TEXT}px ${theme.font}`;
  context.textAlign = align;
  context.lineJoin = "round";
  context.lineWidth = 4;
  context.strokeStyle = theme.panel;
  context.globalAlpha = 0.85;
  context.strokeText(words, x, y);
  context.globalAlpha = isBold ? 1 : NUMBER_ALPHA;
  context.fillStyle = theme.text;
  context.fillText(words, x, y);
  context.globalAlpha = 1;
}
