"""Browser sessions: Django's, in the database, with two rules of our own.

SESS-001  a key that Django cannot have given is no session: it never reaches the database,
          which would stumble over some of them (a cookie may carry a NUL).
SESS-002  a session that ends takes its open websockets with it, at once and in every process
          (the hub's sweep finds those that did not hear it).
"""

import re

from django.contrib.sessions.backends.db import SessionStore as DatabaseSessionStore

from exchange.gateway.revocation import close_session_sockets

_KEY = re.compile(r"[a-z0-9]{32}")


class SessionStore(DatabaseSessionStore):
    """What settings.SESSION_ENGINE names."""

    def delete(self, session_key: str | None = None) -> None:
        """End a session: logout, sign-out from elsewhere, a changed password."""
        ended = session_key or self.session_key
        super().delete(session_key)
        if ended is not None:
            close_session_sockets(ended)

    def _validate_session_key(self, key: str | None) -> bool:
        return key is not None and _KEY.fullmatch(key) is not None
