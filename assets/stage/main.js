/**
 * The entry: `mount` is called when the component appears and at every rerun of its page.
 */

import { Stage } from "./main/stage.js";

/** @type {WeakMap<Element, Stage>} */
const stages = new WeakMap();

/**
 * Show the component's data; the same run keeps its view, its sliders and its pinned picture.
 * @param {{data: any, parentElement: HTMLElement,
 *   setStateValue: (name: string, value: any) => void}} component
 */
export function mount(component) {
  const { data, parentElement, setStateValue } = component;
  let stage = stages.get(parentElement);
  if (!stage || !parentElement.contains(stage.root)) {
    stage = new Stage(parentElement, new URL("stage.css", import.meta.url).href);
    stages.set(parentElement, stage);
  }
  stage.onTold = setStateValue;
  if (data) stage.show(data);
}
