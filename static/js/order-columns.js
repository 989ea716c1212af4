// The columns that open orders and those of the past share.

import { contractColumn, placesIn, sideColumn } from "novate/cells";
import { Decimal } from "novate/decimal";
import { number } from "novate/format";
import { conditionsOf, priceWords, typeWords } from "novate/order-words";

const limitOf = (row) => (row.price === "market_price" ? null : Decimal.from(row.price));

export function orderColumns(listed) {
  const prices = placesIn(listed)("pricePlaces");
  const lots = placesIn(listed)("lotPlaces");
  const size = (label, read) => ({
    label, kind: "number", value: (row) => Decimal.from(read(row)), places: lots, cell: (row) => number(read(row), lots(row)),
  });
  return {
    contract: contractColumn,
    side: sideColumn,
    type: { label: "Type", value: typeWords, cell: typeWords },
    price: { label: "Price", kind: "number", value: limitOf, csv: (row) => limitOf(row) ?? "market", places: prices, cell: (row) => priceWords(row, prices(row)) },
    average: {
      label: "Average", kind: "number", places: prices,
      value: (row) => (Number(row.filled_amount) ? Decimal.from(row.average_price) : null),
      cell: (row) => number(Number(row.filled_amount) ? row.average_price : null, prices(row)),
    },
    size: size("Size", (row) => row.amount),
    filled: size("Filled", (row) => row.filled_amount),
    conditions: { label: "Conditions", kind: "wide", cell: (row) => conditionsOf(row, prices(row)) },
  };
}
