"""Money in and out: transfers, the ledger, withdrawals, and the demonstration's test funds.

FUND-001  test funds exist only where NOVATE_DEMO is not 0: a venue for real money has no tap.
"""

import os
import secrets

from exchange.engine import units
from exchange.engine.commands import CommandKind, make
from exchange.engine.events import WITHDRAWAL_REQUESTED
from exchange.engine.records import column
from exchange.gateway import facts, wire
from exchange.gateway.account_schemas import Currency, Page, TransactionLog, Withdraw
from exchange.gateway.decoder import Decimal, Malformed, number, to_steps
from exchange.gateway.errors import FORBIDDEN, NOT_IMPLEMENTED, RpcError, invalid_params
from exchange.gateway.history import NS, Paging
from exchange.gateway.limits import Budget, Cost
from exchange.gateway.methods.subjects import subject
from exchange.gateway.methods.windows import check_times
from exchange.gateway.rpc import Call, method
from exchange.gateway.schemas import DemoFund
from exchange.gateway.statements import LOG_QUERIES
from exchange.gateway.submitting import command, key_number, once, repeated, submit
from exchange.gateway.wire import Json
from exchange.history_reads import Window
from exchange.models.keys import SCOPE_READ, SCOPE_TRADE, SCOPE_WITHDRAW

MONEY_STEP_E8 = 100  # one unit, 10^-6, in 10^-8
DEMO_UNITS = 100_000 * units.MONEY_SCALE
DEMO_UNITS_MAX = 1_000_000 * units.MONEY_SCALE
DEMO_BUDGET = Budget("demo", 1, 20)
_WITHDRAWAL = column(WITHDRAWAL_REQUESTED, "withdrawal")


@method("private/get_deposits", Page, scope=SCOPE_READ, cost=Cost.HISTORY)
async def get_deposits(call: Call, params: Page) -> Json:
    """Money that came in from outside, newest first."""
    if not _is_held(call, params.currency):
        return _no_money()
    return await call.gateway.statements.deposits(call.account, _paging(params))


@method("private/get_withdrawals", Page, scope=SCOPE_READ, cost=Cost.HISTORY)
async def get_withdrawals(call: Call, params: Page) -> Json:
    """Money that went out, or waits to, newest first."""
    if not _is_held(call, params.currency):
        return _no_money()
    return await call.gateway.statements.withdrawals(call.account, _paging(params))


@method("private/get_transfers", Page, scope=SCOPE_READ, cost=Cost.HISTORY)
async def get_transfers(call: Call, params: Page) -> Json:
    """Money moved between accounts of one owner, newest first."""
    if not _is_held(call, params.currency):
        return _no_money()
    return await call.gateway.statements.moved(call.account, _paging(params))


@method("private/get_transaction_log", TransactionLog, scope=SCOPE_READ, cost=Cost.HISTORY)
async def get_transaction_log(call: Call, params: TransactionLog) -> Json:
    """Every movement of the account's money, newest first, with the balance after it."""
    check_times(params.start_timestamp, params.end_timestamp)
    if params.query and params.query not in LOG_QUERIES:
        raise invalid_params("query", f"must be one of {', '.join(LOG_QUERIES)}")
    account = await subject(call, params.subaccount_id)
    if not _is_held(call, params.currency):
        return {"logs": [], "continuation": None}
    window = Window(
        limit=params.count,
        before=params.continuation,
        since_ns=params.start_timestamp * NS,
        until_ns=(params.end_timestamp + 1) * NS - 1,
    )
    return await call.gateway.statements.log(account, window, params.query)


@method("private/withdraw", Withdraw, scope=SCOPE_WITHDRAW, cost=Cost.ORDER)
async def withdraw(call: Call, params: Withdraw) -> object:
    """Ask for money back: it is held until the operator has paid it."""
    return await once(call, params.idempotency_key, params, lambda: _withdraw(call, params))


@method("private/get_current_deposit_address", Currency, scope=SCOPE_READ)
async def get_current_deposit_address(call: Call, params: Currency) -> None:
    """Where to send money: nowhere, as the operator books what arrives."""
    call.gateway.listings.check_currency(params.currency)


@method("private/create_deposit_address", Currency, scope=SCOPE_WITHDRAW)
async def create_deposit_address(call: Call, params: Currency) -> Json:
    """Refused: there is no chain that this venue watches."""
    call.gateway.listings.check_currency(params.currency)
    reason = "deposits are booked by the operator; there are no addresses"
    raise RpcError(NOT_IMPLEMENTED, "not_implemented", {"reason": reason})


@method("private/demo_fund", DemoFund, scope=SCOPE_TRADE, cost=Cost.ORDER)
async def demo_fund(call: Call, params: DemoFund) -> Json:
    """Test funds for the caller's account."""
    if os.environ.get("NOVATE_DEMO") == "0":
        raise RpcError(FORBIDDEN, "forbidden", {"reason": "this venue has no test funds"})
    check_asset(params.currency)
    amount = DEMO_UNITS if params.amount is None else money_units(params.amount)
    if amount > DEMO_UNITS_MAX:
        raise invalid_params("amount", f"must be at most {DEMO_UNITS_MAX // units.MONEY_SCALE}")
    await call.gateway.limits.take(DEMO_BUDGET, f"a{call.account}", 10)
    deposit = make(
        CommandKind.DEPOSIT,
        units.OPERATOR,
        account=call.account,
        asset=units.USDC,
        amount_units=amount,
        reference=secrets.randbits(62),
    )
    await submit(call, deposit)
    return {"amount": wire.money(amount), "currency": "USDC"}


def money_units(value: Decimal, param: str = "amount") -> int:
    """An amount of money in units; raises the error that names the parameter."""
    try:
        amount = to_steps(value, MONEY_STEP_E8)
    except Malformed as error:
        raise invalid_params(param, str(error)) from error
    if not 0 < amount <= units.AMOUNT_UNITS_MAX:
        raise invalid_params(param, "must be positive and within the venue's limits")
    return amount


def check_asset(currency: str) -> None:
    if currency.upper() != units.ASSET_NAMES[units.USDC]:
        raise invalid_params("currency", "must be USDC")


def _is_held(call: Call, currency: str) -> bool:
    """Whether balances are in this currency; raises for what is no currency at all."""
    return call.gateway.listings.check_currency(currency) in ("ANY", *units.ASSET_NAMES)


def _paging(params: Page) -> Paging:
    return Paging(params.count, params.offset)


def _no_money() -> Json:
    return {"count": 0, "data": []}


async def _withdraw(call: Call, params: Withdraw) -> Json:
    check_asset(params.currency)
    amount_units = money_units(params.amount)
    key = key_number(params.idempotency_key)
    records = command(
        CommandKind.REQUEST_WITHDRAWAL,
        call.account,
        asset=units.USDC,
        amount_units=amount_units,
        reference=key or secrets.randbits(62),
        idempotency_key=key,
    )
    results = await submit(call, records)
    events = facts.words(results[0].events)
    event, first = events[-1], repeated(events)
    withdrawal = event[_WITHDRAWAL] if first is None else first[0]
    return {
        "id": str(withdrawal),
        "address": params.address,
        "amount": wire.money(amount_units),
        "currency": params.currency.upper(),
        "fee": number(0, 0),
        "priority": None,
        "state": "unconfirmed",
        "transaction_id": None,
        "created_timestamp": wire.millis(event[facts.TIME]),
        "updated_timestamp": wire.millis(event[facts.TIME]),
    }
