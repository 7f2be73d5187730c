/**
 * The ellipse of a picture's posterior on a map.
 */

/**
 * Half axes of the ellipse one standard deviation around the mean of N(mu, diag(sigma²)), as a map
 * shows it.
 * @param {Float32Array} sigma (D)
 * @param {number[][]} rows of the map: its coordinates are rows · z, up to a shift
 * @returns {[[number, number], [number, number]]}
 */
export function ellipseAxes(sigma, rows) {
  // The covariance on the map, (a b; b c), is that of two numbers; its square root is closed form.
  let [a, b, c] = [0, 0, 0];
  for (let k = 0; k < sigma.length; k++) {
    const variance = sigma[k] ** 2;
    a += variance * rows[0][k] ** 2;
    b += variance * rows[0][k] * rows[1][k];
    c += variance * rows[1][k] ** 2;
  }
  const angle = 0.5 * Math.atan2(2 * b, a - c);
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const along = Math.sqrt(Math.max(0, a * cos * cos + 2 * b * cos * sin + c * sin * sin));
  const across = Math.sqrt(Math.max(0, a * sin * sin - 2 * b * cos * sin + c * cos * cos));
  return [
    [along * cos, along * sin],
    [-across * sin, across * cos],
  ];
}

/**
 * The rows by which a map shows latents; null on a map that is no linear one.
 * @param {import("../main/load.js").Model} model
 * @returns {number[][] | null}
 */
export function mapRows({ map, dim, axes }) {
  if (map.spec.kind === "pca") return map.spec.components;
  if (map.spec.kind !== "raw") return null;
  const names = axes.map((axis) => axis.name);
  return [0, 1].map((row) => {
    const named = names.indexOf(map.spec.axes[row]);
    const axis = named < 0 ? row : named;
    return Array.from({ length: dim }, (_, k) => (k === axis ? 1 : 0));
  });
}

/**
 * The pictures whose latents are nearest to one picture's, nearest first, itself left out.
 * @param {import("../network/latents.js").Latents} latents
 * @param {number} index
 * @param {number} count
 * @returns {number[]}
 */
export function nearestLatents(latents, index, count) {
  const { n, dim } = latents;
  const centre = latents.row(index).slice();
  const scratch = new Float32Array(dim);
  const found = []; // [square, index], nearest first
  for (let i = 0; i < n; i++) {
    if (i === index) continue;
    const row = latents.row(i, scratch);
    const worst = found.length < count ? Infinity : found[count - 1][0];
    let square = 0;
    for (let k = 0; k < dim && square < worst; k++) square += (row[k] - centre[k]) ** 2;
    if (square >= worst) continue;
    const at = found.findIndex(([other]) => other > square);
    found.splice(at < 0 ? found.length : at, 0, [square, i]);
    if (found.length > count) found.pop();
  }
  return found.map(([, i]) => i);
}
