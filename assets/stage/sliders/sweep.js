/**
 * A sweep: one axis carried to and fro across its range, as long as it plays.
 */

const PERIOD_MS = 4000; // there and back
const TURN = 2 * Math.PI;

export class Sweep {
  /** @param {(axis: number, value: number) => void} onMove */
  constructor(onMove) {
    this.onMove = onMove;
    /** @type {number | null} the axis that moves */
    this.axis = null;
  }

  /**
   * Start from where the axis is.
   * @param {number} axis
   * @param {number} low @param {number} high
   * @param {number} from
   */
  start(axis, low, high, from) {
    this.stop();
    this.axis = axis;
    const [middle, reach] = [(low + high) / 2, (high - low) / 2 || 1];
    const phase = Math.asin(Math.max(-1, Math.min(1, (from - middle) / reach)));
    let began = null;
    const step = (now) => {
      began ??= now;
      this.onMove(axis, middle + reach * Math.sin(phase + (TURN * (now - began)) / PERIOD_MS));
      this.frame = requestAnimationFrame(step);
    };
    this.frame = requestAnimationFrame(step);
  }

  stop() {
    cancelAnimationFrame(this.frame);
    this.axis = null;
  }
}
