// A row of spans as radio buttons: a click or the arrow keys choose, onChoose hears the value.

import { attribute } from "novate/dom";

export function chooseSpan(group, onChoose) {
  const buttons = [...group.querySelectorAll("[role=radio]")];
  const show = (chosen) => {
    for (const button of buttons) {
      attribute(button, "aria-checked", String(button === chosen));
      attribute(button, "tabindex", button === chosen ? 0 : -1);
    }
  };
  const choose = (chosen) => {
    show(chosen);
    onChoose(chosen.value);
  };
  group.onclick = ({ target }) => target.matches("[role=radio]") && choose(target);
  group.onkeydown = (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const next = buttons.at((buttons.indexOf(document.activeElement) + step) % buttons.length);
    next.focus();
    choose(next);
  };
  const first = buttons.find((button) => button.getAttribute("aria-checked") === "true");
  show(first);
  return first.value;
}
