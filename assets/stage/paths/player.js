/**
 * The controls of the morph: where on the path it is, and whether it moves.
 */

import { make } from "../kit/elements.js";

const SPEEDS = [0.5, 1, 2, 4, 8]; // seconds from stop to stop
const USUAL = 2;

export class Player {
  position = 0; // 0 at the first stop, 1 at the second …
  legs = 0;
  isPlaying = false;
  #direction = 1;
  #last = 0;

  /** @param {() => void} onMove something has to be drawn */
  constructor(onMove) {
    this.onMove = onMove;
    this.button = make("button", { type: "button", class: "play-path", title: "Key: space" }, "Play");
    this.button.addEventListener("click", () => this.play(!this.isPlaying));
    this.bar = make("input", { type: "range", min: "0", max: "0", step: "any", value: "0" });
    this.bar.setAttribute("aria-label", "Place on the path");
    this.bar.addEventListener("input", () => this.seek(this.bar.valueAsNumber));
    const speeds = SPEEDS.map((s) => make("option", { value: String(s) }, `${s} s per leg`));
    this.speed = make("select", { "aria-label": "Time from stop to stop" }, ...speeds);
    this.speed.value = String(USUAL);
    this.elements = [this.button, this.bar, this.speed];
  }

  /** Seconds from stop to stop. */
  get seconds() {
    return Number(this.speed.value);
  }

  /** @param {number} legs of the path */
  setLegs(legs) {
    this.legs = legs;
    this.bar.max = String(legs);
    this.button.disabled = this.bar.disabled = legs === 0;
    this.position = Math.min(this.position, legs);
    if (!legs) this.play(false);
  }

  /** @param {number} position */
  seek(position) {
    this.play(false);
    this.position = Math.max(0, Math.min(this.legs, position));
  }

  /** @param {boolean} isPlaying */
  play(isPlaying) {
    this.isPlaying = isPlaying && this.legs > 0;
    this.button.textContent = this.isPlaying ? "Pause" : "Play";
    this.#last = performance.now();
    this.onMove();
  }

  /** In every frame: there and back again while it plays. */
  advance() {
    if (this.isPlaying) {
      const now = performance.now();
      const position = this.position + (this.#direction * (now - this.#last)) / (1000 * this.seconds);
      this.#last = now;
      if (position >= this.legs) this.#direction = -1;
      if (position <= 0) this.#direction = 1;
      this.position = Math.max(0, Math.min(this.legs, position));
      this.onMove();
    }
    this.bar.value = String(this.position);
    this.bar.setAttribute("aria-valuetext", describe(this.position));
  }
}

function describe(position) {
  const stop = Math.floor(position) + 1;
  const share = Math.round(100 * (position % 1));
  return share ? `${share} % of the way from stop ${stop} to stop ${stop + 1}` : `At stop ${stop}`;
}
