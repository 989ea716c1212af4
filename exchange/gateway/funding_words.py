"""Rates of funding and what they came to, as the API writes them: always fractions."""

from decimal import Decimal

from msgspec import Raw

from exchange.engine import units
from exchange.gateway.decoder import number
from exchange.gateway.listings import Listing
from risk.funding import NANO, RATE_MS


def rate(rate_ppb: int) -> Raw:
    """A rate as a fraction: 0.0001 is 0.01 %."""
    return number(rate_ppb, 9)


def interest(rate_ppb_ms: int | Decimal) -> Raw:
    """What a rate of eight hours came to over the time it was in force, as a fraction."""
    return number(int(rate_ppb_ms) * 1_000 // RATE_MS, 12)


def interest_value(listing: Listing) -> Raw:
    """Funding of one coin since the listing, in the quote asset."""
    row = listing.row
    nano = row["cumulative_units"] * NANO + row["cumulative_nano"]
    return number(nano * units.INDEX_SCALE // listing.lot_e8, 15)


def perpetual(listing: Listing) -> dict[str, object]:
    """The funding rate in force, as its channel shows it."""
    row = listing.row
    return {
        "timestamp": row["mark_ns"] // 1_000_000,
        "index_price": number(row["mark_index_e8"], 8),
        "interest": rate(row["funding_rate_ppb"]),
    }
