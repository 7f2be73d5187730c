/**
 * Categorical latents: one row of buttons a variable, in place of bars.
 */

import { make } from "../kit/elements.js";

const CHOSEN = 0.5; // probability from which a class is the one

export class ClassButtons {
  /** @param {(first: number, n: number, chosen: number) => void} onChoose axes of the variable */
  constructor(onChoose) {
    this.onChoose = onChoose;
    this.element = make("div", { class: "variables" });
    this.rows = [];
  }

  /** @param {number[]} groups how many classes each variable has, in the order of their axes */
  show(groups) {
    let first = 0;
    this.rows = groups.map((n, variable) => {
      const row = this.#makeRow(variable, first, n);
      first += n;
      return row;
    });
    this.element.hidden = !groups.length;
    this.element.replaceChildren(...this.rows.map(({ element }) => element));
  }

  /** Show the probabilities of a latent. @param {Float32Array} z */
  update(z) {
    for (const { first, buttons } of this.rows) {
      for (const [i, button] of buttons.entries()) {
        const probability = z[first + i];
        const share = `${Math.round(100 * Math.max(0, Math.min(1, probability)))}%`;
        if (button.shown === share) continue;
        button.shown = share;
        button.style.setProperty("--share", share);
        button.setAttribute("aria-pressed", String(probability > CHOSEN));
      }
    }
  }

  #makeRow(variable, first, n) {
    const name = `c${variable + 1}`;
    const buttons = Array.from({ length: n }, (_, value) => {
      const title = `Variable ${name} is class ${value}`;
      const button = make("button", { type: "button", title, "aria-label": title }, String(value));
      button.addEventListener("click", () => this.onChoose(first, n, value));
      return button;
    });
    const label = make("span", { class: "axis-name", "aria-hidden": "true" }, name);
    const group = make("div", { role: "group", "aria-label": `Variable ${name}` }, ...buttons);
    return { first, buttons, element: make("div", { class: "variable" }, label, group) };
  }
}
