"""Every order that ccxt can send for Deribit, but for those that wait (triggers)."""

import asyncio
import json

import ccxt

from tests.conformance.desk import BTC, ETH, Desk, eventually, ids, picked, refused
from tests.conformance.registry import check

FAR = 59_000  # Below every ask of these checks, above the lowest price that is allowed.


@check("createOrder", "createLimitOrder")
async def limit_orders(desk: Desk) -> None:
    """both sides, by create_order and by ccxt's shorter names; open, with what was asked"""
    placed = await desk.client.create_order(BTC, "limit", "buy", 0.01, FAR)
    short = [
        await desk.client.create_limit_order(BTC, "buy", 0.01, FAR + 1),
        await desk.client.create_limit_buy_order(BTC, 0.01, FAR + 2),
        await desk.client.create_limit_sell_order(BTC, 0.01, 61_000),
    ]

    assert picked(placed, "status", "type", "side", "price", "amount", "filled") == (
        "open", "limit", "buy", FAR, 0.01, 0,
    )  # fmt: skip
    assert picked(placed, "timeInForce", "postOnly", "remaining") == ("GTC", False, 0.01)
    assert [order["price"] for order in short] == [FAR + 1, FAR + 2, 61_000]
    assert short[2]["side"] == "sell"


@check("createMarketOrder")
async def market_orders(desk: Desk) -> None:
    """filled at once, with trades, average, fee and cost in the answer"""
    await desk.others("sell", 0.02, 60_010)
    bought = await desk.client.create_order(BTC, "market", "buy", 0.01)
    short = await desk.client.create_market_buy_order(BTC, 0.01)
    await desk.others("buy", 0.02, 59_990)
    sold = await desk.client.create_market_sell_order(BTC, 0.02)

    assert picked(bought, "status", "average", "filled", "cost") == (
        "closed", 60_010, 0.01, 600.1,
    )  # fmt: skip
    trade = bought["trades"][0]
    assert picked(trade, "takerOrMaker", "price", "amount") == ("taker", 60_010, 0.01)
    assert trade["fee"]["currency"] == "USDC"
    assert abs(trade["fee"]["cost"] - 0.30005) < 1e-9
    assert short["filled"] == 0.01
    assert picked(sold, "average", "filled", "side") == (59_990, 0.02, "sell")


@check()
async def market_order_that_finds_nobody(desk: Desk) -> None:
    """a market order beyond the book is cancelled for the rest, never left resting"""
    await desk.others("sell", 0.01, 60_010)
    order = await desk.client.create_order(BTC, "market", "buy", 0.03)

    assert picked(order, "status", "filled", "amount") == ("canceled", 0.01, 0.03)
    assert await desk.client.fetch_open_orders(BTC) == []


@check("createPostOnlyOrder")
async def post_only(desk: Desk) -> None:
    """`postOnly`, `post_only`, timeInForce PO: they rest, or are refused if they would take"""
    await desk.others("sell", 0.01, 60_010)
    for params in ({"postOnly": True}, {"post_only": True}, {"timeInForce": "PO"}):
        order = await desk.client.create_order(BTC, "limit", "buy", 0.01, FAR, params)
        assert picked(order, "status", "postOnly") == ("open", True), params
        assert order["info"]["reject_post_only"] is True
        taking = desk.client.create_order(BTC, "limit", "buy", 0.01, 60_010, params)
        await refused(taking, ccxt.InvalidOrder, "11054")


@check()
async def time_in_force(desk: Desk) -> None:
    """GTC rests, IOC takes what there is, FOK all or nothing, good_til_day ends at 08:00 UTC"""
    await desk.others("sell", 0.01, 60_010)
    place = desk.client.create_order
    rests = await place(BTC, "limit", "buy", 0.01, FAR, {"timeInForce": "GTC"})
    some = await place(BTC, "limit", "buy", 0.02, 60_010, {"timeInForce": "IOC"})
    await desk.others("sell", 0.01, 60_010)
    none = place(BTC, "limit", "buy", 0.02, 60_010, {"timeInForce": "FOK"})
    await refused(none, ccxt.ExchangeError, "FILL_OR_KILL_UNFILLABLE")
    whole = await place(BTC, "limit", "buy", 0.01, 60_010, {"timeInForce": "FOK"})
    day = await place(BTC, "limit", "buy", 0.01, FAR, {"time_in_force": "good_til_day"})

    assert picked(rests, "status", "timeInForce") == ("open", "GTC")
    assert picked(some, "status", "filled", "timeInForce") == ("canceled", 0.01, "IOC")
    assert picked(whole, "status", "filled") == ("closed", 0.01)
    assert picked(day, "status", "timeInForce") == ("open", "good_til_day")


@check("createReduceOnlyOrder")
async def reduce_only(desk: Desk) -> None:
    """`reduceOnly`, `reduce_only`: never beyond the position; refused where there is none"""
    place = desk.client.create_order
    nothing = place(ETH, "limit", "sell", 0.1, 3_050, {"reduceOnly": True})
    await refused(nothing, ccxt.ExchangeError)
    await desk.others("sell", 0.1, 3_000, ETH)
    await place(ETH, "market", "buy", 0.1)
    for name in ("reduceOnly", "reduce_only"):
        order = await place(ETH, "limit", "sell", 0.1, 3_050, {name: True})
        assert order["info"]["reduce_only"] is True
        await desk.client.cancel_order(order["id"], ETH)
    await desk.others("buy", 0.3, 2_990, ETH)
    sold = await place(ETH, "market", "sell", 0.3, None, {"reduceOnly": True})
    assert sold["filled"] == 0.1
    assert (await desk.client.fetch_position(ETH))["contracts"] == 0


@check()
async def labels(desk: Desk) -> None:
    """`label` and ccxt's `clientOrderId` mark an order; it is found and cancelled by them"""
    place = desk.client.create_order
    marked = await place(BTC, "limit", "buy", 0.01, FAR, {"label": "mine-1"})
    named = await place(BTC, "limit", "buy", 0.01, FAR, {"clientOrderId": "mine-2"})
    both = place(BTC, "limit", "buy", 0.01, FAR, {"label": "a", "clientOrderId": "b"})

    assert marked["info"]["label"] == "mine-1"
    assert named["info"]["label"] == "mine-2"
    await refused(both, ccxt.BadRequest, "clientOrderId")
    ended = await desk.client.privateGetCancelByLabel({"label": "mine-1"})
    assert ended["result"] == 1
    assert ids(await desk.client.fetch_open_orders(BTC)) == [named["id"]]


@check()
async def idempotency_key(desk: Desk) -> None:
    """`idempotency_key` in params: asked twice, done once; with other words it is refused"""
    once = {"idempotency_key": f"{desk.kind}-{desk.port}-{await desk.client.fetch_time()}"}
    first = await desk.client.create_order(BTC, "limit", "buy", 0.01, FAR, once)
    again = await desk.client.create_order(BTC, "limit", "buy", 0.01, FAR, once)
    other = desk.client.create_order(BTC, "limit", "buy", 0.02, FAR, once)

    assert first["id"] == again["id"]
    await refused(other, ccxt.BadRequest, "idempotency_key")
    assert len(await desk.client.fetch_open_orders(BTC)) == 1


@check()
async def orders_at_once(desk: Desk) -> None:
    """twenty at the same time: twenty orders, though some are signed in the same millisecond"""
    placing = (desk.client.create_order(BTC, "limit", "buy", 0.001, FAR + n) for n in range(20))
    orders = await asyncio.gather(*placing)

    assert len(set(ids(orders))) == 20
    assert sorted(ids(await desk.client.fetch_open_orders(BTC))) == sorted(ids(orders))


@check()
async def linked_orders(desk: Desk) -> None:
    """an entry with stop and take-profit in one call (`otoco_config` as JSON in the query)"""
    exits = [
        {"type": "stop_market", "direction": "sell", "trigger_price": 58_000,
         "trigger": "mark_price", "reduce_only": True},
        {"type": "take_limit", "direction": "sell", "trigger_price": 61_500, "price": 61_500,
         "trigger": "mark_price", "reduce_only": True},
    ]  # fmt: skip
    params = {
        "linked_order_type": "one_triggers_one_cancels_other",
        "trigger_fill_condition": "incremental",
        "otoco_config": json.dumps(exits),
    }
    entry = await desk.client.create_order(BTC, "limit", "buy", 0.01, FAR, params)

    assert entry["info"]["is_primary_otoco"] is True
    held = await desk.client.fetch_open_orders(BTC)
    assert sorted(ids(held)) == sorted([entry["id"], *entry["info"]["oto_order_ids"]])


@check()
async def refusals(desk: Desk) -> None:
    """what cannot be is one of ccxt's own exceptions: funds, tick, lot, price band, iceberg"""
    place = desk.client.create_order
    await refused(place(BTC, "limit", "buy", 900, FAR), ccxt.InsufficientFunds)
    await refused(place(BTC, "limit", "buy", 0.01, 90_000), ccxt.InvalidOrder)
    iceberg = place(BTC, "limit", "buy", 0.01, FAR, {"max_show": 0.001})
    await refused(iceberg, ccxt.NotSupported, "max_show")
    await refused(place(BTC, "limit", "buy", 0.0001, FAR), ccxt.InvalidOrder)
    fraction = desk.client.privateGetBuy(
        {"instrument_name": "BTC_USDC-PERPETUAL", "amount": "0.0105", "price": FAR}
    )
    await refused(fraction, ccxt.BadRequest, "amount")
    await refused(desk.client.cancel_order("123456789"), ccxt.OrderNotFound)
    await refused(desk.client.fetch_order("never-one"), ccxt.OrderNotFound)
    unlisted = desk.client.publicGetTicker({"instrument_name": "DOGE_USDC-PERPETUAL"})
    await refused(unlisted, ccxt.ExchangeError, "10020")


@check("editOrder")
async def edit_order(desk: Desk) -> None:
    """amount and price of an open order; of one that is gone, ccxt's own exception"""
    order = await desk.client.create_order(BTC, "limit", "buy", 0.01, FAR)
    number = order["id"]
    edited = await desk.client.edit_order(number, BTC, "limit", "buy", 0.02, FAR + 1)
    smaller = await desk.client.edit_order(number, BTC, "limit", "buy", 0.005)

    assert picked(edited, "id", "amount", "price", "status") == (
        number, 0.02, FAR + 1, "open",
    )  # fmt: skip
    assert picked(smaller, "amount", "price") == (0.005, FAR + 1)
    await desk.client.cancel_order(number, BTC)
    gone = desk.client.edit_order(number, BTC, "limit", "buy", 0.02, FAR)
    await refused(gone, ccxt.InvalidOrder)


@check("cancelOrder")
async def cancel_order(desk: Desk) -> None:
    """one order, once; a second time it is not open any more"""
    order = await desk.client.create_order(BTC, "limit", "buy", 0.01, FAR)
    ended = await desk.client.cancel_order(order["id"], BTC)

    assert picked(ended, "id", "status", "filled") == (order["id"], "canceled", 0)
    assert ended["info"]["cancel_reason"] == "user_request"
    await refused(desk.client.cancel_order(order["id"], BTC), ccxt.InvalidOrder)


@check("cancelAllOrders")
async def cancel_all_orders(desk: Desk) -> None:
    """of one symbol, then of all"""
    await desk.client.create_order(BTC, "limit", "buy", 0.01, FAR)
    stays = await desk.client.create_order(ETH, "limit", "buy", 0.1, 2_950)
    await desk.client.cancel_all_orders(BTC)

    assert ids(await desk.client.fetch_open_orders(ETH)) == [stays["id"]]
    assert await desk.client.fetch_open_orders(BTC) == []
    await desk.client.create_order(BTC, "limit", "buy", 0.01, FAR)
    await desk.client.cancel_all_orders()
    assert await desk.client.fetch_open_orders(None, None, None, {"code": "USDC"}) == []


@check("fetchOrder")
async def fetch_order(desk: Desk) -> None:
    """open, partly filled, done: also long after it left the book"""
    order = await desk.client.create_order(BTC, "limit", "sell", 0.03, 60_005)
    number = order["id"]
    await desk.others("buy", 0.01, 60_005)
    partly = await desk.client.fetch_order(number, BTC)
    await desk.others("buy", 0.02, 60_005)

    async def is_done() -> bool:
        return bool((await desk.client.fetch_order(number, BTC))["status"] == "closed")

    assert picked(partly, "status", "filled", "remaining") == ("open", 0.01, 0.02)
    assert await eventually(is_done)
    done = await desk.client.fetch_order(number)
    assert picked(done, "filled", "average", "symbol") == (0.03, 60_005, BTC)
    await desk.client.cancel_all_orders()
    assert await desk.client.fetch_order_status(number) == "closed"
