// The market's depth as two curves: how much could be traded up to each price. Floats are fine here.

// side levels become steps of { price, total, value }, from the best price to the edge of the picture.
export function curvesOf(book, { pricePlaces, lotPlaces }, reach) {
  const bid = book.bids.best;
  const ask = book.asks.best;
  if (bid === null || ask === null) return null;
  const middle = (bid + ask) / 2;
  const edges = { low: middle * (1 - reach), high: middle * (1 + reach) };
  const scale = 10 ** -pricePlaces;
  const lots = 10 ** -lotPlaces;
  const steps = (side, worst) => side.levels(1, Infinity, worst)
    .map(({ price, total, value }) => ({ price: price * scale, total: total * lots, value: value * scale * lots }));
  return {
    middle: middle * scale, low: edges.low * scale, high: edges.high * scale,
    bids: steps(book.bids, edges.low), asks: steps(book.asks, edges.high),
  };
}

// What stands between the best price and this one.
export function depthAt(curves, price) {
  const isBid = price <= curves.middle;
  const side = isBid ? curves.bids : curves.asks;
  const reached = side.filter((step) => (isBid ? step.price >= price : step.price <= price)).at(-1);
  return { isBid, price, total: reached?.total ?? 0, value: reached?.value ?? 0, distance: price / curves.middle - 1 };
}
