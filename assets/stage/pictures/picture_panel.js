/**
 * The panel of the pinned picture: its reconstructions, its posterior on the map, and the pictures
 * that are nearest to it, in latent space and by pixels.
 */

import { meanSquaredError } from "../kit/arrays.js";
import { make } from "../kit/elements.js";
import { format } from "../kit/numbers.js";
import { ellipseAxes, mapRows, nearestLatents } from "./posterior.js";
import { latentOf } from "../main/probe.js";
import { toCode } from "../network/latents.js";
import { Picture } from "../main/readout.js";
import { Thumbnails } from "./thumbnails.js";

const NEIGHBOURS = 8;
const SIDE = 30; // pixels of a thumbnail, about
const LARGE = 60; // pixels of a picture, about
const DEVIATIONS = [1, 2]; // of the posterior that are drawn
const AXES_TOLD = 3;
const NONE = [];

export class PicturePanel {
  title = "Picture";

  constructor() {
    this.hint = make("p", { class: "count", role: "status" });
    const unpin = make("button", { type: "button", class: "reset", title: "Key: Escape" }, "Unpin");
    unpin.addEventListener("click", () => this.stage.pin(null));
    this.unpin = unpin;
    this.pictures = make("div", { class: "pinned" });
    this.rows = make("div", { class: "neighbours" });
    const head = make("header", {}, this.hint, unpin);
    this.element = make("section", { class: "picture-panel" }, head, this.pictures, this.rows);
    this.ellipses = { a: NONE, b: NONE };
  }

  /** @param {import("../main/stage.js").Stage} stage */
  show(stage) {
    this.stage = stage;
    this.shown = undefined; // models have changed: everything is worked out again
    if (stage.panels.open === this) this.#follow();
  }

  prepare() {
    this.#follow();
  }

  update() {
    for (const row of this.thumbnails ?? []) row.paint();
  }

  marks(which) {
    return this.ellipses[which];
  }

  /** Show the pinned picture, if it is another than before. */
  #follow() {
    const { pinned } = this.stage.probe;
    if (pinned === this.shown) return;
    this.shown = pinned;
    this.ellipses = { a: NONE, b: NONE };
    this.stage.redraw(); // this frame's marks were asked for before
    this.unpin.hidden = pinned === null;
    this.pictures.replaceChildren();
    this.rows.replaceChildren();
    this.thumbnails = [];
    const { points } = this.stage;
    if (pinned === null) {
      this.hint.textContent = "Click a point of the map to pin its picture here.";
      return;
    }
    const name = points.labels ? `${points.classNames[points.labels[pinned]]}, ` : "";
    this.hint.textContent = `${name}picture ${pinned}`;
    this.#showNeighbours(pinned);
    this.#showReconstructions(pinned).catch((error) => this.stage.complain(error));
  }

  async #showReconstructions(pinned) {
    const { points, models } = this.stage;
    const pixels = await points.sheets.pixels(pinned);
    if (pinned !== this.shown) return;
    const shown = [paintedPicture(points, "Original", pixels)];
    for (const [which, model] of Object.entries(models)) {
      const decoded = model.decode(toCode(latentOf(model, pinned), model.simplex)).slice();
      const error = meanSquaredError(pixels, decoded).toFixed(4);
      const words = `${models.b ? `${which.toUpperCase()}, ` : ""}error ${error}`;
      const picture = paintedPicture(points, words, decoded);
      picture.dataset.model = which;
      const of = model.simplex ? " from the likeliest class of each variable" : "";
      picture.title = `Squared error per pixel of the reconstruction${of}`;
      shown.push(picture);
      const posterior = model.posterior(pixels);
      if (!posterior) continue;
      this.ellipses[which] = posteriorMarks(model, posterior);
      shown.push(describePosterior(model, posterior));
    }
    this.pictures.replaceChildren(...shown);
    this.stage.redraw();
  }

  #showNeighbours(pinned) {
    const { models } = this.stage;
    for (const [which, model] of Object.entries(models)) {
      const near = nearestLatents(model.latents, pinned, NEIGHBOURS);
      const title = models.b ? `Nearest in latent space of ${which.toUpperCase()}` : "Nearest in latent space";
      this.#addRow(title, near);
    }
    this.#addAlike(pinned);
  }

  /** By pixels the server looks: the browser has not fetched every picture. */
  async #addAlike(pinned) {
    const { points } = this.stage;
    const words = make("p", { class: "faint" }, "Nearest by pixels …");
    this.rows.append(words);
    let alike;
    try {
      alike = await points.alike(pinned);
    } catch {
      words.textContent = "Nearest by pixels: the server does not answer.";
      return;
    }
    if (pinned !== this.shown) return;
    words.remove();
    const wordsOf = (_, i) => `, squared error ${alike.squared_errors[i].toFixed(4)} per pixel`;
    this.#addRow("Nearest by pixels", alike.pictures, wordsOf);
  }

  #addRow(title, indices, wordsOf) {
    const row = new Thumbnails(title, (index) => this.stage.pin(index));
    row.show(this.stage.points, indices, (index) => this.stage.cssOf(index), SIDE, wordsOf);
    this.thumbnails.push(row);
    this.rows.append(make("p", { class: "faint" }, title), row.element);
  }
}

/** The posterior's ellipses on the model's map; none where that is no linear one. */
function posteriorMarks(model, { mu, sigma }) {
  const rows = mapRows(model);
  if (!rows) return NONE;
  const centre = model.map.inverse.toMap(mu);
  const half = ellipseAxes(sigma, rows);
  return DEVIATIONS.map((deviations) => ({
    ellipse: centre,
    axes: half.map(([x, y]) => [deviations * x, deviations * y]),
    kind: "posterior",
  }));
}

/** The posterior's standard deviation, on the axes that carry most. */
function describePosterior({ axes }, { sigma }) {
  const known = [...axes].sort((one, other) => sigma[one.index] - sigma[other.index]);
  const shown = known.slice(0, AXES_TOLD).map(({ name, index }) => {
    return make("span", {}, `σ ${name} ${format(sigma[index], 3)}`);
  });
  const title = "Standard deviation of the posterior, on the axes that know most of this picture";
  return make("p", { class: "sigmas faint", title }, ...shown);
}

function paintedPicture(points, words, pixels) {
  const picture = new Picture(words, "");
  picture.setShape(points.imageShape);
  picture.setScale(Math.max(1, Math.floor(LARGE / points.imageShape[1])));
  picture.paint(pixels);
  return picture.element;
}
