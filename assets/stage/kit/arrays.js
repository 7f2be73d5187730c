/**
 * Typed arrays, put together and compared.
 */

/**
 * One array after the other.
 * @template {Float32Array | Uint8Array} T
 * @param {new (length: number) => T} kind
 * @param {T[]} parts
 */
export function joined(kind, parts) {
  const all = new kind(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/**
 * Mean squared difference between x and the same of y, which may be longer.
 * @param {ArrayLike<number>} x
 * @param {ArrayLike<number>} y
 */
export function meanSquaredError(x, y) {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += (x[i] - y[i]) ** 2;
  return sum / x.length;
}
