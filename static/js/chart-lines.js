// The reader's own lines on the chart: open orders, entry price, liquidation price.

import { number } from "novate/format";
import { isWaiting, typeWords } from "novate/order-words";

export function linesOf({ orders, positions }, contract) {
  return [...orderLines(orders, contract), ...positionLines(positions.get(contract.name), contract)];
}

function orderLines(orders, { name, base, lotPlaces }) {
  const own = [...orders.values()].filter((order) => order.instrument_name === name);
  return own.map((order) => ({
    key: order.order_id,
    price: Number(isWaiting(order) ? (order.trigger_price ?? order.price) : order.price),
    title: `${isWaiting(order) ? `${typeWords(order)}: ` : ""}${order.direction === "buy" ? "Buy" : "Sell"} ${number(order.amount, lotPlaces)} ${base}`,
    token: order.direction === "buy" ? "--buy" : "--sell",
    style: isWaiting(order) ? "Dotted" : "Dashed",
  }));
}

function positionLines(position, { base, lotPlaces }) {
  if (!position) return [];
  const isLong = Number(position.size) > 0;
  const lines = [{
    key: "entry",
    price: Number(position.average_price),
    title: `${isLong ? "Long" : "Short"} ${number(String(position.size).replace("-", ""), lotPlaces)} ${base}`,
    token: "--accent",
    style: "Solid",
  }];
  const liquidation = Number(position.estimated_liquidation_price ?? 0);
  if (liquidation > 0) {
    lines.push({ key: "liquidation", price: liquidation, title: "Liquidation", token: "--liquidation", style: "Solid" });
  }
  return lines;
}
