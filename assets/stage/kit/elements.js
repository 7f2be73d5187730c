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

/**
 * A button that says what it does when the pointer rests on it.
 * @param {string} text
 * @param {string} title
 * @param {() => void} [onClick]
 * @returns {HTMLButtonElement}
 */
export function makeButton(text, title, onClick) {
  const element = make("button", { type: "button", title }, text);
  if (onClick) element.addEventListener("click", () => onClick());
  return element;
}

/**
 * An element of a drawing.
 * @param {string} tag
 * @param {Record<string, string | number>} [attributes]
 * @returns {any}
 */
export function makeShape(tag, attributes = {}) {
  return setAttributes(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes);
}

/**
 * The element with these attributes.
 * @template {Element} T
 * @param {T} element
 * @param {Record<string, string | number>} attributes
 */
export function setAttributes(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  return element;
}
