// Shows a ticket model in its form. A field that is being typed into is left alone.

import { Decimal } from "novate/decimal";
import { attribute, text } from "novate/dom";
import { money, number, typed } from "novate/format";

export function showTicket(host, model, { ticker, summary, position, isSending }) {
  const form = host.querySelector("form");
  const { pricePlaces, lotPlaces, base, quote } = model.contract;
  const isLimit = model.type === "limit";
  for (const button of host.querySelectorAll("button[name=side], button[name=type]")) {
    attribute(button, "aria-checked", String(model[button.name] === button.value));
  }
  form.querySelector(".price-field").hidden = !isLimit;
  form.querySelector(".price-shortcuts").hidden = !isLimit;
  form.querySelector(".market-note").hidden = isLimit;
  write(form.elements.price, model.price, pricePlaces);
  write(form.elements.size, model.size, model.unit === "base" ? lotPlaces : 2);
  if (document.activeElement !== form.elements.share) form.elements.share.value = model.share;
  form.elements.share.style.setProperty("--share", model.share);
  text(form.querySelector("output"), `${model.share} %`);
  form.elements.postOnly.checked = model.postOnly;
  form.elements.postOnly.disabled = !isLimit;
  form.elements.timeInForce.value = model.timeInForce;
  form.elements.timeInForce.disabled = !isLimit;
  const amount = model.amount(ticker);
  const price = model.referencePrice(ticker);
  text(form.querySelector(".value"), worth(model, amount, price, { base, quote, lotPlaces }));
  text(form.querySelector(".largest"), `${number(model.largest(ticker, summary, position), lotPlaces)} ${base}`);
  showButton(form.querySelector("button.submit"), model, ticker, { summary, isSending });
}

function worth(model, amount, price, { base, quote, lotPlaces }) {
  if (amount === null || !price) return "";
  return model.unit === "base" ? `≈ ${money(amount.times(price))} ${quote}` : `= ${number(amount, lotPlaces)} ${base}`;
}

function showButton(button, model, ticker, { summary, isSending }) {
  if (!button) return;
  const problem = summary ? model.problem(ticker) : "Reading your account";
  attribute(button, "data-side", model.side);
  button.disabled = isSending || problem !== null;
  text(button, isSending ? "Sending" : (problem ?? model.sentence(ticker)));
}

function write(input, value, places) {
  const shown = typed(input.value);
  const isSame = value === null ? shown === null : shown !== null && value.compare(Decimal.from(shown)) === 0;
  if (document.activeElement === input && isSame) return;
  const wanted = value === null ? "" : number(value, Math.max(places, value.scale));
  if (input.value !== wanted) input.value = wanted;
}
