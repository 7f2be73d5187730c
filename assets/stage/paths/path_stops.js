/**
 * The stops of a path as a visitor sees and chooses them.
 */

import { make, makeButton } from "../kit/elements.js";
import { Picture } from "../main/readout.js";
import { MOST_STOPS } from "./path.js";

const SIDE = 64; // pixels, about

/**
 * @typedef {object} Callbacks
 * @property {(label: number | null) => void} addOfClass
 * @property {() => void} addPinned
 * @property {(i: number) => void} remove
 * @property {() => void} removeLast
 * @property {() => void} clear
 */

export class StopList {
  /** @param {Callbacks} on */
  constructor(on) {
    this.on = on;
    this.list = make("ol", { class: "stops" });
    this.next = new Picture("", "next");
    this.hint = make("p", { class: "hint", "aria-live": "polite" });
    this.clicks = makeButton("Add by clicks", "Clicks on a map add stops, in place of pinning a picture");
    this.clicks.setAttribute("aria-pressed", "true");
    this.clicks.addEventListener("click", () => this.#toggle());
    this.select = make("select", { "aria-label": "Class of the next stop" });
    const add = makeButton("Add", "Add a picture of this class");
    add.addEventListener("click", () => on.addOfClass(this.select.value ? Number(this.select.value) : null));
    this.pinned = makeButton("Add pinned", "Add the pinned picture");
    this.pinned.addEventListener("click", () => on.addPinned());
    this.undo = makeButton("Undo", "Remove the last stop. Key: Backspace");
    this.undo.addEventListener("click", () => on.removeLast());
    this.clear = makeButton("Clear", "Remove all stops");
    this.clear.addEventListener("click", () => on.clear());
    const chosen = make("span", { class: "joined" }, this.select, add);
    const controls = [this.clicks, chosen, this.pinned, this.undo, this.clear];
    const bar = make("div", { class: "buttons" }, ...controls);
    const row = make("div", { class: "stop-row" }, this.list, this.next.element, this.hint);
    this.element = make("div", {}, bar, row);
  }

  /** Whether clicks on a map add stops. */
  get isAdding() {
    return this.clicks.getAttribute("aria-pressed") === "true";
  }

  #toggle() {
    this.clicks.setAttribute("aria-pressed", String(!this.isAdding));
    this.#advise();
  }

  /** @param {import("../main/load.js").Points} points */
  show({ classNames, labels, imageShape }) {
    const options = classNames.map((name, i) => make("option", { value: String(i) }, name));
    this.select.replaceChildren(...(labels ? options : [make("option", { value: "" }, "any picture")]));
    this.next.setShape(imageShape);
    this.next.setScale(scaleOf(imageShape));
  }

  /**
   * @param {import("./path.js").Stop[]} stops
   * @param {import("../main/load.js").Points} points
   * @param {boolean} isExample
   */
  fill(stops, points, isExample) {
    this.list.replaceChildren(...stops.map((stop, i) => this.#makeItem(stop, i, points)));
    this.undo.disabled = this.clear.disabled = !stops.length;
    this.isExample = isExample;
    this.isFull = stops.length >= MOST_STOPS;
    this.count = stops.length;
    this.#advise();
  }

  #advise() {
    const { count, isFull, isExample } = this;
    this.next.element.hidden = !this.isAdding || isFull;
    const example = "This is an example. Click the map to make your own.";
    const wanting = count ? "Click the map for the next stop." : "Click the map for the first stop.";
    const adding = isFull ? `${MOST_STOPS} stops are the most.` : isExample ? example : count < 2 ? wanting : "";
    this.hint.textContent = this.isAdding || isFull ? adding : "";
  }

  /** What a click would add. @param {import("../main/probe.js").Probe} probe */
  update({ sides, pinned }) {
    this.pinned.disabled = pinned === null || this.isFull;
    const { pixels, isLive, isSupported } = sides.a;
    if (pixels && !this.next.element.hidden) this.next.paint(pixels);
    this.next.element.classList.toggle("off", !isLive || !isSupported);
  }

  #makeItem({ index, pixels }, i, points) {
    const { imageShape, labels, classNames } = points;
    const name = index === null ? "no picture of the map" : `picture ${index}`;
    const what = index !== null && labels ? `${classNames[labels[index]]}, ${name}` : name;
    const picture = new Picture("", "");
    picture.setShape(imageShape);
    picture.setScale(scaleOf(imageShape));
    picture.paint(pixels);
    picture.canvas.setAttribute("aria-hidden", "true");
    const remove = make("button", {
      type: "button",
      "aria-label": `Remove stop ${i + 1}: ${what}`,
      title: `Stop ${i + 1}: ${what}. A click removes it.`,
    });
    remove.append(picture.canvas, make("span", {}, String(i + 1)));
    remove.addEventListener("click", () => this.on.remove(i));
    return make("li", {}, remove);
  }
}

function scaleOf([, height, width]) {
  return Math.max(1, Math.floor(SIDE / Math.max(height, width)));
}
