// The account in numbers: every field that names a part of the summary is filled from it.

import { account } from "novate/account";
import { Decimal } from "novate/decimal";
import { attribute, text } from "novate/dom";
import { directionOf, money, signed } from "novate/format";
import { marginUse } from "novate/health";

class Portfolio extends HTMLElement {
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
    for (const field of this.querySelectorAll("[data-money]")) {
      const value = summary[field.dataset.money] ?? 0;
      const isSigned = field.hasAttribute("data-signed");
      text(field, isSigned ? signed(value, 2) : money(value));
      if (isSigned) attribute(field, "class", directionOf(value));
    }
    for (const meter of this.querySelectorAll(".meter")) {
      attribute(meter, "data-level", use.level);
      meter.firstElementChild.style.transform = `scaleX(${Math.min(1, use.ratio)})`;
    }
    for (const node of this.querySelectorAll(".use")) text(node, use.words);
    const [equity, balance, unrealised, maintenance] = ["equity", "balance", "session_upl", "maintenance_margin"]
      .map((name) => Decimal.from(summary[name] ?? 0));
    text(this.querySelector(".unsettled"), signed(equity.minus(balance).minus(unrealised), 2));
    text(this.querySelector(".buffer"), money(equity.minus(maintenance)));
  }
}

customElements.define("nv-portfolio", Portfolio);
