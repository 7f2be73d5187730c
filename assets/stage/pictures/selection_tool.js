/**
 * Drawing a box or a lasso on a map.
 */

import { make } from "../kit/elements.js";
import { boxBetween } from "./selection.js";

/** @typedef {"move" | "box" | "lasso"} Tool */

const TOOLS = [
  ["move", "Move", "Drag moves the map. Key: M"],
  ["box", "Box", "Drag selects the pictures in a box. Key: B"],
  ["lasso", "Lasso", "Drag around pictures to select them, also with Shift held. Key: L"],
];

export class SelectionTool {
  /**
   * @param {(which: "a" | "b", polygon: [number, number][]) => void} onSelect
   * @param {() => void} onChange what is being drawn has to be drawn
   */
  constructor(onSelect, onChange) {
    this.onSelect = onSelect;
    this.onChange = onChange;
    /** @type {Tool} */
    this.tool = "move";
    this.drawn = { which: null, marks: [] };
    this.buttons = TOOLS.map(([tool, name, title]) => {
      const button = make("button", { type: "button", title, "aria-pressed": "false" }, name);
      button.addEventListener("click", () => this.choose(tool));
      return button;
    });
    const label = { class: "tools", role: "group", "aria-label": "What dragging on the map does" };
    this.element = make("div", label, ...this.buttons);
    this.choose("move");
  }

  /** @param {Tool} tool */
  choose(tool) {
    this.tool = tool;
    for (const [i, [name]] of TOOLS.entries()) {
      this.buttons[i].setAttribute("aria-pressed", String(name === tool));
    }
  }

  /** @param {string} key @returns {boolean} whether it chose a tool */
  key(key) {
    const found = TOOLS.find(([tool]) => tool[0] === key);
    if (found) this.choose(found[0]);
    return Boolean(found);
  }

  /** A press on a map. @returns {import("../map/gestures.js").Grip | null} */
  grab(which, x, y, event) {
    const isLasso = this.tool === "lasso" || (event.shiftKey && this.tool === "move");
    if (!isLasso && this.tool !== "box") return null;
    let polygon = [[x, y]];
    return {
      move: (toX, toY) => {
        polygon = isLasso ? [...polygon, [toX, toY]] : boxBetween([x, y], [toX, toY]);
        this.#draw(which, [{ line: polygon, isClosed: true }]);
      },
      end: () => {
        this.#draw(null, []);
        if (polygon.length > 2) this.onSelect(which, polygon);
      },
      cancel: () => this.#draw(null, []),
    };
  }

  /** What is being drawn on a map; null if nothing is. */
  marks(which) {
    return this.drawn.which === which ? this.drawn.marks : null;
  }

  #draw(which, marks) {
    this.drawn = { which, marks };
    this.onChange();
  }
}
