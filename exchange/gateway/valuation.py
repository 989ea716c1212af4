"""What the engine's functions say of an account, in Deribit's shapes."""

from exchange.engine import units
from exchange.engine.events import LiquidationStage
from exchange.gateway.decoder import number
from exchange.gateway.funding_words import interest_value
from exchange.gateway.listings import Listing, Listings
from exchange.gateway.wire import Json, money
from exchange.pipeline.what_if import AccountHealth, PositionHealth

_NOTHING = number(0, 0)
# What an account without options, funding or sessions has none of, and clients ask for.
_ZEROS = (
    "options_delta",
    "options_gamma",
    "options_theta",
    "options_vega",
    "options_value",
    "options_pl",
    "options_session_upl",
    "options_session_rpl",
    "fee_balance",
    "spot_reserve",
    "additional_reserve",
    "locked_balance",
    "estimated_liquidation_ratio",
)


class Valuation:
    """An account at the marks of one moment."""

    def __init__(
        self,
        health: AccountHealth,
        listings: Listings,
        stage: int = LiquidationStage.NONE,
    ) -> None:
        self.health = health
        self._listings = listings
        self._stage = LiquidationStage(stage)

    @classmethod
    def nothing(cls, listings: Listings) -> "Valuation":
        """An account that the engine has not shown yet."""
        return cls(AccountHealth(0, 0, 0, 0, 0, ()), listings)

    def positions(self) -> list[Json]:
        """Every position, also those that are open orders alone."""
        return [
            position_shape(self._listings.by_id[position.contract], position)
            for position in self.health.positions
            if position.contract in self._listings.by_id
        ]

    def summary(self) -> Json:
        """The account as get_account_summary shows it."""
        health = self.health
        unrealised = sum(position.unrealised_units for position in health.positions)
        realised = sum(position.realised_units for position in health.positions)
        deltas = self._deltas()
        free = max(0, min(health.cash_units, health.available_units))
        return _summary_frame() | {
            "balance": money(health.cash_units),
            "equity": money(health.equity_units),
            "margin_balance": money(health.equity_units),
            "available_funds": money(health.available_units),
            "available_withdrawal_funds": money(free),
            "initial_margin": money(health.initial_units),
            "maintenance_margin": money(health.maintenance_units),
            "projected_initial_margin": money(health.initial_units),
            "projected_maintenance_margin": money(health.maintenance_units),
            "open_orders_margin": money(health.order_reserve_units),
            "total_pl": money(unrealised + realised),
            "futures_pl": money(unrealised + realised),
            "session_upl": money(unrealised),
            "session_rpl": money(realised),
            "session_funding": money(sum(p.funding_units for p in health.positions)),
            "futures_session_upl": money(unrealised),
            "futures_session_rpl": money(realised),
            "delta_total_map": deltas,
            "liquidation_stage": self._stage.name.lower(),
        }

    def margins(self) -> list[Json]:
        """What each contract asks for."""
        shapes: list[Json] = []
        for position in self.health.positions:
            listing = self._listings.by_id.get(position.contract)
            if listing is None:
                continue
            own = position.initial_units - position.order_reserve_units
            value = abs(position.value_units)
            rate = own * units.PPM // value if value else listing.row["initial_margin_ppm"]
            shapes.append(
                {
                    "instrument_name": listing.name,
                    "size": listing.amount(position.lots),
                    "mark_price": listing.price(position.mark_ticks),
                    "notional": money(value),
                    "initial_margin_rate": number(rate, 6),
                    "initial_margin": money(own),
                    "open_orders_margin": money(position.order_reserve_units),
                    "maintenance_margin": money(position.maintenance_units),
                    "floating_profit_loss": money(position.unrealised_units),
                    "liquidation_price": listing.price_or_null(position.liquidation_ticks),
                }
            )
        return shapes

    def _deltas(self) -> Json:
        deltas: Json = {}
        for position in self.health.positions:
            listing = self._listings.by_id.get(position.contract)
            if listing is not None and position.lots:
                deltas[listing.index_name] = listing.amount(position.lots)
        return deltas


def position_shape(listing: Listing, position: PositionHealth) -> Json:
    """A position; its size is negative when short, as on Deribit."""
    initial_ppm = listing.row["initial_margin_ppm"]
    profit = position.unrealised_units
    return {
        "instrument_name": listing.name,
        "kind": "future",
        "direction": _direction(position.lots),
        "size": listing.amount(position.lots),
        "size_currency": listing.amount(position.lots),
        "delta": listing.amount(position.lots),
        "average_price": entry_price(listing, position),
        "mark_price": listing.price(position.mark_ticks),
        "index_price": listing.price(listing.row["index_ticks"]),
        "settlement_price": listing.price(position.mark_ticks),
        "floating_profit_loss": money(profit),
        "realized_profit_loss": money(position.realised_units),
        "total_profit_loss": money(profit + position.realised_units),
        "realized_funding": money(position.funding_units),
        "interest_value": interest_value(listing),
        "initial_margin": money(position.initial_units - position.order_reserve_units),
        "maintenance_margin": money(position.maintenance_units),
        "open_orders_margin": money(position.order_reserve_units),
        "leverage": units.PPM // initial_ppm if initial_ppm else 1,
        "estimated_liquidation_price": listing.price_or_null(position.liquidation_ticks),
    }


def entry_price(listing: Listing, position: PositionHealth) -> object:
    """What the position cost a unit, cut to a thousandth of a tick."""
    if not position.lots:
        return _NOTHING
    unit = position.lots * listing.tick_value_units
    return number(position.entry_units * listing.tick_e8 * 1_000 // unit, 11)


def flat_position(listing: Listing) -> Json:
    """No position in a contract."""
    mark = listing.row["mark_ticks"]
    return position_shape(listing, PositionHealth(listing.id, 0, mark, *(0,) * 10))


def empty_summary() -> Json:
    """The summary of an account that has nothing."""
    return Valuation.nothing(Listings()).summary()


def _summary_frame() -> Json:
    return {
        "currency": units.ASSET_NAMES[units.USDC],
        "margin_model": "cross_sm",
        "portfolio_margining_enabled": False,
        "cross_collateral_enabled": False,
        "delta_total": _NOTHING,
        "projected_delta_total": _NOTHING,
        "estimated_liquidation_ratio_map": {},
        "options_gamma_map": {},
        "options_theta_map": {},
        "options_vega_map": {},
        **dict.fromkeys(_ZEROS, _NOTHING),
    }


def _direction(lots: int) -> str:
    if not lots:
        return "zero"
    return "buy" if lots > 0 else "sell"
