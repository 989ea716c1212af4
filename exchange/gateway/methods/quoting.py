"""Quotes: orders on both sides of many instruments in one message, known by what they are for.

QUOTE-001  a quote is the open order of an instrument, a side and a set; a new one for the same
           three changes it in its place. Its order's label is `quote.` and the name of the set.
QUOTE-002  the amount is what then stands in the book, whatever has filled before; 0 cancels.
QUOTE-003  each side is judged for itself: one that is refused does not hold up the others.
           What is understood goes to the engine as one batch (rules: engine.batches).
QUOTE-004  there is no market maker protection: who names a group is refused, because orders
           that are believed to be protected are worse than none.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple, cast

from exchange.engine import units
from exchange.engine.rejects import RejectReason
from exchange.gateway.decoder import Decimal, Flag, Text
from exchange.gateway.errors import RpcError, invalid_params, not_implemented, rejected
from exchange.gateway.limits import Cost
from exchange.gateway.listings import Listing
from exchange.gateway.methods.batches import Member, send_members
from exchange.gateway.methods.cancelling import cancel_these
from exchange.gateway.methods.trading import asked_cancel, asked_edit, asked_order
from exchange.gateway.quote_schemas import CancelQuotes, MassQuote, Quote, QuoteSide
from exchange.gateway.rpc import Call, method
from exchange.gateway.schemas import EditOrder, OrderId, PlaceOrder
from exchange.gateway.wire import Json, OrderView
from exchange.models.keys import SCOPE_TRADE

PREFIX = "quote."
_SIDES = {"bid": units.BUY, "ask": units.SELL}
_SET_CHARS_MAX = 58  # with the prefix it is a label


class _Side(NamedTuple):
    """One side of one quote, understood as far as its instrument."""

    quote: Quote
    name: str
    said: QuoteSide

    @property
    def key(self) -> tuple[str, str, str]:
        return self.quote.instrument_name, self.name, self.quote.quote_set_id

    def error(self, body: object) -> Json:
        """The entry of a side that was refused."""
        return {
            "instrument_name": str(self.quote.instrument_name),
            "quote_set_id": str(self.quote.quote_set_id),
            "side": self.name,
            "error": body,
        }


# The message itself costs what a cancel costs; its sides what orders cost.
@method("private/mass_quote", MassQuote, scope=SCOPE_TRADE, cost=Cost.CANCEL)
async def mass_quote(call: Call, params: MassQuote) -> Json:
    """Place or change many quotes in one piece; sides that are refused are listed as errors."""
    if params.mmp_group is not None:
        raise not_implemented("mmp_group")
    if not params.wait_for_response:
        raise not_implemented("wait_for_response")
    sides = list(_sides(params))
    if not 0 < len(sides) <= units.BATCH_MAX:
        raise invalid_params("quotes", f"must have 1 to {units.BATCH_MAX} sides in all")
    if len({side.key for side in sides}) < len(sides):
        raise invalid_params("quotes", "must name each side of an instrument once in a set")
    await call.gateway.limits.spend(call.principal, call.ip, Cost.ORDER, len(sides))
    standing = await _standing(call)
    members: list[tuple[_Side, Member]] = []
    errors: list[Json] = []
    for side in sides:
        try:
            members.append((side, await _ask(call, side, standing)))
        except RpcError as error:
            errors.append(side.error(error.body()))
    told: list[Json] = []
    if members:
        told = await send_members(call, [one for _, one in members], params.valid_until or 0)
    return _shape(params, [side for side, _ in members], told, errors)


@method("private/cancel_quotes", CancelQuotes, scope=SCOPE_TRADE, cost=Cost.CANCEL_MANY)
async def cancel_quotes(call: Call, params: CancelQuotes) -> object:
    """Cancel quotes: all, or those of a set, an instrument, a kind, a currency, a pair."""
    if params.cancel_type == "delta":
        raise not_implemented("cancel_type")
    for name in ("min_delta", "max_delta", "freeze_quotes"):
        if getattr(params, name):
            raise not_implemented(name)
    covers = _choice(call, params)
    quotes = [
        order
        for (instrument, _, set_id), order in (await _standing(call)).items()
        if covers(instrument, set_id)
    ]
    return await cancel_these(call, quotes, is_detailed=bool(params.detailed))


Key = tuple[str, str, str]  # instrument, side and set of a quote


def _sides(params: MassQuote) -> Iterator[_Side]:
    for i, quote in enumerate(params.quotes):
        if quote.bid is None and quote.ask is None:
            raise invalid_params(f"quotes[{i}]", "must have a bid or an ask")
        if len(quote.quote_set_id) > _SET_CHARS_MAX:
            reason = f"must be at most {_SET_CHARS_MAX} characters"
            raise invalid_params(f"quotes[{i}].quote_set_id", reason)
        if quote.bid is not None:
            yield _Side(quote, "bid", quote.bid)
        if quote.ask is not None:
            yield _Side(quote, "ask", quote.ask)


async def _standing(call: Call) -> dict[Key, OrderView]:
    """The account's open quotes."""
    gateway = call.gateway
    view = await gateway.accounts.view(call.account)
    orders = view.order_views() if view else []
    await gateway.labels.load(order.label for order in orders)
    quotes: dict[Key, OrderView] = {}
    for order in orders:
        label = gateway.labels.text(order.label)
        if label.startswith(PREFIX):
            instrument = gateway.listings.by_id[order.contract].name
            side = "bid" if order.side == units.BUY else "ask"
            quotes[instrument, side, label.removeprefix(PREFIX)] = order
    return quotes


async def _ask(call: Call, side: _Side, standing: dict[Key, OrderView]) -> Member:
    listing = call.gateway.listings.get(side.quote.instrument_name)
    known = standing.get(side.key)
    amount = side.said.amount
    if amount is not None and not amount.digits:
        if known is None:
            raise rejected(RejectReason.UNKNOWN_ORDER, param="amount")
        return Member("cancels", await asked_cancel(call, OrderId(Text(str(known.id)))))
    if known is not None:
        return Member("edits", await asked_edit(call, _change(listing, side.said, known)))
    order = PlaceOrder(
        instrument_name=side.quote.instrument_name,
        amount=amount,
        price=side.said.price,
        post_only=side.said.post_only or Flag(0),
        reject_post_only=side.said.reject_post_only or Flag(0),
        label=Text(PREFIX + side.quote.quote_set_id),
    )
    return Member("orders", await asked_order(call, order, _SIDES[side.name]))


def _change(listing: Listing, said: QuoteSide, known: OrderView) -> EditOrder:
    """The same quote with another price or amount (QUOTE-002)."""
    contracts = None
    if said.amount is not None:
        contracts = Decimal(known.filled_lots + listing.lots(said.amount), 0)
    return EditOrder(
        order_id=Text(str(known.id)),
        contracts=contracts,
        price=said.price,
        post_only=said.post_only,
        reject_post_only=said.reject_post_only,
    )


def _shape(params: MassQuote, sides: list[_Side], told: list[Json], errors: list[Json]) -> Json:
    orders: list[Json] = []
    trades: list[object] = []
    for side, answer in zip(sides, told, strict=True):
        if "error" in answer:
            errors.append(side.error(answer["error"]))
            continue
        # A cancel answers with the order alone, the others with order and trades.
        order = cast("Json", answer.get("order", answer))
        named = {"quote_id": str(params.quote_id), "quote_set_id": str(side.quote.quote_set_id)}
        orders.append(order | {"quote": True} | named)
        trades += cast("list[object]", answer.get("trades", []))
    if not params.detailed:
        return {"orders_count": len(orders), "errors_count": len(errors)}
    return {"orders": orders, "trades": trades, "errors": errors}


def _choice(call: Call, params: CancelQuotes) -> Callable[[str, str], bool]:
    """Which quotes are meant, by instrument and set."""
    listings = call.gateway.listings
    if params.cancel_type == "quote_set_id":
        if params.quote_set_id is None:
            raise invalid_params("quote_set_id", "is required")
        return lambda _, set_id: set_id == params.quote_set_id
    if params.cancel_type == "instrument":
        if params.instrument_name is None:
            raise invalid_params("instrument_name", "is required")
        wanted = [listings.get(params.instrument_name)]
    elif params.cancel_type == "currency_pair":
        wanted = listings.of_pair(params.currency_pair)
    else:
        currency = listings.check_currency(params.currency)
        wanted = listings.select(currency, params.kind)
    names = {listing.name for listing in wanted}
    return lambda instrument, _: instrument in names
