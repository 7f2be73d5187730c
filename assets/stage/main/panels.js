/**
 * The tabs beside the map, and how another panel joins them.
 *
 * A panel is a class in a file of its own, named in `panel_list.js`. The stage makes one of it and
 * calls:
 *
 * - `title`     on its tab; `element` is what the tab shows.
 * - `fits(stage)`  whether it has anything to show of the models loaded; if not, its tab is hidden
 *     and the next one is opened.
 * - `show(stage)`  whenever models have been loaded or changed, also while another tab is open.
 * - `prepare(probe)`  in every frame while its tab is open, before the probe's latents are decoded:
 *     the place to change the probe or the marks.
 * - `update(probe)`  in every frame drawn while its tab is open, and once when it is opened.
 * - `leave()`   when another tab is opened: stop what plays.
 * - `marks(which)`  what it draws over map "a" or "b" while its tab is open, in places of the map:
 *     see `overlay.js`. Give the same array again while nothing has changed.
 * - `pointer.pick(which, x, y, isTouch)`  a click on a map while its tab is open, at a place of the
 *     map; true if the panel has taken it, so that no picture is pinned.
 * - `pointer.grab(which, x, y, event)`  a press; an object {move(x, y), end(), cancel()} takes the
 *     drag that follows, null leaves it to the map.
 * - `key(event)`  a key pressed within the stage while its tab is open; true if it was used.
 * - `shortcut`  a letter that opens its tab from anywhere in the stage.
 *
 * All but `title`, `element` and `show` may be left out. Of the stage a panel uses what stands under
 * "For panels" in `stage.js`.
 */

import { make } from "../kit/elements.js";
import { StageError } from "../kit/errors.js";

/**
 * @typedef {object} Panel
 * @property {string} title
 * @property {HTMLElement} element
 * @property {(stage: import("./stage.js").Stage) => boolean} [fits]
 * @property {(stage: import("./stage.js").Stage) => void} show
 * @property {(probe: import("./probe.js").Probe) => void} [prepare]
 * @property {(probe: import("./probe.js").Probe) => void} [update]
 * @property {() => void} [leave]
 * @property {(which: "a" | "b") => import("../map/overlay.js").Mark[]} [marks]
 * @property {{pick?: (which: "a" | "b", x: number, y: number, isTouch: boolean) => boolean,
 *   grab?: (which: "a" | "b", x: number, y: number, event: PointerEvent) => any}} [pointer]
 * @property {(event: KeyboardEvent) => boolean} [key]
 * @property {string} [shortcut]
 */

export class Panels {
  /**
   * @param {Panel[]} panels the first is open at the beginning
   * @param {() => void} onChange another tab was opened
   */
  constructor(panels, onChange) {
    this.panels = panels;
    this.onChange = onChange;
    this.tabs = panels.map((panel) => this.#makeTab(panel));
    this.list = make("div", { class: "tabs", role: "tablist", "aria-label": "Panels" }, ...this.tabs);
    this.list.addEventListener("keydown", (event) => this.#key(event));
    for (const [i, panel] of panels.entries()) {
      panel.element.setAttribute("role", "tabpanel");
      this.tabs[i].panel = panel;
    }
    const bodies = panels.map((panel) => panel.element);
    this.element = make("div", { class: "tabbed" }, this.list, ...bodies);
    this.#mark(panels[0]);
  }

  /** @param {import("./stage.js").Stage} stage */
  show(stage) {
    for (const panel of this.panels) panel.show(stage);
    for (const [i, panel] of this.panels.entries()) this.tabs[i].hidden = panel.fits?.(stage) === false;
    if (this.#isHidden(this.open)) this.choose(this.panels.find((panel) => !this.#isHidden(panel)));
  }

  /** @param {import("./probe.js").Probe} probe */
  prepare(probe) {
    this.open.prepare?.(probe);
  }

  /** @param {import("./probe.js").Probe} probe */
  update(probe) {
    this.open.update?.(probe);
  }

  /** @param {string} title in any case @returns {Panel} */
  find(title) {
    const found = this.panels.find((panel) => panel.title.toLowerCase() === title.toLowerCase());
    if (found) return found;
    const known = this.panels.map((panel) => panel.title.toLowerCase()).join(", ");
    throw new StageError("The panel", `one of ${known}`, `“${title}”`, "Open the page again.");
  }

  /** Bring a panel to the front. @param {Panel} panel */
  choose(panel) {
    if (panel === this.open) return;
    this.open.leave?.();
    this.#mark(panel);
    this.onChange();
  }

  /** @param {KeyboardEvent} event @returns {boolean} whether it was used */
  key(event) {
    if (this.open.key?.(event)) return true;
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, select")) return false;
    const wanted = this.panels.find((panel) => panel.shortcut === event.key);
    if (wanted) this.choose(wanted);
    return Boolean(wanted);
  }

  #isHidden(panel) {
    return this.tabs[this.panels.indexOf(panel)].hidden;
  }

  #mark(open) {
    this.open = open;
    for (const [i, panel] of this.panels.entries()) {
      const isOpen = panel === open;
      panel.element.hidden = !isOpen;
      this.tabs[i].setAttribute("aria-selected", String(isOpen));
      this.tabs[i].tabIndex = isOpen ? 0 : -1;
    }
  }

  #makeTab(panel) {
    const title = panel.shortcut ? `Key: ${panel.shortcut}` : "";
    const tab = make("button", { type: "button", role: "tab", title }, panel.title);
    tab.addEventListener("click", () => this.choose(panel));
    return tab;
  }

  /** Arrow keys go from tab to tab. */
  #key(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    const shown = this.panels.filter((panel) => !this.#isHidden(panel));
    const n = shown.length;
    const next = shown[(shown.indexOf(this.open) + step + n) % n];
    this.choose(next);
    this.tabs[this.panels.indexOf(next)].focus();
    event.preventDefault();
  }
}
