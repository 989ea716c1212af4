"""Sub-accounts: opening one, naming them, moving money between them.

SUB-010  a key or token of a main account may move money between all accounts of its owner; one
         of a sub-account only out of its own.
"""

import secrets

from exchange.engine import units
from exchange.engine.commands import CommandKind, make
from exchange.gateway import auth, facts, wire
from exchange.gateway.database import in_database
from exchange.gateway.errors import FORBIDDEN, NOT_IMPLEMENTED, RpcError, invalid_params
from exchange.gateway.limits import Cost
from exchange.gateway.methods.margins import MARGIN_MODEL
from exchange.gateway.methods.money import check_asset, money_units
from exchange.gateway.methods.session import sign_in
from exchange.gateway.methods.subjects import account_number, is_main_account, owner_of
from exchange.gateway.rpc import Call, method
from exchange.gateway.schemas import (
    ChangeSubaccountName,
    CreateSubaccount,
    ExchangeToken,
    Subaccounts,
    TransferBetweenSubaccounts,
    TransferToSubaccount,
    TransferToUser,
)
from exchange.gateway.submitting import key_number, once, repeated, submit
from exchange.gateway.wire import Json
from exchange.models import Membership
from exchange.models.keys import SCOPE_READ, SCOPE_TRADE, SCOPE_WITHDRAW
from exchange.pipeline.provision import (
    TooManySubAccounts,
    provision_sub_account,
    rename_sub_account,
    sub_accounts,
)


@method("private/create_subaccount", CreateSubaccount, scope=SCOPE_TRADE, cost=Cost.ORDER)
async def create_subaccount(call: Call, _params: CreateSubaccount) -> Json:
    """A new account of the same owner: its own positions and margin."""
    call.release()
    if not await is_main_account(call, call.account):
        raise _forbidden("only the main account opens sub-accounts")
    try:
        made = await in_database(provision_sub_account, call.account)
    except TooManySubAccounts as error:
        raise _forbidden(str(error)) from error
    return _shape(made, call.account)


@method("private/get_subaccounts", Subaccounts, scope=SCOPE_READ)
async def get_subaccounts(call: Call, params: Subaccounts) -> list[Json]:
    """The caller's account; for a main account its sub-accounts too."""
    members = await in_database(sub_accounts, call.account)
    shapes: list[Json] = []
    for member in members:
        # Names are only where to look: who owns an account the engine says.
        owner = await owner_of(call, member.account_id)
        if call.account not in (member.account_id, owner):
            continue
        shape = _shape(member, owner)
        if params.with_portfolio:
            accounts = call.gateway.accounts
            view = await accounts.view(member.account_id)
            summary = accounts.empty_summary()
            if view is not None:
                summary = (await accounts.health(view)).summary()
            shape["portfolio"] = {"usdc": summary}
        shapes.append(shape)
    return shapes


@method("private/change_subaccount_name", ChangeSubaccountName, scope=SCOPE_TRADE)
async def change_subaccount_name(call: Call, params: ChangeSubaccountName) -> str:
    """What a sub-account is called on pages and in get_subaccounts; for people only."""
    account = account_number("sid", params.sid)
    if await owner_of(call, account) != call.account or account == call.account:
        raise invalid_params("sid", "is no sub-account of yours")
    try:
        await in_database(rename_sub_account, account, str(params.name))
    except ValueError as error:
        raise invalid_params("name", str(error)) from error
    return "ok"


@method(
    "private/submit_transfer_between_subaccounts",
    TransferBetweenSubaccounts,
    scope=SCOPE_WITHDRAW,
    cost=Cost.ORDER,
)
async def submit_transfer_between_subaccounts(
    call: Call, params: TransferBetweenSubaccounts
) -> object:
    """Cash of one account to another of the same owner, at once."""
    return await once(call, params.idempotency_key, params, lambda: _transfer(call, params))


@method(
    "private/submit_transfer_to_subaccount",
    TransferToSubaccount,
    scope=SCOPE_WITHDRAW,
    cost=Cost.ORDER,
)
async def submit_transfer_to_subaccount(call: Call, params: TransferToSubaccount) -> object:
    """Cash of the caller's account to another of the same owner, at once."""
    whole = TransferBetweenSubaccounts(
        currency=params.currency,
        amount=params.amount,
        destination=params.destination,
        idempotency_key=params.idempotency_key,
    )
    return await once(call, params.idempotency_key, params, lambda: _transfer(call, whole))


@method(
    "private/submit_transfer_to_user",
    TransferToUser,
    scope=SCOPE_WITHDRAW,
    cost=Cost.ORDER,
)
async def submit_transfer_to_user(_call: Call, _params: TransferToUser) -> Json:
    """Refused: money moves between accounts of one owner only."""
    reason = "money moves between accounts of one owner only"
    raise RpcError(NOT_IMPLEMENTED, "not_implemented", {"reason": reason})


@method("public/exchange_token", ExchangeToken, cost=Cost.LOGIN)
async def exchange_token(call: Call, params: ExchangeToken) -> Json:
    """A main account's refresh token for tokens that speak for one of its sub-accounts."""
    call.show_once()
    keys = call.gateway.keys
    principal = await auth.token_principal(keys, params.refresh_token, "refresh", call.ip)
    subject = int(params.subject_id)
    if principal.daily_loss_units:
        raise _forbidden("a key with a daily loss limit speaks for its own account only")
    if not await is_main_account(call, principal.account):
        raise _forbidden("only the main account speaks for its sub-accounts")
    if await owner_of(call, subject) != principal.account:
        raise invalid_params("subject_id", "is no account of yours")
    principal = principal._replace(account=subject)
    if call.socket is not None:
        await sign_in(call, call.socket, principal)
    return auth.issue_tokens(principal)


async def _transfer(call: Call, params: TransferBetweenSubaccounts) -> Json:
    check_asset(params.currency)
    target = account_number("destination", params.destination)
    source = call.account
    if params.source is not None:
        source = account_number("source", params.source)
    if source != call.account and not await is_main_account(call, call.account):
        raise _forbidden("a sub-account moves money out of itself only")
    amount = money_units(params.amount)
    key = key_number(params.idempotency_key)
    records = make(
        CommandKind.TRANSFER,
        call.account,
        account=source,
        asset=units.USDC,
        amount_units=amount,
        reference=key or secrets.randbits(62),
        target=target,
        idempotency_key=key,
    )
    results = await submit(call, records)
    events = facts.words(results[0].events)
    event, first = events[0], repeated(events)
    time_ms = wire.millis(event[facts.TIME])
    return {
        "id": results[0].sequence if first is None else first[1],
        "amount": wire.money(amount),
        "currency": params.currency.upper(),
        "direction": "payment",
        "type": "subaccount",
        "other_side": str(target),
        "state": "confirmed",
        "created_timestamp": time_ms,
        "updated_timestamp": time_ms,
    }


def _shape(member: Membership, owner: int | None) -> Json:
    is_main = member.account_id == owner
    return {
        "id": member.account_id,
        "username": member.label or member.name,
        "system_name": member.name,
        "email": "",
        "type": "main" if is_main else "subaccount",
        "is_password": is_main,
        "login_enabled": is_main,
        "receive_notifications": False,
        "security_keys_enabled": False,
        "security_keys_assignments": [],
        "margin_model": MARGIN_MODEL,
        "disabled_trading_products": [],
        "trading_products_details": [],
        "referrals_count": 0,
        "proof_id": "",
        "proof_id_signature": "",
    }


def _forbidden(reason: str) -> RpcError:
    return RpcError(FORBIDDEN, "forbidden", {"reason": reason})
