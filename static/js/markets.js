// What is listed, and what each contract's ticker last said. Seeded by the page's first picture.

import { Decimal } from "novate/decimal";
import { placesOf } from "novate/format";
import { stream } from "novate/stream";

const first = JSON.parse(document.getElementById("first-picture")?.textContent ?? "{}");
const latest = new Map();
if (first.ticker) latest.set(first.ticker.instrument_name, first.ticker);

let listed = first.instruments ? Promise.resolve(described(first.instruments)) : null;

const AGAIN_MS = 2_000;

// Map of contract name → contract, in listing order. While the venue does not answer it is asked
// again: who waits for this shows that it loads, and comes alive by itself.
export function contracts() {
  listed ??= read();
  return listed;
}

async function read() {
  for (;;) {
    try {
      return described(await stream.call("public/get_instruments"));
    } catch {
      await new Promise((resolve) => { setTimeout(resolve, AGAIN_MS); });
    }
  }
}

export async function contract(name) {
  return (await contracts()).get(name);
}

// Calls listener with each ticker; at once if one is known. Returns what stops it.
export function watchTicker(name, listener) {
  const stop = stream.subscribe(`ticker.${name}.100ms`, (ticker) => {
    latest.set(name, ticker);
    listener(ticker);
  });
  const load = () => stream.call("public/ticker", { instrument_name: name }).then(listener, () => null);
  stream.addEventListener("live", load);
  if (latest.has(name)) listener(latest.get(name));
  else load();
  return () => {
    stop();
    stream.removeEventListener("live", load);
  };
}

// A contract's state in a word: "open", "reduce only", "halted" …
export const stateOf = ({ contract_state: state, state: simple }) => (state ?? simple).replaceAll("_", " ");

export const lastTicker = (name) => latest.get(name) ?? null;

// BTC_USDC-PERPETUAL → { base: "BTC", quote: "USDC", kind: "perpetual" }
export function identity(name) {
  const [pair, kind] = name.split("-", 2);
  const [base, quote] = pair.split("_");
  return { base, quote, kind: kind === "PERPETUAL" ? "perpetual" : name.slice(pair.length + 1) };
}

function described(instruments) {
  return new Map(instruments.map((instrument) => [instrument.instrument_name, {
    name: instrument.instrument_name,
    ...identity(instrument.instrument_name),
    tick: Decimal.from(instrument.tick_size),
    lot: Decimal.from(instrument.min_trade_amount),
    pricePlaces: placesOf(instrument.tick_size),
    lotPlaces: placesOf(instrument.min_trade_amount),
    leverage: Decimal.from(instrument.max_leverage ?? 1),
    takerFee: Decimal.from(instrument.taker_commission ?? 0),
    state: instrument.state ?? "open",
  }]));
}
