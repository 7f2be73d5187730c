/**
 * Points on their way from one arrangement to another.
 */

const DURATION_MS = 450;

export class Movement {
  constructor() {
    /** @type {Map<string, {from: Float32Array, to: Float32Array, began: number}>} by map */
    this.moving = new Map();
    this.now = new Map(); // where the points of each map were seen last
  }

  /**
   * @param {string} which map
   * @param {Float32Array} from (N, 2), unless they are still on their way
   * @param {Float32Array} to (N, 2)
   */
  start(which, from, to) {
    this.moving.set(which, { from: this.now.get(which) ?? from, to, began: performance.now() });
  }

  /** Forget a map's points: others stand there now. */
  finish(which) {
    this.moving.delete(which);
    this.now.delete(which);
  }

  /**
   * Where the points of each map that moves are now.
   * @param {number} time ms
   * @returns {[string, Float32Array][]}
   */
  step(time) {
    return Array.from(this.moving, ([which, { from, to, began }]) => {
      const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
      const share = still ? 1 : Math.min(1, Math.max(0, (time - began) / DURATION_MS));
      if (share === 1) {
        this.finish(which);
        return [which, to];
      }
      const xy = between(from, to, share * share * (3 - 2 * share)); // slow at both ends
      this.now.set(which, xy);
      return [which, xy];
    });
  }
}

function between(from, to, share) {
  const xy = new Float32Array(to.length);
  for (let i = 0; i < xy.length; i++) xy[i] = from[i] + share * (to[i] - from[i]);
  return xy;
}
