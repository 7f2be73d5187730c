/**
 * The page's colours, as canvases need them.
 */

/**
 * @typedef {object} Theme
 * @property {string} text
 * @property {string} panel behind the points
 * @property {string} font family
 */

/**
 * @param {HTMLElement} root the stage
 * @param {HTMLElement} panel an element with the panel's background
 * @returns {Theme}
 */
export function readTheme(root, panel) {
  const style = getComputedStyle(root);
  return {
    text: style.color,
    panel: getComputedStyle(panel).backgroundColor,
    font: style.fontFamily,
  };
}

/**
 * Whether the page is dark, which decides how the panel differs from it.
 * @param {HTMLElement} root
 */
export function isDark(root) {
  const context = new OffscreenCanvas(1, 1).getContext("2d");
  context.fillStyle = getComputedStyle(root).color;
  context.fillRect(0, 0, 1, 1);
  const [r, g, b] = context.getImageData(0, 0, 1, 1).data;
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 127; // light text: luminance of Rec. 709
}

/**
 * Call back when the page's colours change. CSS variables fire no event, but a transition of a
 * property that uses them does.
 * @param {HTMLElement} root gets a marker whose colours follow the theme with a transition
 * @param {() => void} onChange
 */
export function watchTheme(root, onChange) {
  const marker = document.createElement("i");
  marker.className = "theme-marker";
  marker.setAttribute("aria-hidden", "true");
  marker.addEventListener("transitionend", onChange);
  root.append(marker);
}
