"""What a venue answers to every method: `python -m tests.gateway.examples` records it.

The record, exchange/gateway/documentation/examples.json, is where openrpc.json and /docs have
their examples and the schemas of results from. tests/gateway/test_docs.py asks the same again
and compares, so that neither can say what is not so.
"""

import json
import re
from typing import Any

from exchange.gateway.documentation.inference import schema_of
from exchange.pipeline.servers import PROJECT
from tests.gateway.venue import Venue

EXAMPLES = PROJECT / "exchange" / "gateway" / "documentation" / "examples.json"
BTC = "BTC_USDC-PERPETUAL"
ITEMS_SHOWN = 2
_SECRET = re.compile(r"token|secret|signature")
_AGES = 4_102_444_800_000  # the year 2100
Heard = dict[str, list[tuple[dict[str, Any], Any]]]


class Scene:
    """Somebody with an account, a sub-account, orders, trades and a position."""

    def __init__(self, venue: Venue) -> None:
        self.venue = venue
        self.owner, self.other = venue.account(fund=100_000), venue.account(fund=100_000)
        self.heard: Heard = {}

    def play(self) -> Heard:
        """Every method with every answer it gave, the one to be shown last."""
        with self.venue.socket(key=self.owner) as client:
            self._say = client
            self._introduce()
            self._look_at_the_market()
            self._look_back()  # at nothing
            self._trade()
            self._look_at_the_market()
            self._look_back()
            self._cancel()
            self._move_money()
            self._manage_keys()
            self._speak_for_another()
        with self.venue.socket(key=self.owner) as client:
            self._say = client
            self.ask("private/logout")
        return self.heard

    def ask(self, method: str, **params: Any) -> Any:
        result = self._say.call(method, **params)
        self.heard.setdefault(method, []).append((params, result))
        return result

    def _introduce(self) -> None:
        key = self.owner
        self.ask("public/hello", client_name="a bot", client_version="1.0")
        self.ask("public/test")
        self.ask(
            "public/auth",
            grant_type="client_credentials",
            client_id=key.id,
            client_secret=key.secret,
        )
        self.ask("public/set_heartbeat", interval=30)
        self.ask("public/disable_heartbeat")
        for scope in ("public", "private"):
            channels = [f"ticker.{BTC}.100ms", f"book.{BTC}.none.10.100ms"]
            if scope == "private":
                channels = ["user.orders.any.any.raw", "user.portfolio.usdc"]
            self.ask(f"{scope}/subscribe", channels=channels)
            self.ask(f"{scope}/unsubscribe", channels=channels)
            self.ask(f"{scope}/unsubscribe_all")
        for verb in ("enable", "get", "disable"):
            self.ask(f"private/{verb}_cancel_on_disconnect", scope="connection")
        self.ask("public/status")
        self.ask("public/get_time")
        self.ask("public/get_announcements")

    def _look_at_the_market(self) -> None:
        named = {"instrument_name": BTC}
        now = self.ask("public/get_time")
        span = {"start_timestamp": now - 3_600_000, "end_timestamp": now}
        self.ask("public/get_currencies")
        self.ask("public/get_instruments", currency="BTC")
        self.ask("public/get_instrument", **named)
        self.ask("public/get_contract_size", **named)
        self.ask("public/get_expirations", currency="BTC", kind="any")
        self.ask("public/get_index_price_names")
        self.ask("public/get_supported_index_names", type="all")
        self.ask("public/get_index_price", index_name="btc_usdc")
        self.ask("public/ticker", **named)
        self.ask("public/get_order_book", **named, depth=5)
        self.ask("public/get_order_book_by_instrument_id", instrument_id=0, depth=5)
        self.ask("public/get_book_summary_by_instrument", **named)
        self.ask("public/get_book_summary_by_currency", currency="BTC")
        self.ask("public/get_trade_volumes")
        self.ask("public/get_last_trades_by_instrument", **named, count=2)
        self.ask("public/get_last_trades_by_instrument_and_time", **named, count=2, **span)
        self.ask("public/get_last_trades_by_currency", currency="BTC", count=2)
        self.ask("public/get_last_trades_by_currency_and_time", currency="BTC", count=2, **span)
        self.ask("public/get_tradingview_chart_data", **named, resolution="60", **span)
        self.ask("public/get_funding_rate_value", **named, **span)
        self.ask("public/get_funding_rate_history", **named, **span)
        self.ask("public/get_funding_chart_data", **named, length="8h")
        self.ask("public/get_historical_volatility", currency="BTC")
        self.ask("public/get_volatility_index_data", currency="BTC", resolution="3600", **span)
        self.ask("public/get_delivery_prices", index_name="btc_usdc")
        self.ask("public/get_last_settlements_by_instrument", **named)
        self.ask("public/get_last_settlements_by_currency", currency="BTC")

    def _trade(self) -> None:
        rest: dict[str, Any] = {"instrument_name": BTC, "amount": 0.01, "price": 60_010}
        self.venue.get("private/sell", self.other, **rest)
        self.ask("private/buy", **rest | {"price": 59_000}, label="doc")
        self.ask("private/sell", **rest | {"price": 61_500}, label="ask")
        self.ask(
            "private/edit_by_label",
            instrument_name=BTC,
            label="doc",
            amount=0.02,
            price=59_000,
        )
        self.taken = self.ask(
            "private/buy",
            **rest,
            label="entry",
            time_in_force="immediate_or_cancel",
            idempotency_key=f"entry-{self.owner.account}",
        )["order"]
        stop = self.ask(
            "private/sell",
            instrument_name=BTC,
            amount=0.01,
            type="stop_market",
            trigger_price=58_000,
            trigger="mark_price",
            reduce_only=True,
            label="stop",
        )["order"]
        self.ask("private/edit", order_id=stop["order_id"], amount=0.01, trigger_price=58_100)
        self.ask("private/get_margins", instrument_name=BTC, amount=0.1, price=60_000)
        for amount in (900, 0.1):
            order = {"instrument_name": BTC, "side": "buy", "amount": amount, "price": 59_900}
            self.ask("risk/preview_order", **order)
        self.ask("private/set_self_trading_config", mode="cancel_maker")
        self.ask("private/change_margin_model", margin_model="cross_sm")

    def _look_back(self) -> None:
        usdc = {"currency": "USDC"}
        named = {"instrument_name": BTC}
        span = {"start_timestamp": 0, "end_timestamp": _AGES}
        self.ask("private/get_account_summary", **usdc, extended=True)
        self.ask("private/get_account_summaries", extended=True)
        self.ask("private/get_positions", currency="BTC")
        self.ask("private/get_position", **named)
        self.ask("private/simulate_portfolio", **usdc, simulated_positions={BTC: 0.5})
        self.ask("risk/explain_margin")
        self.ask("risk/explain_liquidation", count=2)
        self.ask("risk/get_funding_payments", count=5)
        self.ask("risk/get_profit_and_loss", span="all")
        self.ask("risk/get_equity_history", span="1d")
        self.ask("risk/stress_margin", move=-10)
        self.ask("private/get_open_orders", type="all")
        self.ask("private/get_open_orders_by_currency", currency="BTC")
        self.ask("private/get_open_orders_by_instrument", **named)
        self.ask("private/get_open_orders_by_label", currency="BTC", label="doc")
        self.ask("private/get_order_state_by_label", currency="BTC", label="entry")
        self.ask("private/get_order_history_by_currency", currency="BTC")
        self.ask("private/get_order_history_by_instrument", **named)
        self.ask("private/get_trigger_order_history", currency="BTC")
        self.ask("private/get_user_trades_by_currency", currency="BTC")
        self.ask("private/get_user_trades_by_currency_and_time", currency="BTC", **span)
        self.ask("private/get_user_trades_by_instrument", **named)
        self.ask("private/get_user_trades_by_instrument_and_time", **named, **span)
        if taken := getattr(self, "taken", None):
            order_id = {"order_id": taken["order_id"]}
            self.ask("private/get_order_state", **order_id)
            self.ask("private/get_user_trades_by_order", **order_id)
        self.ask("private/get_transaction_log", **usdc, **span)
        for name in ("deposits", "withdrawals", "transfers"):
            self.ask(f"private/get_{name}", **usdc)
        self.ask("private/get_settlement_history_by_instrument", **named)
        self.ask("private/get_settlement_history_by_currency", currency="BTC")
        self.ask("private/get_mmp_config", index_name="btc_usdc")
        self.ask("private/get_mmp_status")
        self.ask("private/get_current_deposit_address", **usdc)

    def _cancel(self) -> None:
        named = {"instrument_name": BTC}
        order = self.ask("private/buy", **named, amount=0.01, price=59_100, label="x")["order"]
        self.ask("private/cancel", order_id=order["order_id"])
        self.ask(
            "private/place_batch",
            orders=[
                {"side": "buy", **named, "amount": 0.01, "price": 59_000, "post_only": True},
                {"side": "sell", **named, "amount": 0.01, "price": 61_400, "post_only": True},
            ],
        )
        self.ask(
            "private/mass_quote",
            quote_id="7",
            detailed=True,
            quotes=[
                {
                    **named,
                    "quote_set_id": "near",
                    "bid": {"price": 59_200, "amount": 0.01},
                    "ask": {"price": 61_200, "amount": 0.01},
                }
            ],
        )
        self.ask("private/cancel_quotes", cancel_type="all")
        self.ask("private/cancel_by_label", label="doc")
        self.ask("private/cancel_all_by_instrument", **named, type="limit")
        self.ask("private/cancel_all_by_currency", currency="BTC")
        self.ask("private/cancel_all_by_currency_pair", currency_pair="btc_usdc")
        self.ask("private/cancel_all_by_kind_or_type", currency=["BTC", "ETH"], type="all")
        self.ask("private/cancel_all")
        rest: dict[str, Any] = {**named, "amount": 0.01, "price": 59_990}
        self.venue.get("private/buy", self.other, **rest)
        self.ask("private/close_position", **named, type="limit", price=59_990)

    def _move_money(self) -> None:
        usdc = {"currency": "USDC"}
        self.ask("private/demo_fund", amount=1_000)
        made = self.ask("private/create_subaccount")["id"]
        self.ask("private/change_subaccount_name", sid=made, name="Basis")
        self.ask("private/submit_transfer_to_subaccount", **usdc, amount=50, destination=made)
        self.ask(
            "private/submit_transfer_between_subaccounts",
            **usdc,
            amount=25,
            source=made,
            destination=self.owner.account,
        )
        self.ask("private/get_subaccounts", with_portfolio=True)
        self.ask("private/withdraw", **usdc, amount=10, address="bank account 1")
        for name in ("deposits", "withdrawals", "transfers"):
            self.ask(f"private/get_{name}", **usdc)
        self.sub_account = made

    def _manage_keys(self) -> None:
        terms = {"max_scope": "trade:read_write", "contracts": [BTC], "daily_loss_limit": 500}
        number = {"id": self.ask("private/create_api_key", name="maker", **terms)["id"]}
        self.ask("private/list_api_keys")
        self.ask("private/edit_api_key", **number, **terms, ip_whitelist=["192.0.2.0/24"])
        self.ask("private/change_api_key_name", **number, name="taker")
        self.ask("private/change_scope_in_api_key", **number, max_scope="trade:read")
        self.ask("private/disable_api_key", **number)
        self.ask("private/enable_api_key", **number)
        self.ask("private/reset_api_key", **number)
        self.ask("private/remove_api_key", **number)

    def _speak_for_another(self) -> None:
        token = self._say.sign_in(self.owner)["refresh_token"]
        self.ask("public/exchange_token", refresh_token=token, subject_id=self.sub_account)


# Methods that this venue answers with a refusal only: there is no result to show.
REFUSED = {
    "private/create_deposit_address",
    "private/reset_mmp",
    "private/reset_mmp_config",
    "private/set_mmp_config",
    "private/submit_transfer_to_user",
}


def record(venue: Venue) -> dict[str, dict[str, Any]]:
    """By method: what was asked, what came, and the schema of all that came."""
    heard = Scene(venue).play()
    return {
        method: {
            "params": _scrubbed(answers[-1][0]),
            "result": _shortened(_scrubbed(answers[-1][1])),
            "schema": schema_of([result for _, result in answers]),
        }
        for method, answers in sorted(heard.items())
    }


def main() -> None:
    venue = Venue()
    try:
        venue.start()
        recorded = record(venue)
    finally:
        venue.stop_all()
    EXAMPLES.write_text(json.dumps(recorded, indent=1) + "\n")
    print(f"{len(recorded)} methods")


def _scrubbed(value: Any) -> Any:
    """The same without what might be taken for a secret."""
    if isinstance(value, list):
        return [_scrubbed(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: "…" if _SECRET.search(name) and isinstance(item, str) else _scrubbed(item)
        for name, item in value.items()
    }


def _shortened(value: Any) -> Any:
    """The same with the first few items of each list."""
    if isinstance(value, list):
        return [_shortened(item) for item in value[:ITEMS_SHOWN]]
    if not isinstance(value, dict):
        return value
    return {name: _shortened(item) for name, item in value.items()}


if __name__ == "__main__":
    main()
