/**
 * Gaussian noise that is the same for the same seed, so that it stands still while a pen moves.
 */

/**
 * Draws from the standard normal distribution by G. E. P. Box & M. E. Muller (1958).
 * @param {number} n
 * @param {number} seed
 * @returns {Float32Array}
 */
export function normals(n, seed) {
  const uniform = generator(seed);
  const values = new Float32Array(n);
  for (let i = 0; i < n; i += 2) {
    const radius = Math.sqrt(-2 * Math.log(1 - uniform())); // 1 − u is never 0
    const angle = 2 * Math.PI * uniform();
    values[i] = radius * Math.cos(angle);
    if (i + 1 < n) values[i + 1] = radius * Math.sin(angle);
  }
  return values;
}

/** Uniform in [0, 1): a Weyl sequence through the finaliser of MurmurHash3 (A. Appleby 2010). */
export function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let word = state;
    word = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
    word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35);
    return ((word ^ (word >>> 16)) >>> 0) / 2 ** 32;
  };
}

/**
 * clip(x + weight·ε, 0, 1): what a denoising autoencoder is given.
 * @param {Float32Array} out
 * @param {Float32Array} x
 * @param {Float32Array} epsilon
 * @param {number} weight
 */
export function addNoise(out, x, epsilon, weight) {
  for (let i = 0; i < x.length; i++) {
    out[i] = Math.max(0, Math.min(1, x[i] + weight * epsilon[i]));
  }
}
