/**
 * The page's side of a model that runs in a thread of its own.
 */

import { StageError } from "../kit/errors.js";
import { RELOAD, resolve } from "../kit/fetching.js";

export class ModelThread {
  isClosed = false;
  #worker;
  #asked = 0;
  /** @type {Map<number, {resolve: (result: any) => void, reject: (error: Error) => void}>} */
  #open = new Map();

  /**
   * @param {{title: string, latent_dim: number, program: string, weights: string}} spec
   * @param {[number, number, number]} shape (C, H, W) of the pictures
   */
  constructor({ title, latent_dim, program, weights }, shape) {
    this.#worker = new Worker(new URL("model_worker.js", import.meta.url), { type: "module" });
    this.#worker.addEventListener("message", ({ data }) => this.#answer(data));
    this.#worker.addEventListener("error", () => {
      this.#fail(new StageError(`The thread of “${title}”`, "alive", "an error", RELOAD));
    });
    const spec = { title, latent_dim, program: resolve(program), weights: resolve(weights) };
    /** @type {Promise<void>} until the model is there; a sentence where it is not */
    this.ready = this.#ask({ act: "load", spec, shape });
    this.ready.catch(() => {}); // said by whoever waits for it
  }

  /**
   * Latents (n, D) of pictures (n, C·H·W), mu where there is a posterior.
   * @returns {Promise<{latents: Float32Array}>}
   */
  encode(rows, n) {
    return this.#ask({ act: "encode", rows, n });
  }

  /**
   * The same, and what is decoded from these latents.
   * @returns {Promise<{latents: Float32Array, pictures: Float32Array}>}
   */
  repair(rows, n) {
    return this.#ask({ act: "repair", rows, n });
  }

  /** End the thread; what is still asked for is answered with nothing. */
  close() {
    this.#worker.terminate();
    for (const { resolve } of this.#open.values()) resolve({});
    this.#open.clear();
    this.isClosed = true;
  }

  #ask(what) {
    if (this.isClosed) return Promise.resolve({});
    const id = this.#asked++;
    return new Promise((resolve, reject) => {
      this.#open.set(id, { resolve, reject });
      this.#worker.postMessage({ id, ...what });
    });
  }

  #answer({ id, result, failure }) {
    const asked = this.#open.get(id);
    this.#open.delete(id);
    if (failure) asked?.reject(Object.assign(new Error(failure.message), { name: failure.name }));
    else asked?.resolve(result);
  }

  #fail(error) {
    for (const { reject } of this.#open.values()) reject(error);
    this.#open.clear();
  }
}
