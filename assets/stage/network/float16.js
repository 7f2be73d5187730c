/**
 * Half-precision numbers, which JavaScript engines before 2025 cannot read.
 */

const INFINITY_OR_NAN = 31; // the exponent that IEEE 754 sets aside
const EXPONENT_BIAS = 15;
const FRACTION = 1024; // ten bits

/** @type {Float32Array | undefined} the value of each of the 65,536 patterns */
let table;

function buildTable() {
  const values = new Float32Array(65536);
  for (let bits = 0; bits < 65536; bits++) {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >> 10) & 31;
    const fraction = (bits & 1023) / FRACTION;
    if (exponent === INFINITY_OR_NAN) values[bits] = fraction ? NaN : sign * Infinity;
    else if (exponent === 0) values[bits] = sign * fraction * 2 ** (1 - EXPONENT_BIAS);
    else values[bits] = sign * (1 + fraction) * 2 ** (exponent - EXPONENT_BIAS);
  }
  return values;
}

/**
 * The float32 values of little-endian float16 ones.
 * @param {ArrayBuffer} buffer of an even number of bytes
 * @returns {Float32Array}
 */
export function float32FromFloat16(buffer) {
  table ??= buildTable();
  const bits = new Uint16Array(buffer);
  const values = new Float32Array(bits.length);
  for (let i = 0; i < bits.length; i++) values[i] = table[bits[i]];
  return values;
}
