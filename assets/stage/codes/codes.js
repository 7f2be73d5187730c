/**
 * Grids of codes: which they are, which are alike, and their colours over a picture.
 */

/**
 * @typedef {object} Codebook
 * @property {Float32Array} vectors (K, d)
 * @property {number} dim d, numbers in one vector
 * @property {number} size K
 * @property {[number, number]} grid (h, w)
 * @property {[number, number, number][]} colours red, green and blue of each code, 0 to 255
 */

/**
 * What a model's codes are, from its program and from what Python says of them.
 * @param {any} program the header of the layer program
 * @param {Float32Array} weights of the whole program
 * @param {{grid: [number, number], colours: string[]} | undefined} said colours as "rrggbb"
 * @returns {Codebook | null} null for a model without codes
 */
export function readCodebook(program, weights, said) {
  if (!program.codes || !said) return null;
  const { weight, code_dim: dim, n_codes: size } = program.codes;
  const colours = said.colours.map((word) => [0, 2, 4].map((at) => parseInt(word.slice(at, at + 2), 16)));
  const vectors = weights.subarray(weight[0], weight[0] + weight[1]);
  return { vectors, dim, size, grid: said.grid, colours };
}

/**
 * ‖a − b‖² of a place among vectors and a code.
 * @param {ArrayLike<number>} places @param {number} cell
 * @param {Codebook} book @param {number} code
 */
function squaredDistance(places, cell, { vectors, dim }, code) {
  let sum = 0;
  for (let i = 0; i < dim; i++) {
    const difference = places[cell * dim + i] - vectors[code * dim + i];
    sum += difference * difference;
  }
  return sum;
}

/**
 * The nearest code of each cell.
 * @param {Float32Array} z (cells · d)
 * @param {Codebook} book
 * @returns {Uint16Array} (cells)
 */
export function codesOf(z, book) {
  const codes = new Uint16Array(z.length / book.dim);
  for (let cell = 0; cell < codes.length; cell++) {
    let least = Infinity;
    for (let code = 0; code < book.size; code++) {
      const distance = squaredDistance(z, cell, book, code);
      if (distance < least) [least, codes[cell]] = [distance, code];
    }
  }
  return codes;
}

/**
 * The vectors that codes name.
 * @param {ArrayLike<number>} codes (cells)
 * @param {Codebook} book
 * @returns {Float32Array} (cells · d)
 */
export function vectorsOf(codes, { vectors, dim }) {
  const z = new Float32Array(codes.length * dim);
  for (let cell = 0; cell < codes.length; cell++) {
    z.set(vectors.subarray(codes[cell] * dim, (codes[cell] + 1) * dim), cell * dim);
  }
  return z;
}

/**
 * All codes, the one nearest to a code first: that is itself.
 * @param {Codebook} book
 * @param {number} code
 * @returns {{code: number, distance: number}[]}
 */
export function bySimilarity(book, code) {
  const all = Array.from({ length: book.size }, (_, other) => ({
    code: other,
    distance: Math.sqrt(squaredDistance(book.vectors, code, book, other)),
  }));
  // Itself first, also where another code has the very same vector.
  return all.sort((a, b) => a.distance - b.distance || Number(b.code === code) - Number(a.code === code));
}

/**
 * The cell at a place of a picture, given as shares of its width and height.
 * @param {number} x @param {number} y @param {[number, number]} grid
 */
export function cellAt(x, y, [rows, columns]) {
  const within = (share, n) => Math.max(0, Math.min(n - 1, Math.floor(share * n)));
  return within(y, rows) * columns + within(x, columns);
}

/**
 * A picture under the colours of its codes.
 * @param {Uint8ClampedArray} data RGBA to be written
 * @param {Float32Array} pixels (C, H, W) in [0, 1]
 * @param {[number, number, number]} shape (C, H, W)
 * @param {ArrayLike<number>} codes (cells)
 * @param {Codebook} book
 * @param {number} share of the colour, 0 for the picture alone
 */
export function paintCodes(data, pixels, [channels, height, width], codes, book, share) {
  const [rows, columns] = book.grid;
  const area = height * width;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const cell = Math.floor((y * rows) / height) * columns + Math.floor((x * columns) / width);
      const colour = book.colours[codes[cell]];
      const at = y * width + x;
      for (let c = 0; c < 3; c++) {
        const seen = 255 * pixels[at + (channels === 3 ? c * area : 0)];
        data[4 * at + c] = (1 - share) * seen + share * colour[c];
      }
      data[4 * at + 3] = 255;
    }
  }
}
