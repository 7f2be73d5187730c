/**
 * The panel of selected pictures: how many, of which classes, and what some of them look like.
 */

import { classColour } from "../kit/colours.js";
import { make } from "../kit/elements.js";
import { classCounts, evenly } from "./selection.js";
import { Thumbnails } from "./thumbnails.js";

const MOST_SHOWN = 60;
const SIDE = 30; // pixels of a thumbnail, about

export class SelectionPanel {
  title = "Selection";

  constructor() {
    this.count = make("p", { class: "count", role: "status" });
    this.clear = make("button", { type: "button", class: "reset" }, "Clear");
    this.clear.addEventListener("click", () => this.stage.select(null));
    this.balance = make("div", { class: "balance" });
    this.sheet = new Thumbnails("Some of the selected pictures", (index) => this.stage.pin(index));
    const head = make("header", {}, this.count, this.clear);
    this.element = make("section", { class: "selection" }, head, this.balance, this.sheet.element);
  }

  /** @param {import("../main/stage.js").Stage} stage */
  show(stage) {
    this.stage = stage;
    const { selection, points } = stage;
    if (selection === this.selection && points === this.points) return;
    [this.selection, this.points] = [selection, points];
    this.clear.hidden = !selection;
    const indices = selection?.indices ?? [];
    const total = points.n.toLocaleString("en");
    const share = ((100 * indices.length) / points.n).toFixed(1);
    this.count.textContent = selection
      ? `${indices.length.toLocaleString("en")} of ${total} pictures, ${share} %`
      : "Nothing is selected. Choose Box or Lasso above the map, or hold Shift, and drag around points.";
    this.balance.replaceChildren(...(selection && points.labels ? this.#bars(indices) : []));
    this.#showSheet(evenly(indices, MOST_SHOWN));
  }

  update() {
    this.sheet.paint();
  }

  marks(which) {
    const { selection } = this.stage;
    if (this.marked !== selection) {
      this.marked = selection;
      this.outline = selection ? [{ line: selection.polygon, isClosed: true }] : [];
    }
    // On another map, or after another epoch, the same outline would lie around other points.
    const isThere = selection?.which === which && selection.xy === this.stage.models[which].map.xy;
    return isThere ? this.outline : NONE;
  }

  #showSheet(indices) {
    this.sheet.show(this.points, indices, (index) => this.stage.cssOf(index), SIDE);
  }

  /** A bar for each class, as long as its share of the selection. */
  #bars(indices) {
    const { labels, classNames } = this.points;
    const counts = classCounts(indices, labels, classNames.length);
    const most = Math.max(1, ...counts);
    return classNames.map((name, label) => {
      const fill = make("i", {});
      fill.style.width = `${(100 * counts[label]) / most}%`;
      fill.style.background = classColour(label);
      const words = `${name}: ${counts[label]}`;
      const bar = make("span", { class: "share" }, fill);
      const number = make("span", {}, String(counts[label]));
      return make("div", { title: words }, make("span", {}, name), bar, number);
    });
  }
}

const NONE = [];
