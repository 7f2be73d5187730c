/**
 * Who computes when: of all threads so many at once that the page itself, and what draws it, has a
 * processor left.
 */

const AT_ONCE = Math.max(1, (navigator.hardwareConcurrency || 2) - 1);

let running = 0;
/** @type {(() => void)[]} the oldest first */
const waiting = [];

/**
 * Run what takes a thread's time when it is its turn.
 * @template T
 * @param {() => Promise<T>} act
 * @returns {Promise<T>}
 */
export async function inTurn(act) {
  if (running < AT_ONCE) running++;
  else await new Promise((go) => waiting.push(go));
  try {
    return await act();
  } finally {
    const next = waiting.shift();
    if (next) next();
    else running--;
  }
}
