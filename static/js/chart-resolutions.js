// How long a candle is: a group of radio buttons, chosen by click or keys, remembered.

import { attribute } from "novate/dom";
import { keep, recall } from "novate/kept";
import { shortcuts } from "novate/shortcuts";

const KEY = "chart.resolution";

// Calls listener at once with what was chosen last. Returns what stops it.
export function resolutionBar(panel, listener) {
  const bar = panel.querySelector(".resolutions");
  const buttons = [...bar.children];
  const choose = (button) => {
    for (const other of buttons) {
      attribute(other, "aria-checked", String(other === button));
      attribute(other, "tabindex", other === button ? 0 : -1);
    }
    keep(KEY, button.value);
    listener(button.value);
  };
  const step = (by) => {
    const at = buttons.findIndex((button) => button.ariaChecked === "true");
    const next = buttons[at + by];
    if (next) choose(next);
    return next;
  };
  const click = ({ target }) => target.value && choose(target);
  const key = (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (by) step(by)?.focus();
  };
  bar.addEventListener("click", click);
  bar.addEventListener("keydown", key);
  const stop = shortcuts.register("Chart", [
    { keys: ",", words: "Shorter candles", act: () => step(-1) },
    { keys: ".", words: "Longer candles", act: () => step(1) },
    { keys: "d", words: "Between price and depth", act: () => panel.querySelector('[role="tab"][aria-selected="false"]').click() },
    { keys: "c", words: "Go to the chart", act: () => panel.querySelector(".chart-canvas").focus() },
    { keys: ["ArrowLeft", "ArrowRight"], words: "Earlier, later" },
    { keys: ["+", "-"], words: "Closer, farther" },
    { keys: "End", words: "The newest candle" },
    { keys: ["ArrowUp", "ArrowDown"], words: "Move the focused order line by a tick" },
    { keys: ["PageUp", "PageDown"], words: "By ten ticks" },
    { keys: "Enter", words: "Send the moved order" },
    { keys: "Delete", words: "Cancel the order of the focused line" },
  ]);
  choose(buttons.find((button) => button.value === recall(KEY)) ?? buttons[0]);
  return () => {
    bar.removeEventListener("click", click);
    bar.removeEventListener("keydown", key);
    stop();
  };
}
