"""The reference venue: what the engine should decide, in plain Python with unbounded integers.

It is written from the specification, shares no code with the kernels and is as slow as it is
simple. It knows orders, fills, positions, money and margin. Marks and the status of the index
are an input: the test tells it what the market's price is.

An order is known by the sequence of the command that placed it. Outcomes are small tuples, in
the order in which they happen:

    ("rejected", reason)
    ("accepted", order, account, price, quantity)
    ("filled", order, account, is_maker, price, lots, remaining, trade, fee, profit, position)
    ("cancelled", order, account, lots, filled, reason, was_resting)
    ("amended", order, account, price, quantity, remaining)
    ("settled", account, cash, still unsettled, balance)
"""

from fractions import Fraction
from math import ceil
from typing import Any

from tests.simulation.admission import (
    QUANTITY_MAX,
    Request,
    admission_objection,
    book_objection,
    effective_price,
    effective_quantity,
    form_objection,
    limits_objection,
    maker_objection,
    surely_filled,
)
from tests.simulation.book import Order
from tests.simulation.holdings import FILLS_MAX, PPM, Holdings
from tests.simulation.settlement import settle

OPEN_ORDERS_MAX = 500

Outcome = tuple[Any, ...]


class Reference:
    """A venue of plain tables; every command answers with its outcomes."""

    def __init__(self) -> None:
        self.venue = Holdings()
        self.trades = 0
        self.outcomes: list[Outcome] = []

    # --- commands ---------------------------------------------------------------------------

    def place(self, ask: Request) -> list[Outcome]:
        """PlaceOrder."""
        self.outcomes = []
        venue = self.venue
        reason = form_objection(venue, ask) or admission_objection(venue, ask)
        if reason:
            return [("rejected", reason)]
        price, quantity = effective_price(venue, ask), effective_quantity(venue, ask)
        reason = limits_objection(venue, ask, price, quantity)
        if not reason and venue.order_count(ask.account) >= OPEN_ORDERS_MAX:
            reason = "TOO_MANY_ORDERS"
        reason = reason or book_objection(venue, ask, price)
        order = Order(
            ask.account,
            ask.contract,
            ask.side,
            price,
            quantity,
            quantity,
            ask.sequence,
            ask.label,
            force=ask.force,
            reduce_only=ask.reduce_only,
            post_only=ask.post_only,
            reject_post_only=ask.reject_post_only,
        )
        if not reason and order.force == "fok" and surely_filled(venue, order)[0] < quantity:
            reason = "FILL_OR_KILL_UNFILLABLE"
        if not reason and self._missing(order):
            reason = "INSUFFICIENT_MARGIN"
        if reason:
            return [("rejected", reason)]
        self.outcomes.append(("accepted", ask.sequence, ask.account, price, quantity))
        self._execute(order)
        return self.outcomes

    def amend(self, account: int, sequence: int, price: int, quantity: int) -> list[Outcome]:
        """AmendOrder: quantity is the new total, filled lots included."""
        self.outcomes = []
        order = self.venue.orders.get(sequence)
        if order is None:
            return [("rejected", "UNKNOWN_ORDER")]
        if order.account != account:
            return [("rejected", "NOT_ORDER_OWNER")]
        if not 0 < price <= self.venue.markets[order.contract].terms.ceiling:
            return [("rejected", "INVALID_PRICE")]
        if not 0 < quantity <= QUANTITY_MAX:
            return [("rejected", "INVALID_QUANTITY")]
        remaining = quantity - order.filled
        if remaining <= 0:
            return [("rejected", "AMEND_BELOW_FILLED")]
        if price == order.price and remaining <= order.remaining:
            order.quantity, order.remaining = quantity, remaining
            return [("amended", sequence, account, price, quantity, remaining)]
        return self._requeue(order, price, quantity, remaining)

    def cancel(self, account: int, sequence: int) -> list[Outcome]:
        """CancelOrder."""
        self.outcomes = []
        order = self.venue.orders.get(sequence)
        if order is None:
            return [("rejected", "UNKNOWN_ORDER")]
        if order.account != account:
            return [("rejected", "NOT_ORDER_OWNER")]
        self._cancel_resting(order, "BY_OWNER")
        return self.outcomes

    def cancel_all(self, account: int, contract: int = -1, label: int = 0) -> list[Outcome]:
        """CancelAll, newest entry into a book first."""
        self.outcomes = []
        for order in reversed(list(self.venue.orders.values())):
            mine = order.account == account
            if mine and contract in (-1, order.contract) and label in (0, order.label):
                self._cancel_resting(order, "BY_OWNER")
        return self.outcomes

    def settle(self, contract: int) -> list[Outcome]:
        """SettleVariation."""
        return [("settled", *moved) for moved in settle(self.venue, contract)]

    # --- execution --------------------------------------------------------------------------

    def _execute(self, order: Order) -> None:
        """Trades as deep as was foreseen, then looks at the account again before going on."""
        venue = self.venue
        book = venue.markets[order.contract].book
        met = 0
        reason = ""
        while order.remaining and not reason:
            # A fill-or-kill was looked at maker by maker before: it may go all the way.
            foreseen = order.price if order.force == "fok" else book.worst(order)
            if not foreseen:
                break
            passed, goes_on = self._match(order, foreseen)
            met += passed
            if not goes_on:
                reason = "REDUCE_ONLY"
            elif met >= FILLS_MAX:
                reason = "FILL_LIMIT"
            elif order.remaining and self._missing(order):
                reason = "MARGIN"
        if order.remaining and not reason and order.force == "gtc":
            book.add(order)
            venue.orders[order.sequence] = order
            return
        if order.remaining:
            self._say_cancelled(order, reason or "IMMEDIATE_OR_CANCEL", was_resting=False)
        venue.release(order.account)

    def _missing(self, order: Order) -> int:
        """What the account lacks to go on with what is left of an order; 0: nothing."""
        met, price_lots = self.venue.markets[order.contract].book.foresee(order)
        if order.force == "fok":
            met, price_lots = surely_filled(self.venue, order)
        rests = order.remaining - met if order.force == "gtc" else 0
        return self.venue.shortfall(order, met, price_lots, rests)

    def _match(self, taker: Order, limit: int) -> tuple[int, bool]:
        """Makers met, and whether the order may go on."""
        venue = self.venue
        book = venue.markets[taker.contract].book
        met = 0
        while taker.remaining and met < FILLS_MAX:
            maker = book.head(-taker.side)
            if maker is None or taker.side * (limit - maker.price) < 0:
                break
            met += 1
            lots = min(venue.fillable(taker), maker.remaining)
            if lots == 0:
                return met, False
            is_trusting = taker.force == "fok"
            reason = maker_objection(venue, taker.account, maker, is_trusting=is_trusting)
            if reason:
                self._cancel_resting(maker, reason)
            else:
                self._trade(maker, taker, min(lots, venue.fillable(maker)))
        return met, True

    def _trade(self, maker: Order, taker: Order, lots: int) -> None:
        self.trades += 1
        terms = self.venue.markets[maker.contract].terms
        maker.remaining -= lots
        taker.remaining -= lots
        self._fill(maker, maker.price, lots, terms.maker_fee_ppm, is_maker=True)
        self._fill(taker, maker.price, lots, terms.taker_fee_ppm, is_maker=False)
        if maker.remaining == 0:
            self._drop(maker)

    def _fill(
        self, order: Order, price: int, lots: int, fee_ppm: int, *, is_maker: bool
    ) -> None:
        market = self.venue.markets[order.contract]
        position = self.venue.claim(order.account, order.contract)
        long_before = max(0, position.lots)
        profit = position.trade(order.side * lots, price * market.terms.tick_value)
        market.open_interest += max(0, position.lots) - long_before
        notional = price * lots * market.terms.tick_value
        fee = ceil(Fraction(notional * fee_ppm, PPM))
        self.venue.charge_fee(order.account, order.contract, fee)
        who = (order.sequence, order.account, is_maker)
        how_much = (price, lots, order.remaining, self.trades, fee, profit, position.lots)
        self.outcomes.append(("filled", *who, *how_much))

    def _requeue(
        self, order: Order, price: int, quantity: int, remaining: int
    ) -> list[Outcome]:
        """A new price or more lots: judged as if the order were new, then queued anew."""
        venue = self.venue
        ask = Request(
            order.sequence,
            order.account,
            order.contract,
            order.side,
            price,
            remaining,
            post_only=order.post_only,
            reduce_only=order.reduce_only,
            reject_post_only=order.reject_post_only,
        )
        reason = admission_objection(venue, ask)
        if reason:
            return [("rejected", reason)]
        limit = effective_price(venue, ask)
        before = order.price, order.quantity, order.remaining
        book = venue.markets[order.contract].book
        book.remove(order)  # its own lots do not count against it
        place_in_list = list(venue.orders.items())
        del venue.orders[order.sequence]
        reason = limits_objection(venue, ask, limit, remaining)
        reason = reason or book_objection(venue, ask, limit)
        order.price, order.quantity, order.remaining = limit, quantity, remaining
        if not reason and self._missing(order):
            reason = "INSUFFICIENT_MARGIN"
        if reason:
            order.price, order.quantity, order.remaining = before
            book.restore(order)
            venue.orders = dict(place_in_list)
            return [("rejected", reason)]
        self.outcomes.append(
            ("amended", order.sequence, order.account, limit, quantity, remaining)
        )
        self._execute(order)
        return self.outcomes

    # --- small changes ----------------------------------------------------------------------

    def _cancel_resting(self, order: Order, reason: str) -> None:
        self._say_cancelled(order, reason, was_resting=True)
        self._drop(order)

    def _drop(self, order: Order) -> None:
        self.venue.markets[order.contract].book.remove(order)
        del self.venue.orders[order.sequence]
        self.venue.release(order.account)

    def _say_cancelled(self, order: Order, reason: str, *, was_resting: bool) -> None:
        lots = (order.remaining, order.filled)
        self.outcomes.append(
            ("cancelled", order.sequence, order.account, *lots, reason, was_resting)
        )
