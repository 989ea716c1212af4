"""Money in and out, and between sub-accounts."""

import ccxt

from tests.conformance.desk import Desk, eventually, picked, refused
from tests.conformance.registry import check

ADDRESS = "0x" + "ab" * 20


@check("fetchDeposits")
async def fetch_deposits(desk: Desk) -> None:
    """the test funds, as done"""
    deposits = await desk.client.fetch_deposits("USDC", None, 5)

    assert picked(deposits[-1], "amount", "currency", "status", "type") == (
        1_000_000, "USDC", "ok", "deposit",
    )  # fmt: skip


@check("withdraw", "fetchWithdrawals")
async def withdrawals(desk: Desk) -> None:
    """held until the operator pays; more than there is, is refused"""
    await desk.client.withdraw("USDC", 25, ADDRESS)

    async def told() -> list[dict[str, object]]:
        rows: list[dict[str, object]] = await desk.client.fetch_withdrawals("USDC", None, 5)
        return rows

    rows = await eventually(told)
    assert picked(rows[-1], "amount", "status", "type") == (25, "pending", "withdrawal")
    too_much = desk.client.withdraw("USDC", 50_000_000, ADDRESS)
    await refused(too_much, ccxt.InsufficientFunds)
