// The ticket's part of the keyboard map.

import { shortcuts } from "novate/shortcuts";

export function ticketKeys(host, change) {
  const focus = (...names) => {
    const field = names.map((name) => host.querySelector(`#${name}`)).find((one) => one.checkVisibility());
    field?.focus();
    field?.select();
  };
  const type = (value) => () => { change({ type: value }); focus("trigger", "offset", "price", "size"); };
  return shortcuts.register("Ticket", [
    { keys: "B", words: "Buy", act: () => { change({ side: "buy" }); focus("size"); } },
    { keys: "S", words: "Sell", act: () => { change({ side: "sell" }); focus("size"); } },
    { keys: "L", words: "Limit order", act: type("limit") },
    { keys: "M", words: "Market order", act: type("market") },
    { keys: "T", words: "Stop order at market", act: type("stop_market") },
    { keys: "P", words: "Go to the price", act: () => focus("price", "trigger", "offset", "size") },
    { keys: "Z", words: "Go to the size", act: () => focus("size") },
    { keys: ["ArrowUp", "ArrowDown"], words: "In a price one tick, in the size one lot; with Shift ten" },
    { keys: "Escape", words: "Leave the field, so that single keys are heard again" },
    { keys: "Enter", words: "Send what the button says" },
  ]);
}
