/**
 * The panels of the stage, in the order of their tabs; `panels.js` says what a panel is.
 */

import { Codes } from "./codes_panel.js";
import { Draw } from "./draw.js";
import { Paths } from "./paths.js";
import { PicturePanel } from "./picture_panel.js";
import { SelectionPanel } from "./selection_panel.js";
import { Sliders } from "./sliders.js";

/** @type {(new () => import("./panels.js").Panel)[]} */
export const PANELS = [
  Sliders,
  Codes,
  PicturePanel,
  Paths,
  Draw,
  SelectionPanel,
];
