/**
 * The grid of a sweep: a table of its settings whose cells fill as the runs finish. A cell is a
 * button, so that the grid works by mouse, touch and keyboard; pressing one chooses its run.
 */

import { make } from "./kit/elements.js";

/** @typedef {{text: string, detail: string, state: string, share: number, colour: string | null,
 *   ink: string, run: string | null, label: string}} Cell */
/** @typedef {{corner: string, columns: string[], rows: {name: string, cells: Cell[]}[],
 *   chosen: string | null}} Grid */

const grids = new WeakMap();

/**
 * @param {{data: Grid, parentElement: HTMLElement,
 *   setTriggerValue: (name: string, value: any) => void}} component
 */
export function mount({ data, parentElement, setTriggerValue }) {
  let grid = grids.get(parentElement);
  if (!grid || !parentElement.contains(grid.table)) {
    grid = new SweepGrid(parentElement);
    grids.set(parentElement, grid);
  }
  grid.onChosen = (run) => setTriggerValue("chosen", run);
  if (data) grid.show(data);
}

class SweepGrid {
  /** @param {HTMLElement} parent */
  constructor(parent) {
    this.table = make("table", { class: "sweep-grid" });
    this.shape = "";
    const style = make("link", {
      rel: "stylesheet",
      href: new URL("sweep_grid.css", import.meta.url).href,
    });
    parent.append(style, make("div", { class: "sweep-scroll" }, this.table));
  }

  /** Cells are changed in place, so that the focus stays where it is. @param {Grid} grid */
  show(grid) {
    const shape = JSON.stringify([grid.corner, grid.columns, grid.rows.map((row) => row.name)]);
    if (shape !== this.shape) this.#build(grid);
    this.shape = shape;
    const cells = grid.rows.flatMap((row) => row.cells);
    cells.forEach((cell, at) => paint(this.buttons[at], cell, cell.run === grid.chosen));
  }

  #build(grid) {
    this.buttons = [];
    const head = make("tr", {}, make("td", { class: "corner" }, grid.corner));
    for (const name of grid.columns) head.append(make("th", { scope: "col" }, name));
    const rows = grid.rows.map((row) => {
      const line = make("tr", {}, make("th", { scope: "row" }, row.name));
      for (let at = 0; at < row.cells.length; at++) {
        const button = make("button", { type: "button" });
        button.append(make("b"), make("small"), make("i"));
        button.addEventListener("click", () => this.onChosen(button.dataset.run));
        this.buttons.push(button);
        line.append(make("td", {}, button));
      }
      return line;
    });
    this.table.replaceChildren(make("thead", {}, head), make("tbody", {}, ...rows));
  }
}

/** @param {HTMLButtonElement} button @param {Cell} cell @param {boolean} isChosen */
function paint(button, cell, isChosen) {
  const [text, detail, bar] = button.children;
  text.textContent = cell.text;
  detail.textContent = cell.detail;
  bar.style.transform = `scaleX(${cell.share})`;
  button.dataset.state = cell.state;
  button.dataset.run = cell.run ?? "";
  button.disabled = !cell.run;
  button.style.background = cell.colour ?? "";
  button.style.color = cell.colour ? cell.ink : "";
  button.setAttribute("aria-label", cell.label);
  button.setAttribute("aria-pressed", String(isChosen && Boolean(cell.run)));
}
