// The list of one's accounts, each with its equity as it stands.

import { account } from "novate/account";
import { soon, text } from "novate/dom";
import { money } from "novate/format";
import { ownAccounts } from "novate/own-accounts";

const SETTLE_MS = 500;

class Accounts extends HTMLElement {
  #stop = null;

  connectedCallback() {
    this.#stop = account.watch(soon(() => this.#load(), SETTLE_MS), "positions", "orders");
  }

  disconnectedCallback() {
    this.#stop?.();
  }

  async #load() {
    const known = await ownAccounts().catch(() => new Map());
    for (const row of this.querySelectorAll("tr[data-account]")) {
      const summary = known.get(row.dataset.account);
      if (!summary) continue;
      text(row.querySelector(".equity"), money(summary.equity));
      text(row.querySelector(".available"), money(summary.available_funds));
    }
  }
}

customElements.define("nv-accounts", Accounts);
