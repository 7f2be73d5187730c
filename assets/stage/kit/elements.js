/**
 * Elements, and what is drawn on them.
 */

/**
 * An element with its attributes and children, in one call.
 * @param {string} tag
 * @param {Record<string, string>} [attributes]
 * @param {...(Node | string)} children
 * @returns {any}
 */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/**
 * A canvas's drawing context, kept in ordinary memory: pictures are computed there anyway, and
 * without a graphics card an "accelerated" canvas is emulated at several times the cost.
 * @param {HTMLCanvasElement} canvas
 */
export function contextOf(canvas) {
  return canvas.getContext("2d", { willReadFrequently: true });
}
