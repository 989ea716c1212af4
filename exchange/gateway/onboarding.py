"""An engine account for everyone who signed up.

PAGE-020  an account is opened at sign-up. If the engine does not answer then, the sign-up stands,
          and the account is opened at the next visit; at most one attempt in RETRY_SECONDS.
"""

import logging
from typing import Any

from django.core.cache import cache

RETRY_SECONDS = 5

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


def _has_account(user: Any) -> bool:
    from exchange.models.accounts import Membership

    return bool(Membership.objects.filter(user_id=user.pk).exists())


def _open_account(user: Any) -> bool:
    from exchange.pipeline.provision import provision_account

    try:
        provision_account(user, name=user.get_username(), fund_units=0)
    except Exception:
        log.exception("No engine account for user %s yet; the next visit tries again", user.pk)
        return False
    return True
