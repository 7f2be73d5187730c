/**
 * A sheet of thumbnails of some pictures, each of which can be clicked.
 */

import { contextOf, make } from "../kit/elements.js";

const GAP = 3; // pixels between pictures

export class Thumbnails {
  /**
   * @param {string} label for screen readers
   * @param {(index: number) => void} onPick
   */
  constructor(label, onPick) {
    this.label = label;
    this.onPick = onPick;
    this.element = make("div", { class: "thumbnails", role: "group", "aria-label": label });
    this.shown = [];
  }

  /**
   * @param {import("../main/load.js").Points} points
   * @param {number[]} indices of the pictures
   * @param {(index: number) => string} colourOf CSS
   * @param {number} side of a thumbnail, pixels, about
   * @param {(index: number, position: number) => string} [wordsOf] beside its name, for the title
   */
  show(points, indices, colourOf, side, wordsOf = () => "") {
    this.points = points;
    const [, height, width] = points.imageShape;
    const multiple = Math.max(1, Math.floor(side / height));
    this.shown = indices.map((index, position) => {
      const canvas = make("canvas", { width: String(width), height: String(height) });
      canvas.style.width = `${width * multiple}px`;
      canvas.style.height = `${height * multiple}px`;
      const name = points.labels ? `${points.classNames[points.labels[index]]}, ` : "";
      const title = `${name}picture ${index}${wordsOf(index, position)}`;
      const item = make("button", { type: "button", title, "aria-label": title }, canvas);
      item.style.borderColor = colourOf(index);
      item.addEventListener("click", () => this.onPick(index));
      return { index, canvas, item, isDrawn: false };
    });
    this.element.style.gap = `${GAP}px`;
    this.element.replaceChildren(...this.shown.map(({ item }) => item));
    this.paint();
  }

  /** Draw those whose sheets have arrived since. */
  paint() {
    for (const one of this.shown) {
      if (!one.isDrawn) one.isDrawn = this.points.sheets.draw(contextOf(one.canvas), one.index);
    }
  }
}
