// Three steps to the first trade, begun by the server and ticked off as they happen.

import { account } from "novate/account";
import { attribute } from "novate/dom";
import { Decimal } from "novate/decimal";

const STEPS = ["account", "funds", "trade", ""];

class Welcome extends HTMLElement {
  #stop = null;

  connectedCallback() {
    this.#stop = account.watch(() => this.#show(), "summary");
    account.addEventListener("fill", this.#traded);
  }

  disconnectedCallback() {
    this.#stop?.();
    account.removeEventListener("fill", this.#traded);
  }

  #traded = () => this.#reach("");

  #show() {
    if (!account.isLoaded) return;
    const isFunded = account.summary !== null && Decimal.from(account.summary.equity).sign() > 0;
    this.#reach(isFunded ? "trade" : "funds");
  }

  // Steps are never taken back: money that was lost has been there.
  #reach(step) {
    const at = Math.max(STEPS.indexOf(step), STEPS.indexOf(this.dataset.step));
    this.dataset.step = STEPS[at];
    this.querySelectorAll("li").forEach((item, place) => {
      attribute(item, "data-done", place < at);
      attribute(item, "data-now", place === at);
      attribute(item, "aria-current", place === at ? "step" : null);
      item.querySelector(".step-done").hidden = place >= at;
      const go = item.querySelector("a, button");
      go?.classList.toggle("primary", place === at);
      if (go && place <= at) attribute(go, "disabled", null);
    });
  }
}

customElements.define("nv-welcome", Welcome);
