"""Which of their accounts a person acts for in this browser: the main one, until they choose.

ACT-001  the choice is the session's: all its tabs and sockets change together. Sockets are
         closed, and open again as the other account.
         A page opens its socket for the account that it shows (?account=N): where the session
         acts for another by now, or for nobody, the socket is closed with a code of its own
         before anything is asked, and the page loads anew.
ACT-002  only accounts of the person's own can be chosen; one that is no longer theirs counts as
         not chosen.
"""

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest

from exchange import selectors
from exchange.gateway.revocation import close_session_sockets
from exchange.models import Membership

FIELD = "acting"


def acting_member(user_id: int, session: Mapping[str, Any]) -> Membership | None:
    """The account that a session acts for; None of a person without any."""
    members = selectors.accounts_of(user_id)
    chosen = session.get(FIELD)
    return next((one for one in members if one.account_id == chosen), next(iter(members), None))


def choose(request: HttpRequest, account: int) -> bool:
    """Act for another account from now on; False if it is none of the person's."""
    assert request.user.pk is not None
    if all(one.account_id != account for one in selectors.accounts_of(request.user.pk)):
        return False
    request.session[FIELD] = account
    request.session.save()
    if request.session.session_key:
        close_session_sockets(request.session.session_key)
    return True
