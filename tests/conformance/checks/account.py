"""What the caller has and did: balance, positions, orders, trades, fees."""

from tests.conformance.desk import BTC, ETH, SYMBOLS, Desk, eventually, ids, picked
from tests.conformance.registry import check

FAR = 59_000


@check("privateAPI", "fetchBalance")
async def fetch_balance(desk: Desk) -> None:
    """all currencies, and one by `code`; free, used, total"""
    balance = await desk.client.fetch_balance()
    one = await desk.client.fetch_balance({"code": "USDC"})

    assert 900_000 < balance["USDC"]["total"] < 1_100_000
    assert balance["USDC"]["free"] <= balance["USDC"]["total"]
    assert abs(one["USDC"]["total"] - balance["USDC"]["total"]) < 1_000
    assert balance["total"]["USDC"] == balance["USDC"]["total"]


@check("fetchAccounts")
async def fetch_accounts(desk: Desk) -> None:
    """one's own, with its type"""
    accounts = await desk.client.fetch_accounts()

    assert picked(accounts[0], "id", "type") == (str(desk.key.account), "main")


@check("fetchPosition", "fetchPositions")
async def positions(desk: Desk) -> None:
    """size, side, entry, margins; all, some symbols, one currency, one symbol"""
    before = (await desk.client.fetch_position(ETH))["contracts"] or 0
    assert before == 0
    await desk.others("sell", 0.2, 3_000, ETH)
    await desk.client.create_order(ETH, "market", "buy", 0.2)
    one = await desk.client.fetch_position(ETH)
    every = await desk.client.fetch_positions()
    some = await desk.client.fetch_positions([ETH])
    of_currency = await desk.client.fetch_positions(None, {"currency": "ETH"})
    await desk.others("buy", 0.2, 3_000, ETH)
    await desk.client.create_order(ETH, "market", "sell", 0.2, None, {"reduceOnly": True})

    assert picked(one, "symbol", "side", "contracts", "entryPrice") == (
        ETH, "long", 0.2, 3_000,
    )  # fmt: skip
    assert one["initialMargin"] >= one["maintenanceMargin"] > 0
    assert 2_900 < one["markPrice"] < 3_100
    assert ETH in [held["symbol"] for held in every]
    assert [held["symbol"] for held in some] == [ETH]
    assert [held["symbol"] for held in of_currency] == [ETH]


@check("fetchTradingFees", "fetchTradingFee")
async def fetch_trading_fees(desk: Desk) -> None:
    """maker and taker of each symbol, as charged"""
    fees = await desk.client.fetch_trading_fees()

    assert sorted(fees) == sorted(SYMBOLS)
    assert picked(fees[BTC], "maker", "taker") == (0.0002, 0.0005)
    assert (await desk.client.fetch_trading_fee(BTC))["taker"] == 0.0005


@check("fetchOpenOrders")
async def fetch_open_orders(desk: Desk) -> None:
    """of a symbol, of a currency by `code`, since a time, so many"""
    placed = [
        await desk.client.create_order(BTC, "limit", "buy", 0.01, FAR + step)
        for step in range(3)
    ]
    await desk.client.create_order(ETH, "limit", "buy", 0.1, 2_950)

    assert ids(await desk.client.fetch_open_orders(BTC)) == ids(placed)
    assert ids(await desk.client.fetch_open_orders()) == ids(placed)  # its default code: BTC
    every = await desk.client.fetch_open_orders(None, None, None, {"code": "USDC"})
    assert len(every) == 4
    since = placed[-1]["timestamp"] + 60_000
    assert await desk.client.fetch_open_orders(BTC, since) == []
    assert len(await desk.client.fetch_open_orders(BTC, None, 2)) == 2


@check("fetchClosedOrders")
async def fetch_closed_orders(desk: Desk) -> None:
    """the filled ones; with `include_unfilled` the cancelled ones, too"""
    await desk.others("sell", 0.01, 60_003)
    bought = await desk.client.create_order(BTC, "limit", "buy", 0.01, 60_003)
    left = await desk.client.create_order(BTC, "limit", "buy", 0.01, FAR)
    await desk.client.cancel_order(left["id"], BTC)

    async def told() -> bool:
        closed = await desk.client.fetch_closed_orders(BTC, None, 1)
        return ids(closed) == [bought["id"]]

    assert await eventually(told)
    closed = await desk.client.fetch_closed_orders(BTC)
    assert left["id"] not in ids(closed)
    assert {order["status"] for order in closed} <= {"closed", "canceled"}
    every = await desk.client.fetch_closed_orders(BTC, None, 2, {"include_unfilled": True})
    assert sorted(ids(every)) == sorted([bought["id"], left["id"]])
    assert {order["id"]: order["status"] for order in every}[left["id"]] == "canceled"
    by_currency = await desk.client.fetch_closed_orders(None, None, 1)
    assert ids(by_currency) == [bought["id"]]


@check("fetchMyTrades", "fetchOrderTrades")
async def fetch_my_trades(desk: Desk) -> None:
    """of a symbol, of a currency, since a time; those of one order"""
    await desk.others("sell", 0.01, 60_002)
    await desk.others("sell", 0.01, 60_003)
    order = await desk.client.create_order(BTC, "limit", "buy", 0.02, 60_003)
    made = ids(order["trades"])

    async def told() -> bool:
        trades = await desk.client.fetch_my_trades(BTC, None, 2)
        return sorted(ids(trades)) == sorted(made)

    assert await eventually(told)
    since = await desk.client.fetch_my_trades(BTC, order["timestamp"])
    assert set(made) <= set(ids(since))
    assert sorted(ids(await desk.client.fetch_my_trades(None, None, 2))) == sorted(made)
    since_all = await desk.client.fetch_my_trades(None, order["timestamp"], 100)
    assert set(made) <= set(ids(since_all))
    of_order = await desk.client.fetch_order_trades(order["id"], BTC)
    assert sorted(ids(of_order)) == sorted(made)
    assert sorted(trade["price"] for trade in of_order) == [60_002, 60_003]
    assert {trade["order"] for trade in of_order} == {order["id"]}
    assert {trade["takerOrMaker"] for trade in of_order} == {"taker"}


@check("fetchLiquidations", "fetchMyLiquidations")
async def liquidations(desk: Desk) -> None:
    """Deribit's bankruptcy settlements: lists, empty where nobody was liquidated"""
    public = await desk.client.fetch_liquidations(BTC, None, 5)
    own = await desk.client.fetch_my_liquidations(BTC, None, 5)

    assert (public, own) == ([], [])
