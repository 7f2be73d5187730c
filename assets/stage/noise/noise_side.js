/**
 * One model on the page of denoising: its pictures, its map with arrows, and the thread it runs in.
 */

import { Arrows } from "./arrows.js";
import { joined, meanSquaredError } from "../kit/arrays.js";
import { make } from "../kit/elements.js";
import { fetchJson } from "../kit/fetching.js";
import { format } from "../kit/numbers.js";
import { Tiles } from "../pictures/tiles.js";
import { inTurn } from "./turns.js";

export const SHOWN = 12; // pictures in a row, where there are so many
const KEPT = 64; // answers of a model
const WIDEST = 860; // pixels of a row
const MOMENT_MS = 16; // of a thread's work, after which others have their turn

/**
 * @typedef {object} Question what all models are asked
 * @property {number} weight of the noise
 * @property {string} key the same for the same pictures with the same noise
 * @property {number} n pictures whose latents are followed
 * @property {number} shown of them, the first ones
 * @property {Float32Array} clean (n, C·H·W)
 * @property {Float32Array} noisy likewise
 */

/**
 * @typedef {object} Answer
 * @property {Float32Array} pictures (shown, C·H·W) that the model makes of the noisy ones
 * @property {number} error mean squared error per pixel of these to the clean ones
 * @property {Float32Array} latents (shown, D) of the noisy ones
 * @property {Steps | null} steps of all that are followed, once they are known
 * @property {{rest: any[], again: any[]}} begun what is known of these until then
 */

/**
 * @typedef {object} Steps latents (n, D)
 * @property {number} n
 * @property {Float32Array} clean
 * @property {Float32Array} noisy
 * @property {Float32Array} again of the decoded pictures
 */

export class NoiseSide {
  /**
   * @param {any} spec one of `data.models`
   * @param {import("../network/model_thread.js").ModelThread} thread the model's own
   * @param {import("../main/load.js").Points} points
   * @param {number} shown pictures in its row
   * @param {() => void} onPainted whenever other pictures are shown
   */
  constructor(spec, thread, points, shown, onPainted) {
    Object.assign(this, { spec, thread, points, onPainted });
    const { letter, name, title, colour } = spec;
    this.cost = MOMENT_MS; // of one picture, as it was last
    /** @type {Map<string, Answer>} */
    this.kept = new Map();
    /** @type {Question | null} that the pictures answer */
    this.painted = null;
    /** @type {Question | null} */
    this.question = null;
    this.tiles = new Tiles(points.imageShape, shown, 1, WIDEST);
    this.tiles.canvas.setAttribute("aria-label", `Denoised by ${title}`);
    this.error = make("span");
    this.alert = make("p", { class: "alert", role: "alert", hidden: "" });
    const label = make("div", { class: "noise-label" }, make("b", {}, letter), ` · ${name}`, this.error);
    label.style.borderColor = colour;
    this.row = make("div", { class: "noise-row" }, label, make("div", {}, this.alert, this.tiles.canvas));
    this.moved = make("small");
    this.place = make("div", { class: "noise-plot" }); // as large as the map that comes
    this.map = make("figure", { class: "noise-map", "aria-label": `Latents of ${title}` }, this.place, this.moved);
  }

  /**
   * Show the answer to a question at once where it is known, else as soon as it is. What is asked
   * meanwhile takes its place.
   * @param {Question} question
   */
  ask(question) {
    this.question = question;
    const known = this.#recall(question);
    if (known) this.#paint(question, known);
    if (!this.isBusy) this.#follow();
  }

  async #follow() {
    this.isBusy = true;
    try {
      for (let last = null; last !== this.question; ) {
        const question = this.question;
        const answer = this.#recall(question) ?? (await this.#answer(question));
        if (!answer) return;
        if (this.painted !== this.question) this.#paint(question, answer);
        answer.steps ??= await this.#followAll(question, answer);
        if (this.thread.isClosed) return;
        if (answer.steps && question === this.question) {
          await this.#draw(answer.steps);
          last = question;
        }
      }
    } catch (error) {
      this.alert.textContent = error.message;
      this.alert.hidden = false;
      this.onPainted();
      if (error.name !== "StageError") throw error;
    } finally {
      this.isBusy = false;
    }
  }

  #recall({ key }) {
    const found = this.kept.get(key);
    if (!found) return null;
    this.kept.delete(key);
    this.kept.set(key, found);
    return found;
  }

  /** @returns {Promise<Answer | null>} null once the thread is closed */
  async #answer({ key, clean, noisy, n, shown }) {
    await this.thread.ready;
    const rows = noisy.subarray(0, (noisy.length / n) * shown);
    // All in one: while a page loads, it hears of an answer late, and would of every part.
    const made = await this.#timed("repair", rows.slice(), shown);
    if (this.thread.isClosed) return null;
    const begun = { rest: [], again: [] };
    const answer = { ...made, error: meanSquaredError(made.pictures, clean), steps: null, begun };
    this.kept.set(key, answer);
    if (this.kept.size > KEPT) this.kept.delete(this.kept.keys().next().value);
    return answer;
  }

  /** @returns {Promise<Steps | null>} null where something else was asked meanwhile */
  async #followAll(question, { latents, pictures, begun }) {
    const { clean, noisy, n, shown } = question;
    if (this.cleanOnes?.of !== clean) this.cleanOnes = { of: clean, parts: [] };
    const first = await this.#inParts("encode", clean, n, this.cleanOnes.parts, question);
    const others = noisy.subarray((noisy.length / n) * shown);
    const rest = first && (await this.#inParts("repair", others, n - shown, begun.rest, question));
    if (!rest) return null;
    const all = joined(Float32Array, [pictures, rest.pictures]);
    const again = await this.#inParts("encode", all, n, begun.again, question);
    const places = joined(Float32Array, [latents, rest.latents]);
    return again && { n, clean: first.latents, noisy: places, again: again.latents };
  }

  /**
   * What comes of n rows, as many at once as take a moment; it rests while something else is asked.
   * @param {"encode" | "repair"} act
   * @param {Float32Array} rows
   * @param {number} n
   * @param {{n: number, latents: Float32Array, pictures?: Float32Array}[]} parts that are there
   *   already; others are added
   * @param {Question} question
   * @returns {Promise<{latents: Float32Array, pictures: Float32Array} | null>}
   */
  async #inParts(act, rows, n, parts, question) {
    const width = rows.length / n;
    for (let at = parts.reduce((sum, part) => sum + part.n, 0); at < n; at += parts.at(-1).n) {
      if (question !== this.question) return null;
      const count = Math.min(n - at, Math.max(1, Math.floor(MOMENT_MS / this.cost)));
      const some = rows.slice(at * width, (at + count) * width);
      const result = await inTurn(() => this.#timed(act, some, count));
      if (this.thread.isClosed) return null;
      parts.push({ n: count, ...result });
    }
    const [latents, pictures] = ["latents", "pictures"].map((of) =>
      joined(Float32Array, parts.map((p) => p[of] ?? [])),
    );
    return { latents, pictures };
  }

  async #timed(act, rows, n) {
    const began = performance.now();
    const result = await this.thread[act](rows, n);
    this.cost = (performance.now() - began) / n;
    return result;
  }

  #paint(question, answer) {
    const { pictures, error } = answer;
    this.painted = question;
    this.shown = answer;
    this.alert.hidden = true;
    this.tiles.paint(pictures);
    this.tiles.canvas.dataset.weight = format(question.weight, 2);
    this.error.textContent = `error to the clean pictures: ${format(error, 4)}`;
    this.onPainted();
  }

  /** @param {Steps} steps */
  async #draw(steps) {
    if (!this.arrows) {
      this.ground = await fetchJson(this.spec.ground, `The map of “${this.spec.title}”`);
      const { labels } = this.points;
      const { points, axes } = this.ground;
      this.arrows = new Arrows(points, labels && Array.from(labels.subarray(0, points.length)), axes);
      this.place.replaceWith(this.arrows.element);
    }
    this.steps = steps;
    const places = [steps.clean, steps.noisy, steps.again].map((z) => placesOf(z, steps.n, this.ground));
    this.arrows.show(...places);
    const [there, back] = [steps.noisy, steps.again].map((z) => {
      return format(meanDistance(z, steps.clean, steps.n) / this.ground.spread, 2);
    });
    this.moved.textContent =
      `${this.spec.letter} · moved by ${there} of the map's spread, after decoding ${back} from the clean place`;
  }
}

/** Where latents (n, D) lie on the map: on two axes of theirs, or on a plane. */
function placesOf(latents, n, { mean, components }) {
  const dim = latents.length / n;
  return Array.from({ length: n }, (_, row) => {
    const z = latents.subarray(row * dim, (row + 1) * dim);
    if (!components) return [z[0], z[1] ?? 0];
    return components.map((axis) => axis.reduce((sum, c, k) => sum + c * (z[k] - mean[k]), 0));
  });
}

/** Mean of the distances between rows (n, D). */
function meanDistance(x, y, n) {
  const dim = x.length / n;
  let sum = 0;
  for (let row = 0; row < n; row++) {
    let square = 0;
    for (let i = row * dim; i < (row + 1) * dim; i++) square += (x[i] - y[i]) ** 2;
    sum += Math.sqrt(square);
  }
  return sum / n;
}
