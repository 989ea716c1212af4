"""How people get in: allauth's rules, with budgets and a door of our own.

PEOPLE-001  failed logins are counted by address, by name and address, and by name. Nobody who
            guesses from elsewhere locks a person out quickly; many addresses together still
            find an end.
PEOPLE-002  names are counted whether or not somebody has them, and the refusal is the same: it
            tells nobody which accounts exist. (Sign-up has to say that a name is taken.)
PEOPLE-003  a name that the database would take for another's is counted as that one's.
PEOPLE-004  a login that succeeds gives back what it took, and no more.
"""

import unicodedata
from typing import Any, ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.internal import ratelimit
from django.conf import settings
from django.http import HttpRequest

TOO_MANY = (
    "Too many attempts for this name or from your address. Wait five minutes and try again, or "
    "log in with a passkey."
)
_BUDGETS = {
    "login_address": "30/300s/key",
    "login_name_and_address": "5/300s/key",
    "login_name": "50/h/key",
}


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth is untyped
    """What settings.ACCOUNT_ADAPTER names."""

    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultAccountAdapter.error_messages,
        "too_many_login_attempts": TOO_MANY,
    }

    def is_open_for_signup(self, _request: HttpRequest) -> bool:
        return bool(settings.SIGNUP_OPEN)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Take one attempt from each budget; raises a validation error."""
        name = counted_name(str(credentials.get("username") or credentials.get("email") or ""))
        address = ratelimit.get_ip(request)
        keys = {
            "login_address": address,
            "login_name_and_address": f"{address} {name}",
            "login_name": name,
        }
        taken: list[Any] = []
        for action, key in keys.items():
            usage = ratelimit.consume(
                request, app="allauth.account", action=action, config=_BUDGETS, key=key
            )
            if usage is None:
                raise self.validation_error("too_many_login_attempts")
            taken += usage.usage
        # The base class gives it back when the login succeeds.
        self._login_failed_rl_usage = ratelimit.RateLimitUsage(usage=taken)


def counted_name(text: str) -> str:
    """
    >>> counted_name(" Alıce "), counted_name("ａlice")
    ('ALICE', 'ALICE')
    """
    return unicodedata.normalize("NFKC", text).strip().upper()[:256]
