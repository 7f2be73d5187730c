/**
 * The panels of the stage, in the order of their tabs; `panels.js` says what a panel is.
 */

import { Draw } from "./draw.js";
import { Paths } from "./paths.js";
import { Sliders } from "./sliders.js";

/** @type {(new () => import("./panels.js").Panel)[]} */
export const PANELS = [
  Sliders,
  Paths,
  Draw,
];
