// What a touched control of the ticket means for its model; null when it means nothing.

import { Decimal } from "novate/decimal";
import { typed } from "novate/format";
import { EXITS } from "novate/ticket-exits";

const decimal = ({ value }) => Decimal.from(typed(value));

const CHANGES = {
  price: (control) => ({ price: decimal(control) }),
  trigger: (control) => ({ trigger: decimal(control) }),
  offset: (control) => ({ offset: decimal(control) }),
  source: ({ value }) => ({ source: value }),
  size: (control) => ({ size: decimal(control), share: 0 }),
  share: ({ value }) => ({ share: Number(value), affordable: null }),
  unit: ({ value }) => ({ unit: value, size: null, share: 0 }),
  type: ({ value }) => (value ? { type: value } : null),
  timeInForce: ({ value }) => ({ timeInForce: value }),
  postOnly: ({ checked }) => ({ postOnly: checked }),
  slides: ({ value }) => ({ slides: value === "slides" }),
  reduceOnly: ({ checked }) => ({ reduceOnly: checked }),
};

// Controls of the attached exits change the exits themselves.
const EXIT_CHANGES = {
  hasExits: (exits, { checked }) => { exits.isOpen = checked; },
  exitSource: (exits, { value }) => { exits.source = value; },
  takeProfit: (exits, control) => { exits.takeProfit = exitOf(control, "price"); },
  stopLoss: (exits, control) => { exits.stopLoss = exitOf(control, "price"); },
  takeProfitPercent: (exits, control) => { exits.takeProfit = exitOf(control, "percent"); },
  stopLossPercent: (exits, control) => { exits.stopLoss = exitOf(control, "percent"); },
};

// What cannot be read is not the same as nothing: an order must not leave without its stop.
function exitOf(control, kind) {
  const value = decimal(control);
  return { price: null, percent: null, [kind]: value, isUnreadable: value === null && control.value.trim() !== "" };
}

export function changeOf(control, model) {
  const ofExits = EXIT_CHANGES[control.name];
  if (!ofExits) return CHANGES[control.name]?.(control) ?? null;
  ofExits(model.exits, control);
  return {};
}

// A pressed button: side, type, or one of the price shortcuts.
export function pressOf(button, ticker) {
  const { name, value } = button ?? {};
  if (name === "side" || name === "type") return { [name]: value };
  return name === "at" && Number(ticker?.[value]) ? { price: Decimal.from(ticker[value]) } : null;
}

// Arrow keys among the radios of a group choose the next one.
function radioStep({ target, key }) {
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[key];
  if (!step) return null;
  const radios = [...target.closest("[role=radiogroup]").querySelectorAll("[role=radio]")];
  const next = radios.at((radios.indexOf(target) + step) % radios.length);
  next.focus();
  return { [next.name]: next.value };
}

// Arrow keys in a price move it by one tick, in the size by one lot, and ten with Shift.
export function stepOf(event, model, ticker) {
  const { target, key, shiftKey } = event;
  if (target.getAttribute("role") === "radio") return radioStep(event);
  const direction = { ArrowUp: 1n, ArrowDown: -1n }[key];
  if (!direction || target.readOnly) return null;
  const times = new Decimal(direction * (shiftKey ? 10n : 1n), 0);
  const { contract, exits } = model;
  const { name } = target;
  if (EXITS.includes(name)) {
    const price = exits.price(name, model.side, model.entryPrice(ticker)) ?? model.entryPrice(ticker);
    exits[name] = { price: moved(price, contract.tick, times), percent: null };
    return {};
  }
  if (name === "size" && model.unit === "base") return { size: moved(model.size ?? Decimal.zero, contract.lot, times), share: 0 };
  if (!["price", "trigger", "offset"].includes(name)) return null;
  const from = model[name] ?? (name === "offset" ? Decimal.zero : Decimal.from(ticker?.mark_price));
  return from ? { [name]: moved(from, contract.tick, times) } : null;
}

// To the next multiple of the step, never below zero.
function moved(value, step, times) {
  if (!value) return null;
  const next = value.plus(step.times(times)).flooredTo(step);
  return next.sign() < 0 ? Decimal.zero : next;
}
