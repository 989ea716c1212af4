// The account beside the ticket: equity, margin and how near a margin call is.

import { account } from "novate/account";
import { attribute, text } from "novate/dom";
import { directionOf, money, signed } from "novate/format";
import { marginUse } from "novate/health";

class AccountCard extends HTMLElement {
  #stop = null;

  connectedCallback() {
    this.#stop = account.watch(() => this.#show(), "summary");
  }

  disconnectedCallback() {
    this.#stop?.();
  }

  #show() {
    const { summary } = account;
    if (!summary) return;
    const use = marginUse(summary);
    const meter = this.querySelector(".meter");
    attribute(meter, "data-level", use.level);
    meter.firstElementChild.style.transform = `scaleX(${Math.min(1, use.ratio)})`;
    text(this.querySelector(".use"), use.words);
    for (const field of this.querySelectorAll("[data-money]")) {
      const value = summary[field.dataset.money];
      const isSigned = field.hasAttribute("data-signed");
      text(field, isSigned ? signed(value ?? 0, 2) : money(value));
      if (isSigned) attribute(field, "class", directionOf(value ?? 0));
    }
  }
}

customElements.define("nv-account-card", AccountCard);
