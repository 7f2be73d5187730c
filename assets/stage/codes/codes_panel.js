/**
 * The codes of model A beside its map, in place of sliders for each number of their vectors.
 */

import { CodeGrid } from "./code_grid.js";
import { codesOf, vectorsOf } from "./codes.js";

const PICTURE = 140; // pixels, about, that a picture is high

export class Codes {
  title = "Codes";

  constructor() {
    this.grid = new CodeGrid({
      swap: (cell, code) => {
        const codes = this.grid.codes.slice();
        codes[cell] = code;
        this.#look(codes);
      },
      fill: (code) => this.#look(this.grid.codes.slice().fill(code)),
      decode: (codes) => this.model.decode(vectorsOf(codes, this.model.codebook)),
    });
    this.element = this.grid.element;
  }

  /** Whether there is anything to show: a model without codes keeps its sliders. */
  fits(stage) {
    return Boolean(stage.models.a?.codebook);
  }

  /** @param {import("../main/stage.js").Stage} stage */
  show(stage) {
    this.stage = stage;
    this.model = stage.models.a;
    if (!this.fits(stage)) return;
    const shape = stage.points.imageShape;
    this.grid.show(this.model.codebook, shape, Math.max(1, Math.floor(PICTURE / shape[1])));
  }

  /** @param {import("../main/probe.js").Probe} probe */
  update(probe) {
    const { z, pixels, isLive } = probe.sides.a;
    if (isLive && pixels) this.grid.update(codesOf(z, this.model.codebook), pixels);
  }

  #look(codes) {
    const z = vectorsOf(codes, this.model.codebook);
    this.stage.look((probe) => probe.setLatent("a", z));
  }
}
