// Three steps to the first trade; each is ticked off as it happens.

import { account } from "novate/account";
import { attribute } from "novate/dom";
import { Decimal } from "novate/decimal";

class Welcome extends HTMLElement {
  #stop = null;

  connectedCallback() {
    this.#stop = account.watch(() => this.#show(), "summary");
  }

  disconnectedCallback() {
    this.#stop?.();
  }

  #show() {
    const isFunded = account.summary !== null && Decimal.from(account.summary.equity).sign() > 0;
    const [open, funds, trade] = this.querySelectorAll("li");
    const isOpen = account.isKnown || account.isLoaded;
    attribute(open, "data-done", isOpen);
    attribute(open, "data-now", !isOpen);
    attribute(funds, "data-done", isFunded);
    attribute(funds, "data-now", isOpen && !isFunded);
    attribute(trade, "data-now", isFunded);
    const go = trade.querySelector("a");
    attribute(go, "class", isFunded ? "button primary" : "button");
    attribute(funds.querySelector("button"), "class", isFunded ? "button" : "button primary");
  }
}

customElements.define("nv-welcome", Welcome);
