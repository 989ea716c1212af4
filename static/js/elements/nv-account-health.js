// Equity, available funds and margin use, always in sight.

import { account } from "novate/account";
import { Decimal } from "novate/decimal";
import { attribute, text } from "novate/dom";
import { money, signed } from "novate/format";
import { marginUse } from "novate/health";

class AccountHealth extends HTMLElement {
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
    text(this.querySelector(".equity"), money(summary.equity));
    text(this.querySelector(".available"), money(summary.available_funds));
    const pnl = this.querySelector(".pnl");
    text(pnl, signed(summary.session_upl ?? 0, 2));
    attribute(pnl, "class", `pnl ${["down", "", "up"][Decimal.from(summary.session_upl ?? 0).sign() + 1]}`);
    const meter = this.querySelector(".meter");
    attribute(meter, "data-level", use.level);
    meter.firstElementChild.style.transform = `scaleX(${Math.min(1, use.ratio)})`;
    text(this.querySelector(".use"), use.words);
    attribute(this.querySelector(".health"), "title", use.meaning);
  }
}

customElements.define("nv-account-health", AccountHealth);
