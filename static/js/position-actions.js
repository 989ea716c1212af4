// What can be done with a position beside closing it at once: close at a limit, reverse, protect.

import { account } from "novate/account";
import { Decimal } from "novate/decimal";
import { ask, field } from "novate/dialog";
import { make, soon, text } from "novate/dom";
import { money, number, signed, typed } from "novate/format";
import { contract, identity, lastTicker } from "novate/markets";
import { closeAll, closePosition, place } from "novate/orders";
import { errorInWords, reasonInWords } from "novate/reasons";
import { stream } from "novate/stream";
import { toast } from "novate/toast";

const SETTLE_MS = 150;
const TWO = new Decimal(2n, 0);

const isLong = (position) => Number(position.size) > 0;
const sizeOf = (position) => Decimal.from(position.size).absolute();
const closingSide = (position) => (isLong(position) ? "sell" : "buy");
const decimal = (input) => Decimal.from(typed(input.value));

async function named(position) {
  const found = await contract(position.instrument_name);
  const words = `${isLong(position) ? "long" : "short"} ${number(sizeOf(position), found.lotPlaces)} ${identity(position.instrument_name).base}`;
  return { found, words };
}

export async function closeAtLimit(position) {
  const { found, words } = await named(position);
  const ticker = lastTicker(found.name);
  const best = isLong(position) ? ticker?.best_ask_price : ticker?.best_bid_price;
  const price = field("Price", found.quote, { name: "price", value: number(Number(best) ? best : position.mark_price, found.pricePlaces) });
  stepping(price.input, found.tick, found.pricePlaces);
  const isYes = await ask({
    title: `Close ${words} at a limit`, lines: ["A reduce-only order for the whole position. It rests in the book until the price is met."],
    fields: [price.node], action: "Place the order", isReady: () => isOnTick(decimal(price.input), found.tick),
  });
  if (isYes && isAsItWas(position)) await closePosition(position, String(decimal(price.input)));
}

// One order of twice the size: closed and opened the other way in one go, or refused whole.
export async function reverse(position) {
  const { found, words } = await named(position);
  const side = closingSide(position);
  const order = { instrument_name: found.name, type: "market", amount: String(sizeOf(position).times(TWO).truncated(found.lotPlaces)) };
  const foreseen = await foresee({ ...order, side }, found);
  const target = `${side === "buy" ? "long" : "short"} ${number(sizeOf(position), found.lotPlaces)} ${found.base}`;
  const isYes = await ask({
    title: `Reverse to ${target}?`, lines: [`You are ${words}. This ${side === "buy" ? "buys" : "sells"} twice that at market, so that you are ${target}.`, foreseen.words],
    action: "Reverse", isReady: () => foreseen.isAccepted,
  });
  if (isYes && isAsItWas(position)) await place(side, order);
}

// An exit may have fired while the question stood: what was asked is then no longer what would be done.
function isAsItWas({ instrument_name: name, size }) {
  const now = account.positions.get(name);
  if (now && Decimal.from(now.size).compare(Decimal.from(size)) === 0) return true;
  toast("warn", "Nothing was sent", "The position changed while you were asked. Look at it and press again.");
  return false;
}

// Exits for the whole position: one, or two that cancel each other.
export async function protect(position) {
  const { found, words } = await named(position);
  const take = field("Take profit", found.quote, { name: "takeProfit" });
  const stop = field("Stop loss", found.quote, { name: "stopLoss" });
  const worth = make("p", { class: "muted", role: "status" }, "Each waits for the mark price and then closes at market.");
  for (const { input } of [take, stop]) stepping(input, found.tick, found.pricePlaces, position.mark_price);
  const isReadable = ({ input }) => input.value.trim() === "" || decimal(input) !== null;
  const isReady = () => [take, stop].every(isReadable) && isSensible(position, decimal(take.input), decimal(stop.input), found);
  take.node.addEventListener("input", () => text(worth, outcome(position, decimal(take.input), decimal(stop.input))));
  stop.node.addEventListener("input", () => text(worth, outcome(position, decimal(take.input), decimal(stop.input))));
  const isYes = await ask({
    title: `Protect ${words}`, lines: [exitsWords(position)], fields: [take.node, stop.node, worth], action: "Place the exits", isReady,
  });
  if (isYes && isAsItWas(position)) await place(closingSide(position), exitOrder(position, decimal(take.input), decimal(stop.input), found));
}

export async function askCloseAll() {
  const positions = [...account.positions.values()];
  const lines = await Promise.all(positions.map(async (position) => `${identity(position.instrument_name).base}: ${(await named(position)).words}`));
  const profit = positions.reduce((sum, { floating_profit_loss: one }) => sum.plus(Decimal.from(one ?? 0)), Decimal.zero);
  const isYes = await ask({
    title: `Close ${positions.length === 1 ? "1 position" : `${positions.length} positions`} at market?`, lines: [...lines, `Unrealised now: ${signed(profit, 2)} USDC.`], action: "Close all", tone: "danger",
  });
  if (isYes) await closeAll();
}

function exitsWords(position) {
  const count = account.exitsOf(position).length;
  return count ? `${count === 1 ? "One exit waits" : `${count} exits wait`} already; these come beside ${count === 1 ? "it" : "them"}.` : "Both, or one of them. Of two, the one that fires cancels the other.";
}

function exitOrder(position, take, stop, { name, lotPlaces, pricePlaces }) {
  const shared = { reduce_only: true, trigger: "mark_price" };
  const leg = (type, price) => ({ type, trigger_price: String(price.truncated(pricePlaces)), ...shared });
  const legs = [take && leg("take_market", take), stop && leg("stop_market", stop)].filter(Boolean);
  const main = { instrument_name: name, amount: String(sizeOf(position).truncated(lotPlaces)), ...legs[0] };
  return legs.length === 1 ? main : { ...main, linked_order_type: "one_cancels_other", otoco_config: [legs[1]] };
}

// Each on its own side of the mark, at least one of them.
function isSensible(position, take, stop, { tick }) {
  const mark = Decimal.from(lastTicker(position.instrument_name)?.mark_price ?? position.mark_price);
  const above = isLong(position) ? take : stop;
  const below = isLong(position) ? stop : take;
  const isAbove = !above || (isOnTick(above, tick) && above.compare(mark) > 0);
  const isBelow = !below || (isOnTick(below, tick) && below.compare(mark) < 0);
  return Boolean(take || stop) && isAbove && isBelow;
}

const isOnTick = (price, tick) => price !== null && price.sign() > 0 && price.isMultipleOf(tick);

function outcome(position, take, stop) {
  const at = (price) => signed(price.minus(Decimal.from(position.average_price)).times(Decimal.from(position.size)), 2);
  const parts = [take && `Take profit: ${at(take)} USDC`, stop && `Stop loss: ${at(stop)} USDC`].filter(Boolean);
  return parts.length ? `${parts.join(", ")}, before fees.` : "Each waits for the mark price and then closes at market.";
}

async function foresee(order, { pricePlaces }) {
  try {
    const answer = await stream.call("risk/preview_order", order);
    if (!answer.accepted) return { isAccepted: false, words: reasonInWords(answer.reason_name, { shortfall: answer.shortfall }) };
    return { isAccepted: true, words: `Expected at ${number(answer.average_price, pricePlaces)}, fee ${money(answer.fee)} USDC.` };
  } catch (error) {
    return { isAccepted: false, words: errorInWords(error) };
  }
}

// Arrow keys move a price by one tick, ten with Shift.
function stepping(input, tick, places, start = null) {
  const tell = soon(() => input.dispatchEvent(new Event("input", { bubbles: true })), SETTLE_MS);
  input.addEventListener("keydown", (event) => {
    const direction = { ArrowUp: 1n, ArrowDown: -1n }[event.key];
    if (!direction) return;
    event.preventDefault();
    const times = new Decimal(direction * (event.shiftKey ? 10n : 1n), 0);
    const from = decimal(input) ?? Decimal.from(start ?? 0);
    input.value = number(from.plus(tick.times(times)).flooredTo(tick), places);
    tell();
  });
}
