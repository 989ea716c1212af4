"""The pages: parse, ask, show. No rule of the venue lives here."""

from functools import lru_cache

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.views.decorators.cache import never_cache

from exchange.gateway import onboarding, pictures, state
from exchange.gateway.documentation import openrpc, reference
from exchange.gateway.pages import chosen_theme
from exchange.gateway.rpc import BATCH_MAX, METHODS

DEFAULT_CONTRACT = "BTC_USDC-PERPETUAL"


@never_cache
def markets(request: HttpRequest) -> HttpResponse:
    has_account = onboarding.ensure_account(request.user)
    context = {"markets": pictures.markets(), "page": "markets", "has_account": has_account}
    context |= {"step": onboarding.step(request.user), "contract": DEFAULT_CONTRACT}
    return render(request, "markets.html", context)


def trade_default(_request: HttpRequest) -> HttpResponse:
    return redirect("trade", contract=DEFAULT_CONTRACT)


@never_cache
def trade(request: HttpRequest, contract: str) -> HttpResponse:
    picture = pictures.trade(contract)
    if picture is None:
        raise Http404(f"There is no contract called {contract}.")
    has_account = onboarding.ensure_account(request.user)
    return render(
        request, "trade.html", {**picture, "page": "trade", "has_account": has_account}
    )


@never_cache
@login_required
def welcome(request: HttpRequest) -> HttpResponse:
    """Where sign-up leads: account, test funds, first trade."""
    has_account = onboarding.ensure_account(request.user)
    context = {"page": "welcome", "has_account": has_account, "contract": DEFAULT_CONTRACT}
    return render(request, "welcome.html", context | {"step": onboarding.step(request.user)})


def status(request: HttpRequest) -> HttpResponse:
    return render(request, "status.html", {"page": "status", **pictures.status(state.look())})


def status_json(_request: HttpRequest) -> JsonResponse:
    response = JsonResponse(pictures.status(state.look()))
    response.headers["Cache-Control"] = "no-store"
    return response


def docs(request: HttpRequest) -> HttpResponse:
    index, listed = _listed_methods(request.user.is_authenticated)
    shown = {
        "page": "docs",
        "index": index,
        "methods": listed,
        "count": len(METHODS),
        "batch_max": BATCH_MAX,
        "channels": reference.channels(),
        "codes": reference.codes(),
        "rejects": reference.rejects(),
    }
    return render(request, "docs.html", shown)


@lru_cache(maxsize=2)
def _listed_methods(is_signed_in: bool) -> tuple[SafeString, SafeString]:
    # A quarter of a second's work, and the same for everybody: once a process.
    shown = {"groups": reference.groups(), "is_signed_in": is_signed_in}
    names = ("_docs_index.html", "_docs_methods.html")
    index, listed = (render_to_string(name, shown) for name in names)
    return index, listed


def docs_limits(request: HttpRequest) -> HttpResponse:
    shown = {
        "page": "docs",
        "budgets": reference.budgets(),
        "costs": reference.costs(),
        "bounds": reference.bounds(),
        "refusal": reference.REFUSAL,
    }
    return render(request, "docs_limits.html", shown)


def openrpc_json(request: HttpRequest) -> JsonResponse:
    return JsonResponse(openrpc.document_of(f"{request.scheme}://{request.get_host()}"))


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    missing = exception.args[0] if exception.args else ""
    reason = missing if isinstance(missing, str) else ""
    return render(request, "404.html", {"reason": reason}, status=404)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "403.html", {"reason": str(exception)}, status=403)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return render(request, "403.html", {"is_csrf": True, "reason": reason}, status=403)


def server_error(request: HttpRequest) -> HttpResponse:
    # Without context processors: they may be what failed.
    page = render_to_string("500.html", {"theme": chosen_theme(request)})
    return HttpResponse(page, status=500)
