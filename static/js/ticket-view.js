// Shows a ticket model in its form. A field that is being typed into is left alone.

import { account } from "novate/account";
import { Decimal } from "novate/decimal";
import { attribute, make, text } from "novate/dom";
import { money, number, signed, typed } from "novate/format";
import { mayRest, TIMES, timesOf } from "novate/order-kinds";
import { EXITS } from "novate/ticket-exits";

const LINE_MAX = 34;

export function showTicket(host, model, { ticker, summary, position, isSending }) {
  const form = host.querySelector("form");
  showKind(host, form, model);
  showPrices(form, model, ticker);
  showSize(form, model, { ticker, summary, position });
  showConditions(form, model);
  showExits(form, model, ticker);
  showFunds(form, summary);
  showButton(form.querySelector("button.submit"), model, ticker, { summary, isSending });
}

function showKind(host, form, { type, kind, waits, side }) {
  for (const button of host.querySelectorAll("button[name=side], button[name=type]")) {
    const isChosen = (button.name === "side" ? side : type) === button.value;
    attribute(button, "aria-checked", String(isChosen));
    attribute(button, "tabindex", isChosen || (button.name === "type" && waits && button.value === "limit") ? 0 : -1);
  }
  const select = host.querySelector("select[name=type]");
  select.value = waits ? type : "";
  attribute(select, "data-chosen", waits);
  form.querySelector(".trigger-field").hidden = !kind.waits;
  form.querySelector(".offset-field").hidden = !kind.isTrailing;
  form.querySelector(".price-field").hidden = !kind.isLimit;
  form.querySelector(".price-shortcuts").hidden = !kind.isLimit;
  form.querySelector(".market-note").hidden = Boolean(kind.isLimit);
}

function showPrices({ elements }, model) {
  const { pricePlaces } = model.contract;
  write(elements.price, model.price, pricePlaces);
  write(elements.trigger, model.trigger, pricePlaces);
  write(elements.offset, model.offset, pricePlaces);
  for (const select of elements.source) select.value = model.source;
}

function showSize(form, model, { ticker, summary, position }) {
  const { lotPlaces, base, quote } = model.contract;
  const { size, share } = form.elements;
  write(size, model.size, model.unit === "base" ? lotPlaces : 2);
  if (document.activeElement !== share) share.value = model.share;
  share.style.setProperty("--share", model.share);
  const amount = model.amount(ticker);
  const price = model.referencePrice(ticker);
  text(form.querySelector("output"), `${model.share} %`);
  attribute(share, "aria-valuetext", `${model.share} % of buying power`);
  text(form.querySelector(".value"), worth(model, amount, price, { base, quote, lotPlaces }));
  text(form.querySelector(".largest"), `${number(model.largest(ticker, summary, position), lotPlaces)} ${base}`);
}

function showConditions({ elements }, model) {
  const { postOnly, slides, reduceOnly, timeInForce } = elements;
  const times = timesOf(model.type);
  if (timeInForce.dataset.of !== times.join()) {
    timeInForce.dataset.of = times.join();
    timeInForce.replaceChildren(...times.map((time) => make("option", { value: time, title: TIMES[time].meaning }, TIMES[time].words)));
  }
  timeInForce.value = model.time;
  attribute(timeInForce, "title", TIMES[model.time].meaning);
  postOnly.checked = model.isPostOnly;
  postOnly.disabled = !mayRest(model.type, model.time);
  reduceOnly.checked = model.reduceOnly;
  slides.hidden = !model.isPostOnly;
  slides.value = model.slides ? "slides" : "refuse";
}

function showExits(form, model, ticker) {
  const { exits, side, contract } = model;
  const entry = model.entryPrice(ticker);
  const { elements } = form;
  elements.hasExits.checked = exits.isOpen;
  elements.exitSource.value = exits.source;
  elements.exitSource.hidden = !exits.isOpen;
  form.querySelector(".exits").hidden = !exits.isOpen;
  for (const name of EXITS) {
    write(elements[name], exits.price(name, side, entry), contract.pricePlaces);
    write(elements[`${name}Percent`], exits.percent(name, side, entry), 2);
    text(form.querySelector(`.${name}-worth`), exitWords(model, name, entry, ticker));
  }
}

// What an exit would realise, before fees, if it filled at its price.
function exitWords(model, name, entry, ticker) {
  const price = model.exits.price(name, model.side, entry);
  const amount = model.amount(ticker);
  if (!price || !entry || !amount) return "";
  const profit = price.minus(entry).times(amount);
  return `${signed(model.side === "buy" ? profit : profit.negated(), 2)} ${model.contract.quote}`;
}

function worth(model, amount, price, { base, quote, lotPlaces }) {
  if (amount === null || !price) return "";
  return model.unit === "base" ? `≈ ${money(amount.times(price))} ${quote}` : `= ${number(amount, lotPlaces)} ${base}`;
}

// Who has no money yet is shown where to get some, in the button's own place.
function showFunds(form, summary) {
  const begin = form.querySelector(".funds");
  if (!begin) return;
  const isPoor = Boolean(summary) && Number(summary.equity) === 0 && Number(summary.initial_margin) === 0;
  begin.hidden = !isPoor;
  form.querySelector("button.submit").hidden = isPoor;
}

function showButton(button, model, ticker, { summary, isSending }) {
  if (!button) return;
  const waiting = account.isKnown ? "Reading your account" : "Your account is not open yet";
  const problem = summary ? model.problem(ticker) : waiting;
  attribute(button, "data-side", model.side);
  button.disabled = isSending || problem !== null;
  const words = isSending ? "Sending" : (problem ?? model.sentence(ticker));
  attribute(button, "data-long", words.length > LINE_MAX);
  text(button, words);
}

function write(input, value, places) {
  const shown = typed(input.value);
  const isSame = value === null ? shown === null : shown !== null && value.compare(Decimal.from(shown)) === 0;
  if (document.activeElement === input && isSame) return;
  const wanted = value === null ? "" : number(value, Math.max(places, value.scale));
  if (input.value !== wanted) input.value = wanted;
}
