/**
 * The colours of the points: Petroff's ten for classes, viridis for measured factors.
 */

/** M. A. Petroff 2021, Accessible Color Sequences for Data Visualization, arXiv:2107.02270. */
export const CLASS_COLOURS = [
  "#3f90da", "#ffa90e", "#bd1f01", "#94a4a2", "#832db6",
  "#a96b59", "#e76300", "#b9ac70", "#717581", "#92dadd",
];

/** Viridis (S. van der Walt & N. Smith 2015) at twenty even steps; straight between them. */
const VIRIDIS = [
  "#440154", "#481567", "#482677", "#453781", "#404788", "#39568c", "#33638d", "#2d708e", "#287d8e",
  "#238a8d", "#1f968b", "#20a387", "#29af7f", "#3cbb75", "#55c667", "#73d055", "#95d840", "#b8de29",
  "#dce319", "#fde725",
];

const RAMP_STEPS = 256;

/** Opaque black in the byte order of ImageData seen as 32-bit words, little-endian. */
const OPAQUE = 0xff000000;

/** @param {string} hex "#rrggbb" @returns {[number, number, number]} */
function channels(hex) {
  const value = parseInt(hex.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

/**
 * A colour as one word of an ImageData buffer.
 * @param {number} r @param {number} g @param {number} b @param {number} [alpha] 0 to 255
 */
export function packColour(r, g, b, alpha = 255) {
  return ((alpha << 24) | (b << 16) | (g << 8) | r) >>> 0;
}

/** @type {Uint32Array} one word per class colour */
export const CLASS_WORDS = Uint32Array.from(CLASS_COLOURS, (hex) => packColour(...channels(hex)));

/** @type {Uint32Array} viridis from low to high, one word per step */
export const RAMP_WORDS = Uint32Array.from({ length: RAMP_STEPS }, (_, step) => {
  const at = (step / (RAMP_STEPS - 1)) * (VIRIDIS.length - 1);
  const low = Math.min(Math.floor(at), VIRIDIS.length - 2);
  const [from, to] = [channels(VIRIDIS[low]), channels(VIRIDIS[low + 1])];
  const [r, g, b] = from.map((value, i) => Math.round(value + (to[i] - value) * (at - low)));
  return packColour(r, g, b);
});

/** Viridis for a legend, as a CSS gradient from left to right. */
export const RAMP_GRADIENT = `linear-gradient(to right, ${VIRIDIS.join(", ")})`;

/** @param {number} label class index @returns {string} CSS colour */
export function classColour(label) {
  return CLASS_COLOURS[label % CLASS_COLOURS.length];
}

/**
 * One word per point by class.
 * @param {Uint8Array} labels
 */
export function coloursByClass(labels) {
  return Uint32Array.from(labels, (label) => CLASS_WORDS[label % CLASS_WORDS.length]);
}

/**
 * One word per point by a measured value, lowest first colour and highest last.
 * @param {Float32Array} values
 * @param {number} low
 * @param {number} high
 */
export function coloursByValue(values, low, high) {
  const scale = (RAMP_STEPS - 1) / (high - low || 1);
  const step = (value) => Math.max(0, Math.min(RAMP_STEPS - 1, Math.round((value - low) * scale)));
  return Uint32Array.from(values, (value) => RAMP_WORDS[step(value)]);
}

/**
 * The same colour, nearly transparent.
 * @param {number} word
 * @param {number} alpha 0 to 255
 */
export function withAlpha(word, alpha) {
  return ((word & ~OPAQUE) | (alpha << 24)) >>> 0;
}
