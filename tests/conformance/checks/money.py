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


@check("createDepositAddress", "fetchDepositAddress")
async def deposit_address(desk: Desk) -> str:
    """there are no addresses, deposits are the operator's: NotSupported, and none to fetch"""
    create, fetch = desk.client.create_deposit_address, desk.client.fetch_deposit_address
    await refused(create("USDC"), ccxt.NotSupported, "no addresses")
    # Deribit's answer for nobody's address is null, and ccxt's check of it an exception.
    await refused(fetch("USDC"), ccxt.InvalidAddress)
    return "refused"


@check("transfer", "fetchTransfers")
async def transfers(desk: Desk) -> None:
    """between the main account and a sub-account, there and back in the list"""
    made = (await desk.raw("private/create_subaccount", desk.key)).result
    sent = await desk.client.transfer("USDC", 40, str(desk.key.account), str(made["id"]))

    assert picked(sent, "amount", "currency", "status") == (40, "USDC", "ok")

    async def told() -> list[dict[str, object]]:
        rows: list[dict[str, object]] = await desk.client.fetch_transfers("USDC", None, 5)
        return rows

    rows = await eventually(told)
    assert picked(rows[-1], "amount", "currency", "status") == (40, "USDC", "ok")
    assert rows[-1]["info"]["other_side"] == str(made["id"])
    stranger = desk.client.transfer("USDC", 1, "", str(desk.other.account))
    await refused(stranger, ccxt.ExchangeError)
    way = {"method": "privateGetSubmitTransferToUser"}
    await refused(desk.client.transfer("USDC", 1, "", "0xab", way), ccxt.NotSupported)
