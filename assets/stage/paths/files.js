/**
 * Pictures that a visitor brings: dropped, pasted or chosen.
 */

import { contextOf } from "../kit/elements.js";
import { StageError } from "../kit/errors.js";

const MOST_BYTES = 20e6;
const MOST_SIDE = 1024; // pixels; larger ones are made smaller before their pixels are read
const REMEDY = "Take a PNG, JPEG, GIF or WebP file.";

/**
 * @param {File} file
 * @returns {Promise<ImageData>} turned upright
 * @throws {StageError} what is not a picture, or too large
 */
export async function readPicture(file) {
  const what = file.name ? `“${file.name}”` : file.type || "something else";
  if (file.size > MOST_BYTES) {
    const size = `${(file.size / 1e6).toFixed(1)} MB`;
    throw new StageError("A picture", `at most ${MOST_BYTES / 1e6} MB`, size, "Make it smaller.");
  }
  let bitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    throw new StageError("The file", "a picture", what, REMEDY);
  }
  const share = Math.min(1, MOST_SIDE / Math.max(bitmap.width, bitmap.height));
  const [width, height] = [bitmap.width, bitmap.height].map((side) => Math.max(1, Math.round(share * side)));
  const context = contextOf(new OffscreenCanvas(width, height));
  context.imageSmoothingQuality = "high";
  context.drawImage(bitmap, 0, 0, width, height);
  bitmap.close();
  return context.getImageData(0, 0, width, height);
}

/**
 * The file in what was dropped or pasted.
 * @param {DataTransfer} transfer
 * @returns {File}
 * @throws {StageError} where there is none
 */
export function fileIn(transfer) {
  const files = [...transfer.files];
  const file = files.find(({ type }) => type.startsWith("image/")) ?? files[0];
  if (file) return file;
  const got = [...transfer.types].includes("text/plain") ? "text" : "something else";
  throw new StageError("What is dropped or pasted", "a picture", got, REMEDY);
}
