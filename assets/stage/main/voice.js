/**
 * What the stage says: what it is waiting for, what went wrong, and where the probe is.
 */

import { make } from "../kit/elements.js";
import { describePicture, describePlace } from "./readout.js";

const SPOKEN_EVERY = 800; // ms between announcements to screen readers

export class Voice {
  constructor() {
    this.status = make("p", { class: "status", role: "status" });
    this.alert = make("p", { class: "alert", role: "alert", hidden: "" });
    this.live = make("p", { class: "spoken", "aria-live": "polite" });
    this.elements = [this.status, this.alert, this.live];
  }

  /** What is going on; nothing is wrong any more. @param {string} sentence */
  say(sentence) {
    this.status.textContent = sentence;
    this.alert.hidden = true;
  }

  /** @param {Error} error whose message is a sentence */
  complain(error) {
    this.status.textContent = "";
    this.alert.textContent = error.message;
    this.alert.hidden = false;
  }

  /**
   * Tell screen readers where the probe is, now and then.
   * @param {import("./probe.js").Probe} probe
   * @param {import("./load.js").Points} points
   */
  speak(probe, points) {
    this.next = [probe, points];
    this.spoken ??= setTimeout(() => {
      this.spoken = null;
      const [lastProbe, lastPoints] = this.next;
      const place = describePlace(lastProbe.sides.a).join(", ");
      const words = `${describePicture(lastProbe, lastPoints)}. ${place}`;
      if (this.live.textContent !== words) this.live.textContent = words;
    }, SPOKEN_EVERY);
  }
}
