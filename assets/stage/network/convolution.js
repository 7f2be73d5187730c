/**
 * Convolutions as matrix products, both ways.
 */

import { matmul } from "./matmul.js";

/**
 * @typedef {object} Convolution sizes of a convolution; pairs are [vertical, horizontal]
 * @property {number} n_in
 * @property {number} n_out
 * @property {[number, number]} kernel
 * @property {[number, number]} stride
 * @property {[number, number]} padding
 * @property {[number, number]} [output_padding] of a transposed one
 */

/**
 * (H, W) that a convolution makes of (H, W).
 * @param {Convolution} size
 * @param {boolean} transposed
 * @param {number} height
 * @param {number} width
 * @returns {[number, number]}
 */
export function convolvedSides(size, transposed, height, width) {
  return /** @type {[number, number]} */ (
    [height, width].map((side, axis) => {
      const { kernel, stride, padding, output_padding = [0, 0] } = size;
      return transposed
        ? (side - 1) * stride[axis] - 2 * padding[axis] + kernel[axis] + output_padding[axis]
        : Math.floor((side + 2 * padding[axis] - kernel[axis]) / stride[axis]) + 1;
    })
  );
}

/**
 * Convolution with zero padding: every patch becomes a row, then one matrix product.
 * @param {Float32Array} out (n_out, outH, outW)
 * @param {Float32Array} x (n_in, H, W)
 * @param {Float32Array} weight (n_out, n_in, kernelH, kernelW), PyTorch's own order
 * @param {Float32Array} bias (n_out)
 * @param {Convolution} size
 * @param {number} height H of x
 * @param {number} width W of x
 * @param {Float32Array} patches scratch (outH·outW, n_in·kernelH·kernelW)
 */
export function conv2d(out, x, weight, bias, size, height, width, patches) {
  const [kernelH, kernelW] = size.kernel;
  const [strideH, strideW] = size.stride;
  const [padH, padW] = size.padding;
  const [outH, outW] = convolvedSides(size, false, height, width);
  let at = 0;
  for (let oy = 0; oy < outH; oy++) {
    for (let ox = 0; ox < outW; ox++) {
      for (let channel = 0; channel < size.n_in; channel++) {
        for (let ky = 0; ky < kernelH; ky++) {
          const y = oy * strideH - padH + ky;
          const row = (channel * height + y) * width;
          const inside = y >= 0 && y < height;
          for (let kx = 0; kx < kernelW; kx++) {
            const column = ox * strideW - padW + kx;
            patches[at++] = inside && column >= 0 && column < width ? x[row + column] : 0;
          }
        }
      }
    }
  }
  matmul(out, weight, patches, bias, size.n_out, outH * outW, size.n_in * kernelH * kernelW);
}

/**
 * The weights of a transposed convolution as `convTranspose2d` reads them: the sum over input
 * channels last, so that the product runs over contiguous memory. Done once, when loaded.
 * @param {Float32Array} weight (n_in, n_out, kernelH, kernelW), PyTorch's own order
 * @param {Convolution} size
 * @returns {Float32Array} (n_out, kernelH, kernelW, n_in)
 */
export function repackTransposed(weight, size) {
  const taps = size.n_out * size.kernel[0] * size.kernel[1];
  return transpose(new Float32Array(weight.length), weight, size.n_in, taps);
}

/**
 * Transposed convolution: one matrix product gives what each pixel adds through each tap of the
 * kernel, then those are summed where they land.
 * @param {Float32Array} out (n_out, outH, outW)
 * @param {Float32Array} x (n_in, H, W)
 * @param {Float32Array} packed weights from `repackTransposed`
 * @param {Float32Array} bias (n_out)
 * @param {Convolution} size
 * @param {number} height H of x
 * @param {number} width W of x
 * @param {{pixels: Float32Array, taps: Float32Array}} scratch (H·W, n_in) and
 *   (n_out·kernelH·kernelW, H·W)
 */
export function convTranspose2d(out, x, packed, bias, size, height, width, scratch) {
  const [kernelH, kernelW] = size.kernel;
  const [outH, outW] = convolvedSides(size, true, height, width);
  const area = height * width;
  transpose(scratch.pixels, x, size.n_in, area);
  matmul(scratch.taps, packed, scratch.pixels, null, size.n_out * kernelH * kernelW, area, size.n_in);
  let tap = 0;
  for (let channel = 0; channel < size.n_out; channel++) {
    const plane = channel * outH * outW;
    out.fill(bias[channel], plane, plane + outH * outW);
    for (let ky = 0; ky < kernelH; ky++) {
      for (let kx = 0; kx < kernelW; kx++, tap++) {
        const top = ky - size.padding[0];
        const left = kx - size.padding[1];
        addTap(out, plane, outH, outW, scratch.taps, tap * area, size, height, width, top, left);
      }
    }
  }
}

/** Add one tap's (H, W) contributions where its pixels land; those outside are cut off. */
function addTap(out, plane, outH, outW, taps, from, size, height, width, top, left) {
  const [strideH, strideW] = size.stride;
  const firstX = left < 0 ? Math.ceil(-left / strideW) : 0;
  const endX = Math.min(width, Math.ceil((outW - left) / strideW));
  for (let y = 0; y < height; y++) {
    const oy = y * strideH + top;
    if (oy < 0 || oy >= outH) continue;
    const row = from + y * width;
    let at = plane + oy * outW + firstX * strideW + left;
    for (let x = firstX; x < endX; x++, at += strideW) out[at] += taps[row + x];
  }
}

/** out[j, i] = x[i, j] for x of (rows, columns). */
function transpose(out, x, rows, columns) {
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) out[j * rows + i] = x[i * columns + j];
  }
  return out;
}
