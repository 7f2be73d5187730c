/**
 * One bar per latent axis of model A, most active first; buttons for categorical latents.
 */

import { ClassButtons } from "./class_buttons.js";
import { make } from "../kit/elements.js";
import { decimalsFor, format } from "../kit/numbers.js";
import { Sweep } from "./sweep.js";

const WIDENING = 0.2; // of the range of the data, on each side: what lies just beyond is of interest
const STEPS = 1000; // a thousand places across a bar, finer than its pixels
const BINS = 48;
const SETTLE_AFTER = 120; // ms
const MOST_BARS = 200; // a screenful is in sight; the least active of a VQ-VAE's 784 hardly move

export class Sliders {
  title = "Sliders";

  constructor() {
    this.rows = [];
    this.list = make("div", { class: "slider-list" });
    this.heading = make("h3");
    const reset = make("button", { type: "button", class: "reset" }, "Reset all");
    reset.addEventListener("click", () => {
      this.leave();
      this.stage.look((probe) => probe.resetAxes());
    });
    const head = make("header", {}, this.heading, reset);
    this.classes = new ClassButtons((first, n, chosen) =>
      this.stage.look((probe) => {
        const z = probe.sides.a.z.slice();
        for (let i = 0; i < n; i++) z[first + i] = Number(i === chosen);
        probe.setLatent("a", z);
      }),
    );
    this.sweep = new Sweep((axis, value) =>
      this.stage.look((probe) => probe.setAxis(axis, value)),
    );
    this.element = make("section", { class: "sliders" }, head, this.classes.element, this.list);
    // Of 512 bars only those in sight are worth moving sixty times a second.
    this.sight = new IntersectionObserver((entries) => this.#notice(entries), { root: this.list });
  }

  /** Whether axes are what its latents are made of: those of a VQ-VAE are codes. */
  fits(stage) {
    return !stage.models.a?.codebook;
  }

  /** Bars for the axes of model A. @param {import("../main/stage.js").Stage} stage */
  show(stage) {
    this.stage = stage;
    const { axes, spec } = stage.models.a;
    if (axes === this.axes) return;
    this.axes = axes;
    this.leave();
    const groups = spec.groups ?? [];
    this.classes.show(groups);
    const nOfClasses = groups.reduce((total, n) => total + n, 0);
    this.probe = null;
    const continuous = axes.filter((axis) => axis.index >= nOfClasses);
    const byActivity = continuous.sort((one, other) => other.deviation - one.deviation);
    const shown = byActivity.slice(0, MOST_BARS);
    this.heading.textContent = headingOf(groups.length, continuous.length, shown.length);
    const longest = Math.max(0, ...shown.map((axis) => axis.name.length));
    this.list.style.setProperty("--name-width", `${longest}ch`);
    this.element.setAttribute("aria-label", "Latent axes of model A, most active first");
    this.sight.disconnect();
    this.rows = shown.map((axis) => this.#makeRow(axis));
    this.list.replaceChildren(...this.rows.map((row) => row.element));
    for (const row of this.rows) this.sight.observe(row.element);
  }

  /** Set the bars in sight to the latent shown. @param {import("../main/probe.js").Probe} probe */
  update(probe) {
    this.probe = probe;
    const { z } = probe.sides.a;
    this.classes.update(z);
    const focused = this.list.getRootNode().activeElement;
    for (const row of this.rows) {
      const value = z[row.axis.index];
      if (!row.isInSight || row.shown === value) continue;
      row.shown = value;
      const share = Math.max(0, Math.min(1, (value - row.min) / (row.max - row.min)));
      row.thumb.style.transform = `translateX(${100 * share}%)`;
      row.value.textContent = format(value, row.decimals);
      if (row.input === focused) setNative(row); // its keys go on from here
    }
    this.settling ??= setTimeout(() => this.#settle(), SETTLE_AFTER);
  }

  /** Another tab was opened: nothing plays unseen. */
  leave() {
    this.sweep.stop();
    for (const row of this.rows) markPlaying(row, false);
  }

  /** The native bars follow the drawn thumbs a moment later: setting them repaints the panel. */
  #settle() {
    this.settling = null;
    const focused = this.list.getRootNode().activeElement;
    for (const row of this.rows) if (row.isInSight && row.input !== focused) setNative(row);
  }

  #notice(entries) {
    const byElement = new Map(this.rows.map((row) => [row.element, row]));
    for (const { target, isIntersecting } of entries) {
      const row = byElement.get(target);
      if (row) row.isInSight = isIntersecting;
    }
    if (this.probe) this.update(this.probe);
  }

  #makeRow(axis) {
    const spread = axis.high - axis.low || 1;
    const [min, max] = [axis.low - WIDENING * spread, axis.high + WIDENING * spread];
    const decimals = decimalsFor(spread);
    const deviation = format(axis.deviation, decimals);
    const label = `${axis.name}, standard deviation ${deviation}`;
    const input = make("input", {
      type: "range",
      min: String(min),
      max: String(max),
      step: String((max - min) / STEPS),
      "aria-label": label,
      "data-axis": String(axis.index),
      title: `${label}. Double-click resets it.`,
    });
    const set = (valueOf) =>
      this.stage.look((probe) => probe.setAxis(axis.index, valueOf(probe)));
    input.addEventListener("input", () => {
      this.leave();
      set(() => input.valueAsNumber);
    });
    input.addEventListener("dblclick", () => set((probe) => probe.anchor("a")[axis.index]));
    const value = make("output", {});
    const name = make("span", { class: "axis-name", "aria-hidden": "true" }, axis.name);
    const thumb = make("i", { class: "thumb" });
    const bar = make("span", { class: "bar" }, distribution(axis.sample, min, max), input, thumb);
    const play = make("button", { type: "button", class: "play" });
    const element = make("div", { class: "slider" }, play, name, bar, value);
    const parts = { axis, min, max, input, thumb, value, decimals, play, element };
    const row = { ...parts, shown: NaN, isInSight: true };
    play.addEventListener("click", () => this.#play(row));
    markPlaying(row, false);
    return row;
  }

  /** Sweep this axis, or stop if it is the one that moves. */
  #play(row) {
    const wasPlaying = this.sweep.axis === row.axis.index;
    this.leave();
    if (wasPlaying) return;
    const { index, low, high } = row.axis;
    this.sweep.start(index, low, high, this.stage.probe.sides.a.z[index]);
    markPlaying(row, true);
  }
}

function headingOf(nVariables, nAxes, nShown) {
  const variables = nVariables ? [nVariables === 1 ? "1 variable" : `${nVariables} variables`] : [];
  const all = nAxes === 1 ? "1 latent axis" : `${nAxes} latent axes`;
  const axes = nAxes ? [nShown < nAxes ? `${nShown} of ${all}` : all] : [];
  return [...variables, ...axes].join(", ");
}

function markPlaying({ play, axis }, isPlaying) {
  play.textContent = isPlaying ? "❚❚" : "▶";
  play.setAttribute("aria-label", isPlaying ? "Stop" : `Sweep ${axis.name}`);
  play.setAttribute("aria-pressed", String(isPlaying));
}

function setNative({ input, shown, min, max, value }) {
  const isThere = Math.abs(input.valueAsNumber - shown) <= (max - min) / STEPS;
  if (!isThere) input.value = String(shown);
  input.setAttribute("aria-valuetext", value.textContent);
}

/** How the data are distributed along an axis, as a filled curve behind its bar. */
function distribution(sorted, min, max) {
  const counts = new Float32Array(BINS);
  for (const value of sorted) {
    const bin = Math.floor(((value - min) / (max - min)) * BINS);
    if (bin >= 0 && bin < BINS) counts[bin]++;
  }
  const highest = Math.max(...counts);
  const corners = Array.from(counts, (count, i) => `${i + 0.5},${1 - count / highest}`);
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", `0 0 ${BINS} 1`);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  const shape = document.createElementNS("http://www.w3.org/2000/svg", "polygon");
  shape.setAttribute("points", `0,1 ${corners.join(" ")} ${BINS},1`);
  svg.append(shape);
  return svg;
}
