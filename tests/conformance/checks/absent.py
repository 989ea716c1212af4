"""Methods of ccxt's Deribit for what this venue does not list: empty, or a clear refusal."""

import ccxt

from tests.conformance.desk import BTC, Desk, refused
from tests.conformance.registry import check

NEVER_LISTED = "BTC/USDC:USDC-301227-60000-C"


@check("fetchOptionChain")
async def fetch_option_chain(desk: Desk) -> str:
    """no options, so an empty chain"""
    assert await desk.client.fetch_option_chain("BTC") == {}
    return "empty"


@check("fetchGreeks")
async def fetch_greeks(desk: Desk) -> str:
    """of a perpetual there are none; an option is not listed"""
    greeks = await desk.client.fetch_greeks(BTC)
    assert greeks["delta"] is None
    assert 59_000 < greeks["markPrice"] < 61_000
    await refused(desk.client.fetch_greeks(NEVER_LISTED), ccxt.ExchangeError, "10020")
    return "empty"


@check("fetchOption")
async def fetch_option(desk: Desk) -> str:
    """an option is not listed"""
    await refused(desk.client.fetch_option(NEVER_LISTED), ccxt.ExchangeError, "10020")
    return "refused"


@check()
async def leverage(desk: Desk) -> str:
    """ccxt has no leverage or margin mode for Deribit: its own NotSupported, nothing is sent"""
    await refused(desk.client.set_leverage(5, BTC), ccxt.NotSupported)
    await refused(desk.client.set_margin_mode("isolated", BTC), ccxt.NotSupported)
    return "ccxt has none"


@check("fetchVolatilityHistory")
async def fetch_volatility_history(desk: Desk) -> None:
    """rows of time and volatility"""
    for row in await desk.client.fetch_volatility_history("BTC"):
        assert row["timestamp"] > 0
        assert row["volatility"] > 0


@check("createMarketOrderWs")
async def orders_by_websocket(desk: Desk) -> str:
    """ccxt has no orders by websocket for Deribit: its own NotSupported, nothing is sent"""
    await refused(
        desk.client.create_market_order_ws(BTC, "buy", 0.01), ccxt.NotSupported, "not supported"
    )
    return "ccxt has none"
