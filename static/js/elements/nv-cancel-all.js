// Takes every open order off the book; asks once more before it does.

import { accountButton } from "novate/account-button";
import { ask } from "novate/dialog";
import { cancelAll } from "novate/orders";

async function act(count) {
  const words = count === 1 ? "1 open order" : `all ${count} open orders`;
  const lines = ["Orders that wait for a trigger are among them, exits of positions too."];
  if (await ask({ title: `Cancel ${words}?`, lines, action: "Cancel all", tone: "danger" })) await cancelAll();
}

customElements.define("nv-cancel-all", accountButton({
  kind: "orders", keys: "Alt+C", words: "Cancel all orders, after a question", act,
}));
