/**
 * A model in a thread of its own: pictures or latents go in, what it makes of them comes out.
 * The page talks to it through `model_thread.js`.
 */

import { loadCoder } from "./coder.js";
import { simplexOf, toCode } from "./latents.js";

/** @type {import("./coder.js").Coder} */
let coder;

const ACTS = {
  async load({ spec, shape }) {
    coder = await loadCoder(spec, shape);
  },
  encode: ({ rows, n }) => ({ latents: encode(rows, n) }),
  repair({ rows, n }) {
    const latents = encode(rows, n);
    const simplex = simplexOf(coder.program.encoder);
    return { latents, pictures: each(latents, n, (z) => coder.decode(toCode(z, simplex))) };
  },
};

self.addEventListener("message", async ({ data }) => {
  const { id, act } = data;
  try {
    self.postMessage({ id, result: await ACTS[act](data) });
  } catch (error) {
    self.postMessage({ id, failure: { name: error.name, message: error.message } });
  }
});

function encode(rows, n) {
  return each(rows, n, coder.encode, coder.program.latent_dim);
}

/** The first values of what comes of each row, all of them unless `size` is given. */
function each(rows, n, run, size) {
  const width = rows.length / n;
  let all;
  for (let i = 0; i < n; i++) {
    const result = run(rows.subarray(i * width, (i + 1) * width));
    const kept = size ?? result.length;
    all ??= new Float32Array(n * kept);
    all.set(result.subarray(0, kept), i * kept);
  }
  return all;
}
