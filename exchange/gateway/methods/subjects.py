"""Whose account a reading is about: the caller's own, or a sub-account of its owner's.

SUB-011  only the main account reads other accounts, and only those of its owner: of any other
         it is not even said whether it exists.
"""

from exchange.engine import units
from exchange.gateway.errors import FORBIDDEN, RpcError, invalid_params
from exchange.gateway.rpc import Call


async def subject(call: Call, subaccount_id: int | None, param: str = "subaccount_id") -> int:
    """The account that is asked about; raises forbidden for that of somebody else."""
    if subaccount_id is None or subaccount_id == call.account:
        return call.account
    account = account_number(param, subaccount_id)
    if await owner_of(call, account) != call.account:
        reason = "is no sub-account of yours"
        raise RpcError(FORBIDDEN, "forbidden", {"param": param, "reason": reason})
    return account


def account_number(param: str, value: int) -> int:
    """An account's number as the engine counts them, or the error that names the parameter."""
    if value >= units.ACCOUNTS_MAX:
        raise invalid_params(param, "is no account")
    return int(value)


async def owner_of(call: Call, account: int) -> int | None:
    """The main account of an account's owner; None of an account that is not open."""
    view = await call.gateway.accounts.view(account)
    return None if view is None else view.owner


async def is_main_account(call: Call, account: int) -> bool:
    """Whether the account is its owner's main one."""
    return await owner_of(call, account) == account
