/**
 * The one loop that costs time: out = A · Bᵀ + bias, both factors contiguous along the sum.
 */

/**
 * out[m, n] = bias[m] + Σₖ a[m, k] · bT[n, k].
 *
 * Four rows by four columns are summed at once in local variables: each value read is used four
 * times, which is what keeps plain JavaScript near one multiplication per clock.
 *
 * @param {Float32Array} out (M, N), written
 * @param {Float32Array} a (M, K)
 * @param {Float32Array} bT (N, K)
 * @param {Float32Array | null} bias (M), or null for none
 * @param {number} M
 * @param {number} N
 * @param {number} K
 */
export function matmul(out, a, bT, bias, M, N, K) {
  const fullM = M - (M % 4);
  const fullN = N - (N % 4);
  for (let m = 0; m < fullM; m += 4) {
    for (let n = 0; n < fullN; n += 4) block(out, a, bT, bias, m, n, N, K);
    for (let n = fullN; n < N; n++) column(out, a, bT, bias, m, n, N, K);
  }
  for (let m = fullM; m < M; m++) {
    for (let n = 0; n < N; n++) out[m * N + n] = (bias ? bias[m] : 0) + dot(a, m * K, bT, n * K, K);
  }
}

function block(out, a, bT, bias, m, n, N, K) {
  const a0 = m * K, a1 = a0 + K, a2 = a1 + K, a3 = a2 + K;
  const b0 = n * K, b1 = b0 + K, b2 = b1 + K, b3 = b2 + K;
  let s00 = 0, s01 = 0, s02 = 0, s03 = 0, s10 = 0, s11 = 0, s12 = 0, s13 = 0;
  let s20 = 0, s21 = 0, s22 = 0, s23 = 0, s30 = 0, s31 = 0, s32 = 0, s33 = 0;
  for (let k = 0; k < K; k++) {
    const x0 = bT[b0 + k], x1 = bT[b1 + k], x2 = bT[b2 + k], x3 = bT[b3 + k];
    const w0 = a[a0 + k];
    s00 += w0 * x0; s01 += w0 * x1; s02 += w0 * x2; s03 += w0 * x3;
    const w1 = a[a1 + k];
    s10 += w1 * x0; s11 += w1 * x1; s12 += w1 * x2; s13 += w1 * x3;
    const w2 = a[a2 + k];
    s20 += w2 * x0; s21 += w2 * x1; s22 += w2 * x2; s23 += w2 * x3;
    const w3 = a[a3 + k];
    s30 += w3 * x0; s31 += w3 * x1; s32 += w3 * x2; s33 += w3 * x3;
  }
  let at = m * N + n;
  let c = bias ? bias[m] : 0;
  out[at] = s00 + c; out[at + 1] = s01 + c; out[at + 2] = s02 + c; out[at + 3] = s03 + c;
  at += N; c = bias ? bias[m + 1] : 0;
  out[at] = s10 + c; out[at + 1] = s11 + c; out[at + 2] = s12 + c; out[at + 3] = s13 + c;
  at += N; c = bias ? bias[m + 2] : 0;
  out[at] = s20 + c; out[at + 1] = s21 + c; out[at + 2] = s22 + c; out[at + 3] = s23 + c;
  at += N; c = bias ? bias[m + 3] : 0;
  out[at] = s30 + c; out[at + 1] = s31 + c; out[at + 2] = s32 + c; out[at + 3] = s33 + c;
}

/** Four rows against one column: also the whole of a linear layer. */
function column(out, a, bT, bias, m, n, N, K) {
  const a0 = m * K, a1 = a0 + K, a2 = a1 + K, a3 = a2 + K, b = n * K;
  let s0 = 0, s1 = 0, s2 = 0, s3 = 0;
  for (let k = 0; k < K; k++) {
    const x = bT[b + k];
    s0 += a[a0 + k] * x; s1 += a[a1 + k] * x; s2 += a[a2 + k] * x; s3 += a[a3 + k] * x;
  }
  const at = m * N + n;
  out[at] = s0 + (bias ? bias[m] : 0);
  out[at + N] = s1 + (bias ? bias[m + 1] : 0);
  out[at + 2 * N] = s2 + (bias ? bias[m + 2] : 0);
  out[at + 3 * N] = s3 + (bias ? bias[m + 3] : 0);
}

function dot(a, a0, b, b0, K) {
  let sum = 0;
  for (let k = 0; k < K; k++) sum += a[a0 + k] * b[b0 + k];
  return sum;
}
