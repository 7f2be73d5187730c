/**
 * What the visitor does on a map, told as what it means.
 */

/**
 * @typedef {object} Handlers places and distances in CSS pixels of the element
 * @property {(x: number, y: number) => void} hover
 * @property {() => void} leave
 * @property {(x: number, y: number, isTouch: boolean) => void} click
 * @property {(dx: number, dy: number) => void} pan
 * @property {(factor: number, x: number, y: number) => void} zoom
 * @property {(key: string) => boolean} key false if the key means nothing here
 * @property {(x: number, y: number, event: PointerEvent) => Grip | null} grab a press; what it gives
 *   takes the drag that follows, in place of hovering and panning
 */

/**
 * @typedef {object} Grip a drag that means something else than panning
 * @property {(x: number, y: number) => void} move
 * @property {() => void} end
 * @property {() => void} cancel it was a click after all, or a second finger came down
 */

const STILL = 4; // pixels a pointer may move and still have clicked
const WHEEL_STEP = 0.0016; // natural logarithm of the magnification per pixel of wheel
const WHEEL_LINE = 16; // pixels that one line of a wheel in line mode stands for

/**
 * Mouse: hover, drag pans, wheel zooms. Touch: one finger hovers, two pan and zoom.
 * @param {HTMLElement} element
 * @param {Handlers} on
 */
export function listen(element, on) {
  /** @type {Map<number, {x: number, y: number}>} pointers that are down */
  const down = new Map();
  let start = null; // where the only pointer went down, while it may still be a click
  /** @type {Grip | null} */
  let grip = null;
  let last = null; // where the mouse is, in fractions of pixels, which wheel events round off

  element.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    const at = place(event);
    down.set(event.pointerId, at);
    start = down.size === 1 ? at : null;
    element.setPointerCapture(event.pointerId);
    grip?.cancel();
    grip = down.size === 1 ? on.grab(at.x, at.y, event) : null;
    if (event.pointerType === "touch" && down.size === 1) on.hover(at.x, at.y);
  });

  element.addEventListener("pointermove", (event) => {
    const at = (last = place(event));
    const before = down.get(event.pointerId);
    if (!before) return on.hover(at.x, at.y);
    if (start && Math.hypot(at.x - start.x, at.y - start.y) > STILL) start = null;
    const isTouch = event.pointerType === "touch";
    if (grip) {
      if (!start) grip.move(at.x, at.y);
    } else if (down.size === 2) pinch(on, [...down.entries()], event.pointerId, at);
    else if (isTouch) on.hover(at.x, at.y);
    else if (!start) {
      on.pan(at.x - before.x, at.y - before.y);
      on.hover(at.x, at.y);
    }
    // A still press keeps its origin, so that the drag that follows starts where it was pressed.
    if (!start || isTouch) down.set(event.pointerId, at);
  });

  const release = (event) => {
    const wasDown = down.delete(event.pointerId);
    if (grip && wasDown) {
      if (start || event.type !== "pointerup") grip.cancel();
      else grip.end();
      grip = null;
    }
    if (!wasDown || !start || event.type !== "pointerup") return;
    on.click(start.x, start.y, event.pointerType === "touch");
    start = null;
  };
  element.addEventListener("pointerup", release);
  element.addEventListener("pointercancel", release);
  element.addEventListener("pointerleave", (event) => {
    last = null;
    if (event.pointerType !== "touch" && !down.size) on.leave();
  });

  element.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const { x, y } = last ?? place(event);
      const pixels = event.deltaY * (event.deltaMode === 1 ? WHEEL_LINE : 1);
      on.zoom(Math.exp(-pixels * WHEEL_STEP), x, y);
      on.hover(x, y);
    },
    { passive: false },
  );

  element.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (on.key(event.key)) event.preventDefault();
  });
}

/** Two fingers: the map follows their middle and stretches with their distance. */
function pinch(on, pointers, movedId, at) {
  const other = pointers.find(([id]) => id !== movedId)[1];
  const before = pointers.find(([id]) => id === movedId)[1];
  on.pan((at.x - before.x) / 2, (at.y - before.y) / 2);
  const from = Math.hypot(before.x - other.x, before.y - other.y);
  const to = Math.hypot(at.x - other.x, at.y - other.y);
  if (from > 0) on.zoom(to / from, (at.x + other.x) / 2, (at.y + other.y) / 2);
}

function place(event) {
  return { x: event.offsetX, y: event.offsetY };
}
