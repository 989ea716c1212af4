// Closes every position at market; asks once more before it does.

import { accountButton } from "novate/account-button";

async function act() {
  const { askCloseAll } = await import("novate/position-actions");
  await askCloseAll();
}

customElements.define("nv-close-all", accountButton({
  kind: "positions", keys: "Alt+X", words: "Close all positions, after a question", act,
}));
