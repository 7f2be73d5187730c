/**
 * Attention: every token's mean of all tokens' values, weighted by how its query meets their keys.
 */

/**
 * softmax(q kᵀ / √width) v for each head, as `Attention` in vizmodels/models/transformer.py.
 * @param {Float32Array} out (tokens, heads·width)
 * @param {Float32Array} x (tokens, 3·heads·width): queries, keys and values of all heads
 * @param {number} tokens
 * @param {number} heads
 * @param {Float32Array} weights scratch (tokens)
 */
export function attention(out, x, tokens, heads, weights) {
  const all = out.length / tokens;
  const width = all / heads;
  const scale = 1 / Math.sqrt(width);
  for (let head = 0; head < heads; head++) {
    for (let token = 0; token < tokens; token++) {
      const query = 3 * all * token + head * width;
      weigh(weights, x, query, all + head * width, 3 * all, tokens, width, scale);
      const at = all * token + head * width;
      for (let i = 0; i < width; i++) {
        let sum = 0;
        let value = 2 * all + head * width + i;
        for (let other = 0; other < tokens; other++, value += 3 * all) {
          sum += weights[other] * x[value];
        }
        out[at + i] = sum;
      }
    }
  }
}

/** The share that each token's value gets in one query's answer. */
function weigh(weights, x, query, firstKey, stride, tokens, width, scale) {
  let highest = -Infinity;
  for (let other = 0; other < tokens; other++) {
    const key = firstKey + other * stride;
    let sum = 0;
    for (let i = 0; i < width; i++) sum += x[query + i] * x[key + i];
    weights[other] = sum * scale;
    highest = Math.max(highest, weights[other]);
  }
  let total = 0;
  for (let other = 0; other < tokens; other++) {
    total += weights[other] = Math.exp(weights[other] - highest);
  }
  for (let other = 0; other < tokens; other++) weights[other] /= total;
}
