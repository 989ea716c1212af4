// Why a contract can not be traded as usual, in words.

import { stateOf } from "novate/markets";

const WORDS = {
  "reduce only": "Reduce only: orders that open or enlarge a position are refused.",
  "pre launch": "Not open yet: trading has not begun.",
  halted: "Halted: orders are refused, cancels are not.",
};
const TRIES = 5;
const AGAIN_MS = 2_000;

// null when it can be traded.
export function haltWords(ticker) {
  const state = stateOf(ticker);
  return state === "open" ? null : (WORDS[state] ?? `This market is ${state}.`);
}

// The operator's own words, from the status page; null if there are none. They may be there a moment
// later than the halt itself.
export async function operatorsWords(name) {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const halt = await read(name);
    if (halt) return `Halted since ${halt.since}: ${halt.reason}`;
    await new Promise((resolve) => { setTimeout(resolve, AGAIN_MS); });
  }
  return null;
}

async function read(name) {
  try {
    const { halts } = await (await fetch("/status.json")).json();
    return halts.find((halt) => halt.contract === name) ?? null;
  } catch {
    return null;
  }
}
