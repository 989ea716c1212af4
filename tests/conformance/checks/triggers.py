"""Orders that wait for a price: every form in which ccxt can ask for one."""

import ccxt

from tests.conformance.desk import BTC, Desk, eventually, picked, refused
from tests.conformance.registry import check

MARK = {"trigger": "mark_price"}


@check("createStopOrder", "createStopMarketOrder", "createStopLimitOrder")
async def stop_orders_by_ccxts_names(desk: Desk) -> None:
    """create_stop_order & co.: ccxt sends a plain order and `stopPrice`; here it waits"""
    create = desk.client
    stop = await create.create_stop_market_order(BTC, "sell", 0.01, 59_000)
    entry = await create.create_stop_limit_order(BTC, "buy", 0.01, 61_100, 61_000)
    either = await create.create_stop_order(BTC, "limit", "buy", 0.01, 58_900, 59_000)

    assert [order["info"]["order_type"] for order in (stop, entry, either)] == [
        "stop_market",
        "stop_limit",
        "take_limit",
    ]
    assert [order["triggerPrice"] for order in (stop, entry, either)] == [
        59_000,
        61_000,
        59_000,
    ]
    assert {order["status"] for order in (stop, entry, either)} == {"open"}
    assert {order["filled"] for order in (stop, entry, either)} == {0}


@check("createTriggerOrder")
async def trigger_price(desk: Desk) -> None:
    """`triggerPrice` without a direction: stop or take-profit, by which side of now it is"""
    place = desk.client.create_order
    asked = (
        ("sell", 59_000, "stop_market"),
        ("sell", 61_000, "take_market"),
        ("buy", 61_000, "stop_market"),
        ("buy", 59_000, "take_market"),
    )
    for side, price, kind in asked:
        order = await place(BTC, "market", side, 0.01, None, {"triggerPrice": price})
        assert picked(order["info"], "order_type", "trigger") == (kind, "mark_price")
        assert picked(order, "status", "triggerPrice") == ("open", price)
    two = place(BTC, "market", "buy", 0.01, None, {"triggerPrice": 1, "stopPrice": 61_000})
    await refused(two, ccxt.BadRequest, "stopPrice")


@check("createStopLossOrder", "createTakeProfitOrder")
async def stop_loss_and_take_profit(desk: Desk) -> None:
    """`stopLossPrice`, `takeProfitPrice`, limit and market, on mark, index and last price"""
    await desk.trade(60_000)
    place = desk.client.create_order
    for trigger in ("mark_price", "index_price", "last_price"):
        on = {"trigger": trigger}
        stop = await place(BTC, "market", "sell", 0.01, None, {"stopLossPrice": 59_000} | on)
        take = await place(BTC, "limit", "buy", 0.01, 58_900, {"takeProfitPrice": 59_000} | on)
        assert picked(stop["info"], "order_type", "trigger") == ("stop_market", trigger)
        assert picked(take["info"], "order_type", "trigger") == ("take_limit", trigger)
        assert picked(stop, "status", "triggerPrice", "price") == ("open", 59_000, None)
        assert picked(take, "triggerPrice", "price") == (59_000, 58_900)
    # ccxt asks for the last price when nothing is said.
    silent = await place(BTC, "limit", "sell", 0.01, 58_950, {"stopLossPrice": 59_000})
    assert picked(silent["info"], "order_type", "trigger") == ("stop_limit", "last_price")
    wrong = place(BTC, "market", "sell", 0.01, None, {"stopLossPrice": 61_000} | MARK)
    await refused(wrong, ccxt.InvalidOrder)


@check()
async def trigger_types_by_name(desk: Desk) -> None:
    """the types stop_limit, stop_market, take_limit and take_market named themselves"""
    place = desk.client.create_order
    for kind, name in (
        ("stop_limit", "stopLossPrice"),
        ("stop_market", "stopLossPrice"),
        ("take_limit", "takeProfitPrice"),
        ("take_market", "takeProfitPrice"),
    ):
        price = 58_900 if kind.endswith("limit") else None
        side = "sell" if kind.startswith("stop") else "buy"
        order = await place(BTC, kind, side, 0.01, price, {name: 59_000} | MARK)
        assert order["info"]["order_type"] == kind


@check("createTrailingAmountOrder")
async def trailing_stop(desk: Desk) -> None:
    """`trailingAmount`, by create_order and create_trailing_amount_order; edited"""
    place = desk.client.create_order
    order = await place(BTC, "market", "sell", 0.01, None, {"trailingAmount": 500} | MARK)
    short = await desk.client.create_trailing_amount_order(
        BTC, "market", "sell", 0.01, None, 700, None, dict(MARK)
    )
    edited = await desk.client.edit_order(
        order["id"], BTC, "market", "sell", 0.02, None, {"trailingAmount": 600}
    )

    assert picked(order["info"], "order_type", "trigger_offset") == ("trailing_stop", 500)
    assert short["info"]["trigger_offset"] == 700
    assert (edited["amount"], edited["info"]["trigger_offset"]) == (0.02, 600)


@check()
async def edit_a_waiting_order(desk: Desk) -> None:
    """a stop's amount and trigger price"""
    stop = await desk.client.create_order(
        BTC, "market", "sell", 0.01, None, {"stopLossPrice": 59_000} | MARK
    )
    edited = await desk.client.edit_order(
        stop["id"], BTC, "market", "sell", 0.02, None, {"trigger_price": 58_900}
    )

    assert picked(edited, "id", "amount", "triggerPrice") == (stop["id"], 0.02, 58_900)


@check()
async def a_stop_fires(desk: Desk) -> None:
    """a stop on the last price fires with the trade that reaches it, and keeps its id"""
    await desk.trade(60_000)
    stop = await desk.client.create_order(
        BTC, "limit", "buy", 0.01, 60_030, {"stopLossPrice": 60_020}
    )
    await desk.raw("private/set_self_trading_config", desk.key, mode="cancel_maker")
    await desk.trade(60_020)

    async def has_fired() -> bool:
        order = await desk.client.fetch_order(stop["id"], BTC)
        return bool(order["info"]["triggered"])

    assert await eventually(has_fired)
    fired = await desk.client.fetch_order(stop["id"], BTC)
    assert picked(fired, "status", "price", "type") == ("open", 60_030, "limit")
