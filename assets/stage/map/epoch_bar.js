/**
 * The time slider under a map: the run after each of the epochs whose weights were kept.
 */

import { make } from "../kit/elements.js";

const STEP_MS = 1100; // between epochs while playing

export class EpochBar {
  /**
   * @param {(model: import("../main/load.js").Model) => void} onModel the model of the epoch chosen
   * @param {(epoch: any, base: import("../main/load.js").Model) =>
   *   Promise<import("../main/load.js").Model>} load
   * @param {(error: Error) => void} onError
   */
  constructor(onModel, load, onError) {
    Object.assign(this, { onModel, load, onError });
    this.epochs = [];
    this.slider = make("input", { type: "range", min: "0", step: "1", "aria-label": "Epoch" });
    this.slider.addEventListener("input", () => {
      this.stop();
      this.#choose(this.slider.valueAsNumber);
    });
    this.button = make("button", { type: "button", class: "play" });
    this.button.addEventListener("click", () => (this.timer ? this.stop() : this.#play()));
    this.words = make("output", {});
    const parts = [this.button, make("span", {}, "Epoch"), this.slider, this.words];
    this.element = make("div", { class: "epochs", hidden: "" }, ...parts);
    /** @type {Map<number, Promise<import("../main/load.js").Model>>} by position on the slider */
    this.models = new Map();
    this.#mark();
  }

  /**
   * Offer the epochs of a run.
   * @param {import("../main/load.js").Model} base the run after its last epoch
   * @returns {import("../main/load.js").Model} what to show: the epoch chosen before, if it is this run's
   */
  show(base) {
    if (base === this.base) return this.current;
    this.stop();
    this.base = this.current = base;
    this.models.clear();
    this.epochs = base.spec.epochs ?? [];
    this.element.hidden = this.epochs.length < 2;
    this.last = this.epochs.length - 1;
    this.slider.max = String(Math.max(0, this.last));
    this.at = this.last;
    this.slider.value = String(this.at);
    this.#describe();
    return base;
  }

  /** The epoch that is shown; null of a run that keeps none. */
  get epoch() {
    return this.epochs[this.at]?.epoch ?? null;
  }

  /** Stop playing. */
  stop() {
    clearTimeout(this.timer);
    this.timer = null;
    this.#mark();
  }

  /** From the beginning, or on from where it is. */
  #play() {
    const next = async () => {
      const at = this.at >= this.last ? null : this.at + 1;
      if (at === null) return this.stop();
      await this.#choose(at);
      if (this.timer) this.timer = setTimeout(next, STEP_MS);
    };
    const first = this.at >= this.last ? this.#choose(0) : null;
    this.timer = setTimeout(async () => (await first, await next()), first ? STEP_MS : 0);
    this.#mark();
  }

  async #choose(at) {
    this.at = at;
    this.slider.value = String(at);
    this.#describe();
    const { base } = this;
    try {
      const model = await this.#model(at);
      if (base !== this.base || at !== this.at) return; // another was chosen meanwhile
      this.current = model;
      this.onModel(model);
    } catch (error) {
      this.models.delete(at);
      this.stop();
      this.onError(error);
    }
  }

  #model(at) {
    if (at === this.last) return Promise.resolve(this.base);
    if (!this.models.has(at)) this.models.set(at, this.load(this.epochs[at], this.base));
    return this.models.get(at);
  }

  #describe() {
    const { epoch } = this;
    const total = this.epochs[this.last]?.epoch;
    const words = epoch === 0 ? "before training" : `${epoch} of ${total}`;
    this.words.textContent = words;
    this.slider.setAttribute("aria-valuetext", words);
  }

  #mark() {
    const isPlaying = Boolean(this.timer);
    this.button.textContent = isPlaying ? "❚❚" : "▶";
    this.button.setAttribute("aria-label", isPlaying ? "Stop" : "Play the epochs");
  }
}
