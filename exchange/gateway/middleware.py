"""What every page carries: its content security policy, and words for an outage.

PAGE-001  scripts come from this origin or carry the nonce of this answer; nothing is inline.
PAGE-002  styles may be inline: both chart libraries size their canvases that way.
PAGE-003  no page of ours may be framed, and no form may post elsewhere.
PAGE-004  while PostgreSQL or Valkey is away a page that needs it says so with 503: nobody is
          let in without the budgets that Valkey keeps.
PAGE-005  a request has a thread of its own, and that a connection of its own: it is closed with
          the answer. Left to the collector of garbage, a hundred pages in a row would take all
          connections that PostgreSQL has.
"""

import logging
import secrets
from collections.abc import Awaitable, Callable

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.core.exceptions import DisallowedHost
from django.db import connections
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.loader import render_to_string
from django.utils.deprecation import MiddlewareMixin

from exchange.gateway.errors import outage
from exchange.gateway.pages import chosen_theme

logger = logging.getLogger(__name__)

Answer = HttpResponseBase | Awaitable[HttpResponseBase]


class ContentSecurityPolicyMiddleware:
    """Gives the request a `csp_nonce` and the response the policy that names it."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Answer]) -> None:
        self._get_response = get_response
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Answer:
        request.csp_nonce = secrets.token_urlsafe(18)  # type: ignore[attr-defined]  # ours
        if self._is_async:
            return self._answer_later(request)
        response = self._get_response(request)
        assert isinstance(response, HttpResponseBase)
        return _protected(request, response)

    async def _answer_later(self, request: HttpRequest) -> HttpResponseBase:
        response = self._get_response(request)
        assert isinstance(response, Awaitable)
        return _protected(request, await response)


class ConnectionMiddleware(MiddlewareMixin):
    """Gives PostgreSQL its connection back with the answer (PAGE-005)."""

    def process_response(
        self, _request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        """Called in the request's own thread."""
        for connection in connections.all(initialized_only=True):
            if not connection.in_atomic_block:  # A test's transaction goes on behind it.
                connection.close()
        return response


class OutageMiddleware(MiddlewareMixin):
    """A page for the time in which PostgreSQL or Valkey is away."""

    def process_exception(
        self, request: HttpRequest, exception: Exception
    ) -> HttpResponse | None:
        """503 for an outage; None for anything else."""
        if outage(exception) is None:
            return None
        logger.warning("A page could not be served: %s", exception)
        page = render_to_string("503.html", {"theme": chosen_theme(request)})
        return HttpResponse(page, status=503, headers={"Retry-After": "5"})


def content_security_policy(nonce: str, host: str) -> str:
    """The policy for one answer; `host` is where its websocket may connect, "" for nowhere."""
    sockets = f" ws://{host} wss://{host}" if host else ""
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self' 'nonce-{nonce}'",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self'",
            f"connect-src 'self'{sockets}",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


def _protected(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    nonce: str = request.csp_nonce  # type: ignore[attr-defined]  # set above
    policy = content_security_policy(nonce, _host(request))
    response.headers.setdefault("Content-Security-Policy", policy)
    response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    return response


def _host(request: HttpRequest) -> str:
    try:
        return request.get_host()
    except DisallowedHost:
        return ""
