"""What is listed, as the edge knows it: names, steps and the last market row of each contract.

Loaded from the engine's views at start and kept current by the market-data stream.

LIST-001  a price or amount enters as a whole number of ticks or lots, or not at all.
"""

from dataclasses import dataclass, field

import numpy as np
from msgspec import Raw

from exchange.engine import units
from exchange.engine.commands import unpack_name
from exchange.engine.state import CONTRACT, UNDERLYING
from exchange.gateway.decoder import Decimal, Malformed, number, to_steps
from exchange.gateway.errors import INVALID_INSTRUMENT, RpcError, invalid_params
from exchange.pipeline.codec import Records

Row = dict[str, int]
FAR_EXPIRY_MS = 32_503_708_800_000  # how Deribit writes "never"
# What its clients ask for one after the other, wherever they are: of some there is nothing.
DERIBITS_CURRENCIES = frozenset(("ANY", "BTC", "ETH", "SOL", "USDC", "USDT", "EURR"))

_STATE_NAMES = {
    units.STATE_PRE_LAUNCH: "pre_launch",
    units.STATE_OPEN: "open",
    units.STATE_HALTED: "halted",
    units.STATE_REDUCE_ONLY: "reduce_only",
}


@dataclass(slots=True)
class Listing:
    """One contract: its steps never change, its market row does."""

    id: int
    name: str
    base: str
    quote: str
    underlying: int
    tick_e8: int
    lot_e8: int
    tick_value_units: int
    row: Row = field(repr=False)

    @property
    def state(self) -> str:
        """The contract's state in a word."""
        return _STATE_NAMES.get(self.row["state"], "closed")

    @property
    def is_active(self) -> bool:
        """Whether any order may be placed."""
        return self.row["state"] in (units.STATE_OPEN, units.STATE_REDUCE_ONLY)

    @property
    def index_name(self) -> str:
        """Deribit's name of the underlying's price."""
        return f"{self.base}_{self.quote}".lower()

    def price(self, ticks: int) -> Raw:
        """A price on the wire."""
        return number(ticks * self.tick_e8, 8)

    def price_or_null(self, ticks: int) -> Raw | None:
        """A price on the wire; null where the engine has none yet."""
        return number(ticks * self.tick_e8, 8) if ticks else None

    def amount(self, lots: int) -> Raw:
        """An amount on the wire, in the base currency."""
        return number(lots * self.lot_e8, 8)

    def average_price(self, price_lots: int, lots: int) -> Raw:
        """A mean of prices, cut to a thousandth of a tick: for people, never for money."""
        if not lots:
            return number(0, 0)
        return number(price_lots * self.tick_e8 * 1_000 // lots, 11)

    def notional_units(self, price_lots: int) -> int:
        """Money of a sum of price_ticks x lots."""
        return price_lots * self.tick_value_units

    def price_ticks(self, value: Decimal, param: str = "price") -> int:
        """The price in ticks, or the error that names the parameter."""
        return _steps(value, self.tick_e8, param, units.PRICE_TICKS_MAX)

    def lots(self, value: Decimal, param: str = "amount") -> int:
        """The amount in lots, or the error that names the parameter."""
        return _steps(value, self.lot_e8, param, units.QUANTITY_LOTS_MAX)


@dataclass(slots=True)
class Underlying:
    """What contracts are written on, with its last index row."""

    id: int
    name: str
    row: Row = field(repr=False)


class Listings:
    """All contracts and underlyings this process knows."""

    def __init__(self) -> None:
        self.by_id: dict[int, Listing] = {}
        self.by_name: dict[str, Listing] = {}
        self.underlyings: dict[int, Underlying] = {}
        # The same rows as the engine's tables, for its own functions (what_if).
        self.contract_rows: Records = np.zeros(0, CONTRACT)
        self.underlying_rows: Records = np.zeros(0, UNDERLYING)

    def load(self, contracts: bytes | None, underlyings: bytes | None) -> None:
        """Take the engine's complete tables: rows stand at their ids."""
        for index, record in enumerate(np.frombuffer(underlyings or b"", UNDERLYING)):
            self.update_underlying(index, record)
        for index, record in enumerate(np.frombuffer(contracts or b"", CONTRACT)):
            self.update_contract(index, record)

    def update_underlying(self, index: int, record: np.void) -> None:
        """Take a newer index row."""
        row = row_of(record)
        if not row["listed"]:
            return
        self.underlying_rows = _with_row(self.underlying_rows, index, record)
        known = self.underlyings.get(index)
        if known is None:
            name = unpack_name([row["name_0"], row["name_1"]])
            self.underlyings[index] = Underlying(index, name, row)
        else:
            known.row = row

    def update_contract(self, index: int, record: np.void) -> None:
        """Take a newer contract row; a contract seen for the first time is listed here."""
        row = row_of(record)
        if not row["state"]:
            return
        self.contract_rows = _with_row(self.contract_rows, index, record)
        known = self.by_id.get(index)
        if known is not None:
            known.row = row
            return
        name = unpack_name([row["name_0"], row["name_1"], row["name_2"], row["name_3"]])
        pair = name.partition("-")[0]
        base, _, quote = pair.partition("_")
        listing = Listing(
            id=index,
            name=name,
            base=base,
            quote=quote or units.ASSET_NAMES[units.USDC],
            underlying=row["underlying"],
            tick_e8=row["tick_e8"],
            lot_e8=row["lot_e8"],
            tick_value_units=row["tick_value_units"],
            row=row,
        )
        self.by_id[index] = listing
        self.by_name[name] = listing

    def get(self, name: str) -> Listing:
        """The contract of that name, or Deribit's error."""
        listing = self.by_name.get(name)
        if listing is None:
            raise RpcError(
                INVALID_INSTRUMENT,
                "invalid_or_unsupported_instrument",
                {"param": "instrument_name", "reason": "is not listed"},
            )
        return listing

    def select(self, currency: str, kind: str) -> list[Listing]:
        """Contracts of a base or settlement currency ("any": all) and a kind."""
        if kind not in ("any", "future"):
            return []
        wanted = currency.upper()
        return [
            listing
            for listing in self.by_id.values()
            if wanted in ("ANY", listing.base, listing.quote)
        ]

    def of_pair(self, pair: str | None) -> list[Listing]:
        """The contracts of a pair such as btc_usdc, or the error that names the parameter."""
        if pair is None:
            raise invalid_params("currency_pair", "is required")
        if pair.lower() not in self.index_names():
            raise invalid_params("currency_pair", "is not a pair of this venue")
        return [one for one in self.by_id.values() if one.index_name == pair.lower()]

    def currencies(self) -> list[str]:
        """The settlement assets, then every base currency, each once."""
        bases = (listing.base for listing in self.by_id.values())
        return list(dict.fromkeys([*units.ASSET_NAMES, *bases]))

    def index_names(self) -> list[str]:
        """Deribit's name of each underlying's price."""
        return [f"{item.name.lower()}_usdc" for item in self.underlyings.values()]

    def check_currency(self, currency: str) -> str:
        """The currency in capitals, or the error that names the parameter."""
        name = currency.upper()
        if name not in DERIBITS_CURRENCIES and name not in self.currencies():
            raise invalid_params("currency", "is not a currency of this venue")
        return name

    def by_index_name(self, name: str) -> Underlying | None:
        """The underlying of `btc_usdc`, or of `btc_usd` as Deribit's clients say."""
        base = name.partition("_")[0].upper()
        return next((item for item in self.underlyings.values() if item.name == base), None)


def row_of(record: np.void) -> Row:
    """One engine row as plain integers."""
    names = record.dtype.names
    assert names is not None
    return dict(zip(names, record.tolist(), strict=True))


def _with_row(table: Records, index: int, record: np.void) -> Records:
    """The table with one row replaced, longer if need be."""
    if index >= len(table):
        table = np.concatenate([table, np.zeros(index + 1 - len(table), table.dtype)])
    table[index] = record
    return table


def _steps(value: Decimal, step_e8: int, param: str, most: int) -> int:
    try:
        steps = to_steps(value, step_e8)
    except Malformed as error:
        raise invalid_params(param, str(error)) from error
    if not 0 < steps <= most:
        raise invalid_params(param, "must be positive and within the venue's limits")
    return steps
