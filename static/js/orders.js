// Every way to change orders from the page, each with its outcome said in words.

import { account } from "novate/account";
import { Decimal } from "novate/decimal";
import { number } from "novate/format";
import { contract, identity } from "novate/markets";
import { isWaiting } from "novate/order-words";
import { cancelInWords, errorInWords } from "novate/reasons";
import { stream } from "novate/stream";
import { toast } from "novate/toast";

const write = (method, params) => stream.call(method, params, { isWrite: true });
const verbOf = (direction) => (direction === "buy" ? "Buy" : "Sell");

export async function place(side, params) {
  try {
    const { order } = await write(`private/${side}`, params);
    await announce(order);
    return true;
  } catch (error) {
    toast("bad", "Order not placed", errorInWords(error));
    return false;
  }
}

export async function cancel(order) {
  try {
    await write("private/cancel", { order_id: order.order_id });
    toast("note", "Order cancelled", await described(order));
  } catch (error) {
    toast("bad", "Order not cancelled", errorInWords(error));
  }
}

export async function cancelAll() {
  try {
    const count = await write("private/cancel_all", {});
    toast("note", "Orders cancelled", `${count} ${count === 1 ? "order" : "orders"} taken off the book.`);
  } catch (error) {
    toast("bad", "Orders not cancelled", errorInWords(error));
  }
}

export async function closePosition(position) {
  try {
    const params = { instrument_name: position.instrument_name, type: "market" };
    await announce((await write("private/close_position", params)).order);
  } catch (error) {
    toast("bad", "Position not closed", errorInWords(error));
  }
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

async function announce(order) {
  const { lotPlaces, pricePlaces } = await contract(order.instrument_name);
  const { base } = identity(order.instrument_name);
  const filled = Decimal.from(order.filled_amount ?? 0);
  const size = `${number(filled, lotPlaces)} ${base}`;
  const average = number(order.average_price, pricePlaces);
  if (filled.sign() > 0 && order.order_state === "open") {
    toast("good", "Partly filled, the rest is open", `${size} at ${average}. ${await described(order)}`);
  } else if (filled.sign() > 0) {
    toast("good", `${order.direction === "buy" ? "Bought" : "Sold"} ${size}`, `Average price ${average}.${remainder(order)}`);
  } else if (order.order_state === "open") {
    toast("good", "Order placed", await described(order));
  } else if (isWaiting(order)) {
    toast("good", "Order waits for its price", await described(order));
  } else {
    toast("warn", "Nothing was filled", reasonOf(order));
  }
}

// A remainder that was cancelled is said, with its reason.
function remainder(order) {
  return order.order_state === "cancelled" ? ` The rest was cancelled. ${reasonOf(order)}` : "";
}

const reasonOf = (order) => cancelInWords(order.cancel_reason);

async function described({ direction, amount, price, instrument_name: name }) {
  const { lotPlaces, pricePlaces } = await contract(name);
  const at = price === "market_price" ? "market" : number(price, pricePlaces);
  return `${verbOf(direction)} ${number(amount, lotPlaces)} ${identity(name).base} at ${at}.`;
}
