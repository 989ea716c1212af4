"""People and bots → engine accounts.

PROV-001  an account is opened once for a name: a second attempt, even after an answer that was
          lost, finds by its external_id what the first one opened and goes on.
PROV-002  the engine's answer comes first, the Membership after it: no name points to nothing.
"""

import hashlib
from contextlib import closing

from django.contrib.auth.models import AbstractBaseUser
from django.db import connection, transaction
from django.db.models import Q

from exchange.engine.commands import CommandKind, make
from exchange.engine.events import ACCOUNT_OPENED, EventKind
from exchange.engine.rejects import RejectReason
from exchange.engine.units import AMOUNT_UNITS_MAX, NO_ACCOUNT, OPERATOR, ROLE_TRADER, USDC
from exchange.models import Account, Membership, Transfer
from exchange.models.accounts import LABEL_CHARACTERS_MAX
from exchange.pipeline.bus import Bus
from exchange.pipeline.codec import Result
from exchange.pipeline.servers import redis_url

NAME_CHARACTERS_MAX = 150
SUB_ACCOUNTS_MAX = 20  # of one owner: the engine's table is for everyone


class NameTaken(Exception):
    """There is a bot's account of this name."""


class TooManySubAccounts(Exception):
    """The owner has as many as one may have."""


class Refused(Exception):
    """The engine rejected a command."""

    def __init__(self, action: str, reason: int) -> None:
        super().__init__(f"The engine refused to {action}: {RejectReason(reason).name}")
        self.reason = RejectReason(reason)


def provision_account(
    user: AbstractBaseUser | None, name: str, fund_units: int = 0, *, role: int = ROLE_TRADER
) -> Membership:
    """The engine account of a user or, without one, of a new bot; opened and funded if need be.

    fund_units : demo USDC that the new account begins with, units >= 0.

    For a user who has an account of this name it is returned as it is. Raises ValueError on bad
    arguments, NameTaken, Refused, and what Bus.submit raises.
    """
    _check(name, fund_units)
    external_id = external_id_of(user, name)
    with transaction.atomic():
        _one_at_a_time(external_id)
        known = _membership(user, name)
        if known is not None and user is None:
            raise _taken(name)
        if known is not None:
            return known
        with closing(Bus.connect(redis_url())) as bus:
            account = _adopt(external_id)
            if account is None:
                account = _open(bus, external_id, role)
            if fund_units and not _is_funded(account, external_id):
                deposit(bus, account, fund_units, external_id)
        return Membership.objects.create(user_id=_id_of(user), name=name, account_id=account)


def provision_sub_account(main: int) -> Membership:
    """A new account of the same owner as a main account; its name is the main one's and /n.

    Raises TooManySubAccounts, Refused, and what Bus.submit raises.
    """
    parent = Membership.objects.get(account_id=main)
    external_id = _external_id(f"sub/{main}")
    with transaction.atomic():
        _one_at_a_time(external_id)
        number = len(sub_accounts(main))
        if number > SUB_ACCOUNTS_MAX:
            raise TooManySubAccounts(f"at most {SUB_ACCOUNTS_MAX} sub-accounts of one owner")
        external_id = _external_id(f"sub/{main}/{number}")
        account = _adopt(external_id)
        if account is None:
            with closing(Bus.connect(redis_url())) as bus:
                account = _open(bus, external_id, ROLE_TRADER, main)
        return Membership.objects.create(
            user_id=parent.user_id, name=f"{parent.name}/{number}", account_id=account
        )


def sub_accounts(main: int) -> list[Membership]:
    """The account itself and those named after it, in the order in which they were opened."""
    parent = Membership.objects.get(account_id=main)
    same_person = Q(user__isnull=True) if parent.user_id is None else Q(user=parent.user_id)
    named = Membership.objects.filter(same_person, name__startswith=f"{parent.name}/")
    named = named.order_by("account_id")
    return [parent, *named]


def rename_sub_account(account: int, label: str) -> None:
    """What people call a sub-account; "" is none. Raises ValueError."""
    Membership.objects.filter(account_id=account).update(label=checked_label(label))


def checked_label(text: str) -> str:
    """A sub-account's name as it is kept, "" for none. Raises ValueError."""
    label = " ".join(text.split())
    if len(label) > LABEL_CHARACTERS_MAX or not (label == "" or label.isprintable()):
        raise ValueError(f"must be at most {LABEL_CHARACTERS_MAX} printable characters")
    return label


def require_free_name(name: str) -> None:
    """Raises NameTaken when a bot has this name."""
    if _membership(None, name) is not None:
        raise _taken(name)


def deposit(bus: Bus, account: int, amount_units: int, reference: int) -> None:
    """Books demo money that came from nowhere. Raises Refused and what Bus.submit raises."""
    command = make(
        CommandKind.DEPOSIT,
        OPERATOR,
        account=account,
        asset=USDC,
        amount_units=amount_units,
        reference=reference,
    )
    _require(bus.submit(command)[0], "deposit")


def external_id_of(user: AbstractBaseUser | None, name: str) -> int:
    """A 62-bit number that follows from whom the account is for."""
    return _external_id(f"{_id_of(user)}/{name}")


def _external_id(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") >> 2


def _check(name: str, fund_units: int) -> None:
    if not 0 < len(name) <= NAME_CHARACTERS_MAX or not name.isprintable():
        raise ValueError(
            f"Expected a name of 1 to {NAME_CHARACTERS_MAX} printable characters, was {name!r}"
        )
    if not 0 <= fund_units <= AMOUNT_UNITS_MAX:
        raise ValueError(f"Expected 0 to {AMOUNT_UNITS_MAX} units, was {fund_units}")


def _taken(name: str) -> NameTaken:
    return NameTaken(f"There is an account named {name!r} already")


def _membership(user: AbstractBaseUser | None, name: str) -> Membership | None:
    rows = Membership.objects.filter(name=name)
    if user is None:
        return rows.filter(user__isnull=True).first()
    return rows.filter(user_id=user.pk).first()


def _id_of(user: AbstractBaseUser | None) -> int | None:
    return None if user is None else int(user.pk)


def _one_at_a_time(external_id: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [external_id])


def _adopt(external_id: int) -> int | None:
    opened = Account.objects.filter(external_id=external_id).order_by("id").first()
    return None if opened is None else opened.id


def _open(bus: Bus, external_id: int, role: int, parent: int = NO_ACCOUNT) -> int:
    command = make(
        CommandKind.OPEN_ACCOUNT,
        OPERATOR,
        account=parent,
        role=role,
        external_id=external_id,
    )
    result = bus.submit(command)[0]
    _require(result, "open an account")
    opened = result.events[result.events["kind"] == EventKind.ACCOUNT_OPENED]
    return int(opened.view(ACCOUNT_OPENED)["account"][0])


def _is_funded(account: int, reference: int) -> bool:
    return Transfer.objects.filter(account=account, reference=reference).exists()


def _require(result: Result, action: str) -> None:
    if result.reason != RejectReason.ACCEPTED:
        raise Refused(action, result.reason)
