"""Contracts in the shapes of Deribit API v2: what is listed, and in what state."""

from exchange.engine import units
from exchange.gateway.listings import FAR_EXPIRY_MS, Listing
from exchange.gateway.wire import Json, millis, money

# instrument.state has words of its own; whatever is not traded counts as closed.
_STATE_WORDS = {"pre_launch": "created", "open": "started", "reduce_only": "started"}


def instrument(listing: Listing) -> Json:
    """A contract as get_instruments shows it."""
    row = listing.row
    initial_ppm = row["initial_margin_ppm"]
    return {
        "instrument_name": listing.name,
        "instrument_id": listing.id,
        "kind": "future",
        "instrument_type": "linear",
        "future_type": "linear",
        "settlement_period": "perpetual",
        "settlement_currency": listing.quote,
        "base_currency": listing.base,
        "quote_currency": listing.quote,
        "counter_currency": listing.quote,
        "price_index": listing.index_name,
        "tick_size": listing.price(1),
        "tick_size_steps": [],
        "min_trade_amount": listing.amount(1),
        "contract_size": listing.amount(1),
        "is_active": listing.is_active,
        "state": listing.state,
        "rfq": False,
        "creation_timestamp": 0,
        "expiration_timestamp": millis(row["expiry_ns"]) or FAR_EXPIRY_MS,
        "maker_commission": money(row["maker_fee_ppm"]),
        "taker_commission": money(row["taker_fee_ppm"]),
        "block_trade_commission": money(row["taker_fee_ppm"]),
        "max_liquidation_commission": money(row["liquidation_fee_ppm"]),
        "max_leverage": units.PPM // initial_ppm if initial_ppm else 1,
        "min_notional": money(row["min_notional_units"]),
    }


def state_change(listing: Listing, time_ns: int) -> Json:
    """What instrument.state channels tell; contract_state is ours and says why."""
    return {
        "instrument_name": listing.name,
        "state": _STATE_WORDS.get(listing.state, "closed"),
        "contract_state": listing.state,
        "timestamp": millis(time_ns),
    }
