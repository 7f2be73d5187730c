/**
 * What Home shows below its map: three doors to other pages, and a card for every run, which opens
 * the run's map. One component for all, since each element of a page delays the map above it; the
 * cards' pictures are fetched when they come into sight.
 */

import { make } from "./kit/elements.js";

/** @typedef {{page: string, title: string, text: string}} Door */
/** @typedef {{run: string, title: string, figure: string, strip: string, size: [number, number],
 *   action: string}} Card */
/** @typedef {{name: string, cards: Card[]}} Fold */
/** @typedef {{doors: Door[], folds: Fold[], chosen: string | null}} Shown */

const STRIP_WIDTH = 264; // pixels: eight pictures of 32, or as many times smaller ones as fit

const galleries = new WeakMap();

/**
 * @param {{data: Shown, parentElement: HTMLElement,
 *   setTriggerValue: (name: string, value: any) => void}} component
 */
export function mount({ data, parentElement, setTriggerValue }) {
  let gallery = galleries.get(parentElement);
  if (!gallery || !parentElement.contains(gallery.root)) {
    gallery = new Gallery(parentElement);
    galleries.set(parentElement, gallery);
  }
  gallery.onChosen = setTriggerValue;
  if (data) gallery.show(data);
}

class Gallery {
  /** @param {HTMLElement} parent */
  constructor(parent) {
    this.root = make("div", { class: "gallery" });
    const styles = new URL("gallery.css", import.meta.url).href;
    parent.append(make("link", { rel: "stylesheet", href: styles }), this.root);
  }

  /** What has not changed stays, with the folds that are open and the focus. @param {Shown} data */
  show({ doors, folds, chosen }) {
    const shown = JSON.stringify([doors, folds]);
    if (shown !== this.shown) {
      this.shown = shown;
      const links = doors.map((door) => this.#door(door));
      const rooms = folds.map((fold, at) => this.#fold(fold, at === 0));
      this.root.replaceChildren(make("nav", { class: "doors", "aria-label": "Doors" }, ...links), ...rooms);
    }
    for (const card of this.root.querySelectorAll(".card")) {
      card.toggleAttribute("aria-current", card.dataset.run === chosen);
    }
  }

  /** A link that can be opened in another tab as well. @param {Door} door */
  #door({ page, title, text }) {
    const link = make("a", { class: "door", href: page }, make("b", {}, title), make("span", {}, text));
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault(); // within the app another page does not load everything again
      this.onChosen("door", page);
    });
    return link;
  }

  /** @param {Fold} fold @param {boolean} isOpen */
  #fold({ name, cards }, isOpen) {
    const count = `${cards.length} ${cards.length === 1 ? "run" : "runs"}`;
    const summary = make("summary", {}, make("b", {}, name), ` · ${count}`);
    const list = make("div", { class: "cards" }, ...cards.map((card) => this.#card(card)));
    const fold = make("details", { class: "fold" }, summary, list);
    fold.open = isOpen;
    return fold;
  }

  /** @param {Card} card */
  #card({ run, title, figure, strip, size, action }) {
    const [width, height] = size;
    const multiple = Math.max(1, Math.floor(STRIP_WIDTH / width));
    const picture = make("img", {
      src: new URL(strip, document.baseURI).href,
      width: String(width * multiple),
      height: String(height * multiple),
      loading: "lazy",
      alt: "",
    });
    const words = [make("b", {}, title), make("span", {}, figure)];
    const label = `${title}, ${figure}. ${action}`;
    const hint = `${action} The figure is the test set's.`;
    const attributes = { type: "button", class: "card", title: hint, "aria-label": label };
    const button = make("button", attributes, picture, ...words);
    button.dataset.run = run;
    button.addEventListener("click", () => {
      this.onChosen("opened", run);
      const { host } = /** @type {ShadowRoot} */ (this.root.getRootNode());
      host?.closest("[data-testid='stMain']")?.scrollTo({ top: 0 }); // where the map is
    });
    return button;
  }
}
