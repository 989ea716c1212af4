// Why a contract can not be traded as usual, in words; null when it can.

import { stateOf } from "novate/markets";

const WORDS = {
  "reduce only": "Reduce only: orders that open or enlarge a position are refused.",
  "pre launch": "Not open yet: trading has not begun.",
  halted: "Halted: orders are refused, cancels are not.",
};

export async function haltOf(ticker) {
  const state = stateOf(ticker);
  if (state === "open") return null;
  const words = WORDS[state] ?? `This contract is ${state}.`;
  if (state !== "halted") return words;
  const halt = await operatorsHalt(ticker.instrument_name);
  return halt ? `Halted since ${halt.since}: ${halt.reason}` : words;
}

// The operator's own words stand on the status page.
async function operatorsHalt(name) {
  try {
    const { halts } = await (await fetch("/status.json", { headers: { accept: "application/json" } })).json();
    return halts.find((halt) => halt.contract === name) ?? null;
  } catch {
    return null;
  }
}
