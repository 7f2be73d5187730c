/**
 * The panels of the stage, in the order of their tabs; `panels.js` says what a panel is.
 */

import { Codes } from "../codes/codes_panel.js";
import { Draw } from "../draw/draw.js";
import { Paths } from "../paths/paths.js";
import { PicturePanel } from "../pictures/picture_panel.js";
import { SelectionPanel } from "../pictures/selection_panel.js";
import { Sliders } from "../sliders/sliders.js";

/** @type {(new () => import("./panels.js").Panel)[]} */
export const PANELS = [
  Sliders,
  Codes,
  PicturePanel,
  Paths,
  Draw,
  SelectionPanel,
];
