/**
 * What is fetched, or a sentence that says why it is not there.
 */

import { StageError } from "./errors.js";

export const RELOAD = "Reload the page; if that does not help, choose another run.";

/** A path as Python gives it, relative to the page; within a worker only whole addresses. */
export function resolve(path) {
  return new URL(path, globalThis.document?.baseURI).href;
}

export async function fetchOk(path, thing) {
  let response;
  try {
    response = await fetch(resolve(path));
  } catch {
    const remedy = "Check that the app is still running, then reload the page.";
    throw new StageError(thing, "within reach", "no answer from the server", remedy);
  }
  if (!response.ok) throw new StageError(thing, "there", `HTTP ${response.status}`, RELOAD);
  return response;
}

export async function fetchJson(path, thing) {
  const response = await fetchOk(path, thing);
  try {
    return await response.json();
  } catch {
    throw new StageError(thing, "JSON", "something else", RELOAD);
  }
}

/** @returns {Promise<ArrayBuffer>} of the expected number of bytes, if one is given */
export async function fetchBuffer(path, expected, thing) {
  const buffer = await (await fetchOk(path, thing)).arrayBuffer();
  if (expected !== null && buffer.byteLength !== expected) {
    throw new StageError(thing, `${expected} bytes long`, `${buffer.byteLength} bytes`, RELOAD);
  }
  return buffer;
}
