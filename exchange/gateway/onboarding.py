"""An engine account for everyone who signed up.

PAGE-020  an account is opened at sign-up. If the engine does not answer then, the sign-up
          stands and the next visit opens it; at most one attempt in RETRY_SECONDS.
"""

import logging
from typing import Any

from django.core.cache import cache

from exchange import selectors
from exchange.models import Balance, Fill
from exchange.models.accounts import Membership
from exchange.pipeline.provision import provision_account

RETRY_SECONDS = 5
NAME_CHARACTERS_MAX = 64

log = logging.getLogger(__name__)


def ensure_account(user: Any) -> bool:
    """True if the user has an engine account, opening it if need be."""
    if not user.is_authenticated:
        return False
    if _has_account(user):
        return True
    if not cache.add(f"onboarding:{user.pk}", 1, RETRY_SECONDS):
        return False
    return _open_account(user)


def step(user: Any) -> str:
    """What a person has yet to do: "account", "funds", "trade", or "" when nothing is left.

    Read from the projections, so for a moment it may say what has just been done.
    """
    if not user.is_authenticated:
        return "account"
    accounts = [one.account_id for one in selectors.accounts_of(user.pk)]
    if not accounts:
        return "account"
    if Fill.objects.filter(account__in=accounts).exists():
        return ""
    has_funds = Balance.objects.filter(account__in=accounts, balance_units__gt=0).exists()
    return "trade" if has_funds else "funds"


def account_name(user: Any) -> str:
    """The name of a person's account: no bot's name can stand in its way."""
    return f"user-{user.pk} {user.get_username()}"[:NAME_CHARACTERS_MAX]


def _has_account(user: Any) -> bool:
    return bool(Membership.objects.filter(user_id=user.pk).exists())


def _open_account(user: Any) -> bool:
    try:
        provision_account(user, account_name(user))
    except Exception:
        log.exception("No engine account for user %s yet; the next visit tries again", user.pk)
        return False
    return True
