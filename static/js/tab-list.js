// Tabs after the ARIA pattern: arrow keys move, the chosen panel shows, and what stands beside the tabs
// with data-for only where it belongs.

import { attribute } from "novate/dom";

// Returns { choose, stop }; the first tab is chosen.
export function tabList(host) {
  const tabs = [...host.querySelectorAll("[role=tab]")];
  const choose = (chosen) => {
    for (const tab of tabs) {
      attribute(tab, "aria-selected", String(tab === chosen));
      attribute(tab, "tabindex", tab === chosen ? 0 : -1);
      document.getElementById(tab.getAttribute("aria-controls")).hidden = tab !== chosen;
    }
    for (const action of host.querySelectorAll("[data-for]")) {
      action.hidden = action.dataset.for !== chosen.getAttribute("aria-controls");
    }
  };
  const click = ({ target }) => {
    const tab = target.closest("[role=tab]");
    if (tab) choose(tab);
  };
  const key = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const at = tabs.indexOf(event.target);
    if (!step || at < 0) return;
    const next = tabs.at((at + step) % tabs.length);
    choose(next);
    next.focus();
  };
  host.addEventListener("click", click);
  host.addEventListener("keydown", key);
  choose(tabs[0]);
  return {
    choose,
    stop: () => {
      host.removeEventListener("click", click);
      host.removeEventListener("keydown", key);
    },
  };
}
