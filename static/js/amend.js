// Changes an open order's price, or the price it waits for, and says what came of it.

import { number } from "novate/format";
import { isWaiting } from "novate/order-words";
import { errorInWords } from "novate/reasons";
import { toast } from "novate/toast";
import { write } from "novate/writes";

// The order as amended; null if it was refused.
export async function amendPrice({ order, from, to }, { base, pricePlaces, lotPlaces }) {
  const field = isWaiting(order) ? "trigger_price" : "price";
  const what = `${order.direction === "buy" ? "Buy" : "Sell"} ${number(order.amount, lotPlaces)} ${base}`;
  try {
    const params = { order_id: order.order_id, [field]: String(to) };
    const { order: amended } = await write("private/edit", params);
    const traded = amended.order_state === "filled" ? " It traded there at once." : "";
    toast("good", "Order moved", `${what}: ${number(from, pricePlaces)} → ${number(to, pricePlaces)}.${traded}`);
    return amended;
  } catch (error) {
    toast("bad", "Order not moved", `${errorInWords(error)} It stays at ${number(from, pricePlaces)}.`);
    return null;
  }
}
