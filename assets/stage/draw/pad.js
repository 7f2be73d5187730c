/**
 * The sheet that is drawn on: mouse, finger, pen and arrow keys make strokes.
 */

import { contextOf, make } from "../kit/elements.js";
import { Picture } from "../main/readout.js";

const SIDE = 256; // pixels on the screen, about
const NEARER = 0.15; // pixels of the picture; a dot closer to the last one adds nothing
const KEY_STEP = 0.5; // pixels of the picture
const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class Pad {
  /** @type {import("./ink.js").Stroke[]} in pixels of the picture */
  strokes = [];
  /** @type {Float32Array | null} (C, H, W), under the strokes */
  picture = null;
  /** What the next stroke is drawn with. */
  pen = { thickness: 2, colour: [1], isErasing: false };

  /** @param {() => void} onChange */
  constructor(onChange) {
    this.onChange = onChange;
    this.canvas = make("canvas", {
      class: "pad",
      tabindex: "0",
      role: "application",
      "aria-label": "Sheet to draw on. Space puts the pen down and lifts it, arrow keys move it.",
    });
    this.under = new Picture("", "");
    this.cursor = null;
    this.#listen();
  }

  /**
   * An empty sheet.
   * @param {[number, number, number]} shape (C, H, W)
   * @param {number[]} paper
   */
  show(shape, paper) {
    [this.shape, this.paper] = [shape, paper];
    const [, height, width] = shape;
    this.scale = Math.max(1, Math.floor(SIDE / Math.max(height, width)));
    const ratio = window.devicePixelRatio || 1;
    this.canvas.width = Math.round(width * this.scale * ratio);
    this.canvas.height = Math.round(height * this.scale * ratio);
    this.canvas.style.width = `${width * this.scale}px`;
    this.canvas.style.height = `${height * this.scale}px`;
    this.under.setShape(shape);
    this.clear();
  }

  get isEmpty() {
    return !this.picture && !this.strokes.length;
  }

  clear() {
    this.strokes = [];
    this.picture = null;
    this.isDown = false;
    this.#changed();
  }

  /** Take back the last stroke, or the picture under them. */
  undo() {
    if (!this.strokes.pop()) this.picture = null;
    this.isDown = false;
    this.#changed();
  }

  /** @param {Float32Array} pixels (C, H, W) to draw on */
  setPicture(pixels) {
    this.picture = pixels;
    this.#changed();
  }

  #changed() {
    this.paint();
    this.onChange();
  }

  /** All of it again; strokes are few enough. */
  paint() {
    const context = contextOf(this.canvas);
    const scale = this.canvas.width / this.shape[2];
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.imageSmoothingEnabled = false;
    context.fillStyle = cssOf(this.paper);
    context.fillRect(0, 0, this.shape[2], this.shape[1]);
    if (this.picture) {
      this.under.paint(this.picture);
      context.drawImage(this.under.canvas, 0, 0);
    }
    context.lineCap = "round";
    for (const stroke of this.strokes) drawStroke(context, stroke);
    if (this.cursor && this.canvas.matches(":focus-visible")) this.#paintCursor(context);
  }

  #paintCursor(context) {
    context.strokeStyle = this.isDown ? "#e76300" : "#3f90da";
    context.lineWidth = 0.25;
    context.beginPath();
    context.arc(this.cursor.x, this.cursor.y, this.pen.thickness / 2 + 0.5, 0, 2 * Math.PI);
    context.stroke();
  }

  #begin(x, y, pressure) {
    const { colour, isErasing } = this.pen;
    this.strokes.push({ dots: [], colour, isErasing });
    this.#go(x, y, pressure);
  }

  /** @param {number} pressure 1 for whatever feels none */
  #go(x, y, pressure) {
    const { dots } = this.strokes.at(-1);
    const last = dots.at(-1);
    if (last && Math.hypot(x - last.x, y - last.y) < NEARER) return;
    dots.push({ x, y, radius: (pressure * this.pen.thickness) / 2 });
    this.#changed();
  }

  #listen() {
    const { canvas } = this;
    let pointer = null;
    const at = (event) => [event.offsetX / this.scale, event.offsetY / this.scale, pressureOf(event)];
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || pointer !== null) return;
      pointer = event.pointerId;
      canvas.setPointerCapture(pointer);
      this.#begin(...at(event));
    });
    canvas.addEventListener("pointermove", (event) => {
      if (event.pointerId !== pointer) return;
      const between = event.getCoalescedEvents?.() ?? [];
      for (const each of between.length ? between : [event]) this.#go(...at(each));
    });
    const lift = (event) => {
      if (event.pointerId === pointer) pointer = null;
    };
    canvas.addEventListener("pointerup", lift);
    canvas.addEventListener("pointercancel", lift);
    canvas.addEventListener("keydown", (event) => this.#key(event));
    for (const name of ["focus", "blur"]) canvas.addEventListener(name, () => this.shape && this.paint());
  }

  #key(event) {
    const step = KEYS[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey || (!step && event.key !== " ")) return;
    event.preventDefault();
    event.stopPropagation();
    const [, height, width] = this.shape;
    this.cursor ??= { x: width / 2, y: height / 2 };
    const { cursor } = this;
    if (!step) {
      this.isDown = !this.isDown;
      if (this.isDown) this.#begin(cursor.x, cursor.y, 1);
    } else {
      cursor.x = Math.max(0, Math.min(width, cursor.x + KEY_STEP * step[0]));
      cursor.y = Math.max(0, Math.min(height, cursor.y + KEY_STEP * step[1]));
      if (this.isDown) this.#go(cursor.x, cursor.y, 1);
    }
    this.paint();
  }
}

/** A pen pressed half as hard as it can be draws its own width. */
function pressureOf(event) {
  return event.pointerType === "pen" && event.pressure > 0 ? 0.5 + event.pressure : 1;
}

function drawStroke(context, { dots, colour }) {
  context.strokeStyle = cssOf(colour);
  for (let i = 0; i < Math.max(1, dots.length - 1); i++) {
    const [from, to] = [dots[i], dots[Math.min(i + 1, dots.length - 1)]];
    context.lineWidth = from.radius + to.radius;
    context.beginPath();
    context.moveTo(from.x, from.y);
    context.lineTo(to.x, to.y);
    context.stroke();
  }
}

/** @param {number[]} colour one value in [0, 1] for each channel */
export function cssOf(colour) {
  const [red, green, blue] = (colour.length === 3 ? colour : Array(3).fill(colour[0])).map(
    (value) => Math.round(255 * value),
  );
  return `rgb(${red} ${green} ${blue})`;
}
