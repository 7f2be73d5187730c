/**
 * Thumbnails of the pictures on the map, on sheets that are fetched when one of theirs is wanted.
 */

import { contextOf, make } from "../kit/elements.js";
import { StageError } from "../kit/errors.js";

const RETRY_MS = 5000; // after which a sheet that did not come is asked for again
const AT_ONCE = 4; // those of 10,000 pictures
const MOST_KEPT = 16; // decoded sheets; those of 28×28 tiles take 8 MB each

const REMEDY = "Check that the app is still running, then reload the page.";

export class Sheets {
  /**
   * @param {(sheet: number) => string} addressOf
   * @param {number} n pictures
   * @param {[number, number, number]} shape (C, H, W)
   * @param {number} columns of a sheet
   * @param {number} tiles of a sheet
   */
  constructor(addressOf, n, [channels, height, width], columns, tiles) {
    Object.assign(this, { addressOf, n, channels, height, width, columns, tiles });
    /** @type {Map<number, {image: HTMLImageElement, isReady: boolean, loading: Promise<void>}>} */
    this.kept = new Map();
    /** @type {Sheets} where the pixels are exact */
    this.exact = this;
    this.onLoad = () => {};
    /** @type {Error | null} why a sheet did not come, if one did not */
    this.failure = null;
    /** @type {(error: Error) => void} */
    this.onFail = () => {};
  }

  get count() {
    return Math.ceil(this.n / this.tiles);
  }

  /** Fetch the first ones before they are wanted. */
  prepare() {
    for (let i = 0; i < Math.min(AT_ONCE, this.count); i++) this.fetch(i);
  }

  /** Draw one picture, if its sheet is here; else it is fetched. @returns {boolean} */
  draw(context, index, x = 0, y = 0, width = this.width, height = this.height) {
    const sheet = this.fetch(Math.floor(index / this.tiles));
    if (!sheet.isReady) return false;
    const tile = index % this.tiles;
    const left = (tile % this.columns) * this.width;
    const top = Math.floor(tile / this.columns) * this.height;
    context.drawImage(sheet.image, left, top, this.width, this.height, x, y, width, height);
    return true;
  }

  /** One picture (C, H, W) in [0, 1]. @param {number} index @returns {Promise<Float32Array>} */
  pixels(index) {
    return this.pixelsFrom(index, 1);
  }

  /** n pictures (n, C, H, W) in [0, 1]. @param {number} first @param {number} n */
  async pixelsFrom(first, n) {
    if (this.exact !== this) return this.exact.pixelsFrom(first, n);
    const { channels, height, width, tiles } = this;
    const sheets = new Set(Array.from({ length: n }, (_, i) => Math.floor((first + i) / tiles)));
    await Promise.all(Array.from(sheets, (sheet) => this.fetch(sheet).loading));
    const context = contextOf(make("canvas", { width: `${width}`, height: `${n * height}` }));
    for (let i = 0; i < n; i++) this.draw(context, first + i, 0, i * height);
    const { data } = context.getImageData(0, 0, width, n * height);
    const area = height * width;
    const pixels = new Float32Array(n * channels * area);
    for (let i = 0, to = 0; i < n; i++) {
      for (let c = 0; c < channels; c++) {
        const end = 4 * (i + 1) * area;
        for (let from = 4 * i * area + c; from < end; from += 4) pixels[to++] = data[from] / 255;
      }
    }
    return pixels;
  }

  /** A sheet, asked for if it is not here. The one that was used longest ago goes. */
  fetch(number) {
    const found = this.kept.get(number) ?? this.#load(number);
    this.kept.delete(number);
    this.kept.set(number, found);
    if (this.kept.size > MOST_KEPT) this.kept.delete(this.kept.keys().next().value);
    return found;
  }

  #load(number) {
    const image = new Image();
    image.src = this.addressOf(number);
    const loading = image.decode().catch(() => {
      throw new StageError("A sheet of thumbnails", "a picture", "none", REMEDY);
    });
    const sheet = { image, isReady: false, loading };
    sheet.loading.then(
      () => {
        sheet.isReady = true;
        this.onLoad();
      },
      (error) => {
        setTimeout(() => this.kept.delete(number), RETRY_MS);
        this.failure = error;
        this.onFail(error);
      },
    );
    return sheet;
  }
}
