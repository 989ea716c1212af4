// Says what happens to the account without an answer of its own: fills of resting orders, triggers
// that fire, orders that the venue ends. What an answer has told already is not said twice.

import { account, accountKey } from "novate/account";
import { Decimal } from "novate/decimal";
import { soon } from "novate/dom";
import { number } from "novate/format";
import { contract, identity } from "novate/markets";
import { typeWords } from "novate/order-words";
import { sayOnce } from "novate/notices";
import { described } from "novate/orders";
import { cancelInWords, reasonInWords } from "novate/reasons";
import { stream } from "novate/stream";
import { isOrder, isTrade, isUnderWay } from "novate/writes";

const SETTLE_MS = 300;
const SPAN_MS = 90 * 86_400_000;
const ENDED = ["cancelled", "rejected"];
const SILENT = ["user_request", "immediate_or_cancel"];

const SEEN = `seen:${accountKey}`;
const PAGE = 100;
const SINGLY_MAX = 3;

let fills = [];
let changes = [];

export function startAnnouncing() {
  if (!account.isSignedIn) return;
  account.addEventListener("fill", ({ detail }) => { fills.push(detail); later(); });
  account.addEventListener("order", ({ detail }) => { changes.push(detail); later(); });
  stream.addEventListener("live", catchUp);
  if (stream.state === "live") catchUp();
  account.watch(() => null, "summary");
}

// What happened while nobody listened: the page was closed, or the connection was lost.
async function catchUp() {
  const seen = Number(localStorage.getItem(SEEN));
  if (!seen) return localStorage.setItem(SEEN, String(Date.now()));
  const since = { currency: "USDC", count: PAGE, sorting: "asc", start_timestamp: seen + 1, end_timestamp: seen + SPAN_MS };
  try {
    const [{ trades }, orders] = await Promise.all([
      stream.call("private/get_user_trades_by_currency_and_time", since),
      stream.call("private/get_order_history_by_currency", { currency: "USDC", count: PAGE, include_unfilled: true }),
    ]);
    fills.push(...trades);
    changes.push(...orders.filter(({ last_update_timestamp: at }) => at > seen).map((order) => ({ ...order, before: null })));
    return later();
  } catch {
    return undefined; // The connection was lost again: the next one begins here too.
  }
}

function remember(rows) {
  const seen = Math.max(Number(localStorage.getItem(SEEN)), ...rows.map((row) => row.timestamp ?? row.last_update_timestamp));
  localStorage.setItem(SEEN, String(seen));
}

// An answer may come after the events that it tells of: then it goes first.
const later = soon(async () => {
  if (isUnderWay()) return later();
  const [filled, changed] = [fills, changes];
  [fills, changes] = [[], []];
  if (filled.length + changed.length === 0) return undefined;
  remember([...filled, ...changed]);
  const ended = changed.filter((order) => ENDED.includes(order.order_state) && !isOrder(order.order_id) && !SILENT.includes(order.cancel_reason));
  for (const order of changed.filter(hasFired)) await sayFired(order);
  for (const group of Map.groupBy(ended, (order) => order.cancel_reason).values()) await few(group, sayEnd, sayManyEnds);
  const own = new Map(filled.filter(({ trade_id: id }) => !isTrade(id)).map((fill) => [fill.trade_id, fill]));
  await few([...Map.groupBy(own.values(), (fill) => fill.order_id).values()], sayFills, sayManyFills);
  return undefined;
}, SETTLE_MS);

// What comes in numbers is said once.
async function few(items, sayOne, sayMany) {
  if (items.length > SINGLY_MAX) sayMany(items);
  else for (const item of items) await sayOne(item);
}

function sayManyFills(groups) {
  const isForced = groups.flat().some((fill) => fill.liquidation);
  sayOnce(isForced ? "liquidation" : "good", `${groups.length} orders filled`, "The list of fills has each of them.", `fills ${groups.at(-1).at(-1).trade_id}`);
}

function sayManyEnds(orders) {
  sayOnce("warn", `${orders.length} orders cancelled`, cancelInWords(orders[0].cancel_reason), `ends ${orders.at(-1).order_id}`);
}

async function sayFills(group) {
  const [first] = group;
  const { lotPlaces, pricePlaces } = await contract(first.instrument_name);
  const size = group.reduce((sum, { amount }) => sum.plus(Decimal.from(amount)), Decimal.zero);
  const worth = group.reduce((sum, { amount, price }) => sum.plus(Decimal.from(amount).times(Decimal.from(price))), Decimal.zero);
  const average = worth.over(size, pricePlaces + 3);
  const words = `${first.direction === "buy" ? "Bought" : "Sold"} ${number(size, lotPlaces)} ${identity(first.instrument_name).base}`;
  const at = `Average price ${number(average, pricePlaces)}${first.liquidity === "M" ? ", your resting order was met" : ""}.`;
  const id = `fill ${first.order_id} ${group.at(-1).trade_id}`;
  if (first.liquidation) return sayOnce("liquidation", `Liquidation: ${words.replace(/^./, (first) => first.toLowerCase())}`, `${at} It was closed by force to bring equity above maintenance margin.`, id);
  return sayOnce("good", words, at, id);
}

const hasFired = ({ triggered, before }) => triggered && before && !before.triggered;

async function sayFired(order) {
  sayOnce("note", `${typeWords(order)} fired`, await described(order), `fired ${order.order_id}`);
}

async function sayEnd(order) {
  const { order_id: id } = order;
  if (order.order_state === "rejected") {
    const words = order.reject_reason ? reasonInWords(order.reject_reason.toUpperCase()) : cancelInWords(order.cancel_reason);
    sayOnce("bad", `${typeWords(order)} was refused`, `${await described(order)} ${words}`, `end ${id}`);
  } else {
    const kind = ["linked_order", "reduce_only"].includes(order.cancel_reason) ? "note" : "warn";
    sayOnce(kind, "Order cancelled", `${await described(order)} ${cancelInWords(order.cancel_reason)}`, `end ${id}`);
  }
}
