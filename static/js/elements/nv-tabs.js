// Tabs after the ARIA pattern: arrow keys move, the chosen panel shows, counts stand in the tabs.

import { account } from "novate/account";
import { attribute, text } from "novate/dom";
import { shortcuts } from "novate/shortcuts";

class Tabs extends HTMLElement {
  #stop = null;

  connectedCallback() {
    this.addEventListener("click", this.#click);
    this.addEventListener("keydown", this.#key);
    const stops = [account.watch(() => this.#count(), "positions", "orders"), this.#keys()];
    this.#stop = () => stops.forEach((stop) => stop());
    this.#choose(this.#tabs[0]);
  }

  disconnectedCallback() {
    this.removeEventListener("click", this.#click);
    this.removeEventListener("keydown", this.#key);
    this.#stop?.();
  }

  get #tabs() { return [...this.querySelectorAll("[role=tab]")]; }

  #click = ({ target }) => {
    const tab = target.closest("[role=tab]");
    if (tab) this.#choose(tab);
  };

  #key = (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const at = this.#tabs.indexOf(event.target);
    if (!step || at < 0) return;
    const next = this.#tabs.at((at + step) % this.#tabs.length);
    this.#choose(next);
    next.focus();
  };

  // Of several rows of tabs on a page, one answers to digits.
  #keys() {
    if (!this.hasAttribute("digits")) return () => null;
    return shortcuts.register("Orders and positions", this.#tabs.map((tab, at) => ({
      keys: String(at + 1), words: `Show ${tab.firstChild.textContent.trim().toLowerCase()}`, act: () => { this.#choose(tab); tab.focus(); },
    })));
  }

  #choose(chosen) {
    for (const tab of this.#tabs) {
      attribute(tab, "aria-selected", String(tab === chosen));
      attribute(tab, "tabindex", tab === chosen ? 0 : -1);
      document.getElementById(tab.getAttribute("aria-controls")).hidden = tab !== chosen;
    }
    for (const action of this.querySelectorAll("[data-for]")) {
      action.hidden = action.dataset.for !== chosen.getAttribute("aria-controls");
    }
  }

  #count() {
    const counts = { positions: account.positions.size, orders: account.orders.size };
    for (const node of this.querySelectorAll("[data-count]")) {
      text(node, counts[node.dataset.count] ? String(counts[node.dataset.count]) : "");
    }
  }
}

customElements.define("nv-tabs", Tabs);
