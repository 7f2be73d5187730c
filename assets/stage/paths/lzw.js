/**
 * Lempel–Ziv–Welch compression as GIF has it: T. A. Welch 1984; GIF89a, appendix F.
 */

const MOST_CODES = 4096; // of 12 bits

/**
 * @param {Uint8Array} indices each below 2^bits
 * @param {number} bits of an index, at least 2
 * @returns {Uint8Array} without the blocks a file divides it into
 */
export function compress(indices, bits) {
  const clear = 1 << bits;
  const end = clear + 1;
  const table = new Uint16Array(MOST_CODES << 8); // code of (prefix, next); 0 where there is none
  const writer = new BitWriter(indices.length);
  let next = end + 1;
  let width = bits + 1;
  writer.put(clear, width);
  let prefix = indices[0];
  for (let i = 1; i < indices.length; i++) {
    const key = (prefix << 8) | indices[i];
    if (table[key]) {
      prefix = table[key];
      continue;
    }
    writer.put(prefix, width);
    prefix = indices[i];
    if (next === MOST_CODES) {
      writer.put(clear, width);
      table.fill(0);
      [next, width] = [end + 1, bits + 1];
      continue;
    }
    // The reader learns each code one step later than it is made here.
    if (next === 1 << width) width++;
    table[key] = next++;
  }
  writer.put(prefix, width);
  // The last code made its reader's table grow too.
  if (next === 1 << width && width < 12) width++;
  writer.put(end, width);
  return writer.finish();
}

/** Codes one after the other, lowest bits first. */
class BitWriter {
  constructor(size) {
    this.bytes = new Uint8Array(2 * size + 16); // 12 bits an index at the worst, and some codes more
    this.n = this.held = this.nHeld = 0;
  }

  put(code, width) {
    this.held |= code << this.nHeld;
    this.nHeld += width;
    while (this.nHeld >= 8) {
      this.bytes[this.n++] = this.held & 255;
      this.held >>>= 8;
      this.nHeld -= 8;
    }
  }

  finish() {
    if (this.nHeld) this.bytes[this.n++] = this.held & 255;
    return this.bytes.slice(0, this.n);
  }
}
