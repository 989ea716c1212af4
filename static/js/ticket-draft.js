// Tells the page what the ticket holds: the preview asks about it, the chart draws its prices.

let told = "";

export function tellDraft(model, ticker) {
  dispatchEvent(new CustomEvent("ticket", { detail: model }));
  const prices = model.drafted(ticker);
  const key = JSON.stringify(prices);
  if (key === told) return;
  told = key;
  document.dispatchEvent(new CustomEvent("nv-ticket-prices", { detail: prices }));
}
