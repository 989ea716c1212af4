// Every way to change orders from the page, each with its outcome said in words.

import { account } from "novate/account";
import { Decimal } from "novate/decimal";
import { number } from "novate/format";
import { contract, identity } from "novate/markets";
import { isWaiting, priceWords, triggerWords } from "novate/order-words";
import { cancelInWords, errorInWords } from "novate/reasons";
import { toast } from "novate/toast";
import { tellOf, write } from "novate/writes";

const verbOf = (direction) => (direction === "buy" ? "Buy" : "Sell");

export async function place(side, params) {
  const answered = account.send(drafted(side, params));
  try {
    const { order } = await write(`private/${side}`, params);
    answered();
    await announce(order);
    return true;
  } catch (error) {
    answered();
    toast("bad", "Order not placed", errorInWords(error));
    return false;
  }
}

export async function cancel(order) {
  const answered = account.ask(order.order_id, "Cancelling");
  try {
    await write("private/cancel", { order_id: order.order_id });
    toast("note", "Order cancelled", await described(order));
  } catch (error) {
    toast("bad", "Order not cancelled", errorInWords(error));
  }
  answered();
}

// changes: amount, price, trigger_price or trigger_offset, as decimal strings.
export async function edit(order, changes) {
  const answered = account.ask(order.order_id, "Changing");
  try {
    const { order: changed } = await write("private/edit", { order_id: order.order_id, ...changes });
    await announce(changed, "Order changed");
    return true;
  } catch (error) {
    toast("bad", "Order not changed", errorInWords(error));
    return false;
  } finally {
    answered();
  }
}

export async function cancelAll() {
  const orders = [...account.orders.keys()];
  const answered = orders.map((id) => account.ask(id, "Cancelling"));
  orders.forEach(tellOf);
  try {
    const count = await write("private/cancel_all", {});
    toast("note", "Orders cancelled", `${count} ${count === 1 ? "order" : "orders"} taken off the book.`);
  } catch (error) {
    toast("bad", "Orders not cancelled", errorInWords(error));
  }
  answered.forEach((end) => end());
}

// price: a limit; without one, at market.
export async function closePosition(position, price = null) {
  const params = { instrument_name: position.instrument_name, type: price ? "limit" : "market", ...(price && { price }) };
  try {
    await announce((await write("private/close_position", params)).order);
    return true;
  } catch (error) {
    toast("bad", "Position not closed", errorInWords(error));
    return false;
  }
}

export async function closeAll() {
  for (const position of [...account.positions.values()]) await closePosition(position);
}

export async function takeTestFunds() {
  try {
    const { amount } = await write("private/demo_fund", {});
    toast("good", "Test funds received", `${number(amount ?? 0, 2)} USDC are in your account.`);
    account.reload();
    return true;
  } catch (error) {
    toast("bad", "No test funds", errorInWords(error));
    return false;
  }
}

async function announce(order, placed = "Order placed") {
  const { lotPlaces, pricePlaces } = await contract(order.instrument_name);
  const { base } = identity(order.instrument_name);
  const filled = Decimal.from(order.filled_amount ?? 0);
  const size = `${number(filled, lotPlaces)} ${base}`;
  const average = number(order.average_price, pricePlaces);
  if (filled.sign() > 0 && order.order_state === "open") {
    toast("good", order.replaced ? placed : "Partly filled, the rest is open", `${size} at ${average}. ${await described(order)}`);
  } else if (filled.sign() > 0) {
    toast("good", `${order.direction === "buy" ? "Bought" : "Sold"} ${size}`, `Average price ${average}.${remainder(order)}`);
  } else if (order.order_state === "open") {
    toast("good", placed, await described(order));
  } else if (isWaiting(order)) {
    toast("good", order.replaced ? placed : "Order waits for its price", await described(order));
  } else {
    toast("warn", "Nothing was filled", reasonOf(order));
  }
}

// A remainder that was cancelled is said, with its reason.
function remainder(order) {
  return order.order_state === "cancelled" ? ` The rest was cancelled. ${reasonOf(order)}` : "";
}

const reasonOf = (order) => cancelInWords(order.cancel_reason);

// "Sell 0.100 BTC at market. Waits for mark 58,000.0."
export async function described(order) {
  const { lotPlaces, pricePlaces } = await contract(order.instrument_name);
  const at = order.price === "market_price" ? "market" : priceWords(order, pricePlaces);
  const waits = isWaiting(order) ? triggerWords(order, pricePlaces) : null;
  const what = `${verbOf(order.direction)} ${number(order.amount, lotPlaces)} ${identity(order.instrument_name).base} at ${at}.`;
  return waits ? `${what} ${waits}.` : what;
}

// An order that has been sent and not been answered, in the shape of one that exists.
function drafted(side, params) {
  return {
    direction: side, filled_amount: 0, order_type: params.type, order_state: "sending", creation_timestamp: Date.now(),
    ...params, price: params.price ?? "market_price", otoco_config: undefined,
  };
}
