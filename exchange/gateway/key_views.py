"""A person's pages for API keys: parse, call the key ring, show. A secret is shown once.

KEYPAGE-001  whatever gives a key more power asks first who the person is (reauthentication);
             what takes power away does not.
KEYPAGE-002  a page with a secret is stored nowhere: no-store, and never behind an address that
             could be opened again.
"""

from collections.abc import Callable

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from exchange import selectors
from exchange.gateway import key_ring, onboarding
from exchange.gateway.key_forms import KeyForm, initial_of, limit_text
from exchange.gateway.key_ring import KeyRefused
from exchange.models import Membership
from exchange.models.keys import ApiKey

_CONFIRMED = {
    "disable": ("Switch off", "It can be switched on again. Its connections close at once."),
    "remove": ("Remove", "It never works again. Its connections close at once."),
    "enable": ("Switch on", "It works again with the same secret."),
    "reset": (
        "Make a new secret",
        "The old secret and all tokens from it stop working at once.",
    ),
}
_GIVES_POWER = ("enable", "reset")


@never_cache
@login_required
def keys(request: HttpRequest) -> HttpResponse:
    """All keys of all accounts of the person."""
    has_account = onboarding.ensure_account(request.user)
    members = _members(request)
    rows = [
        (member, key, limit_text(key.daily_loss_units))
        for member in members
        for key in key_ring.keys_of(member.account_id)
    ]
    context = {"page": "keys", "rows": rows, "has_many": len(members) > 1}
    return render(request, "keys/list.html", context | {"has_account": has_account})


@never_cache
@login_required
@reauthentication_required
@require_http_methods(["GET", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    if not onboarding.ensure_account(request.user):
        return redirect("keys")  # It says that there is no account yet.
    members = _members(request)
    form = KeyForm(request.POST or None, members=members)
    if request.method == "POST" and form.is_valid():
        try:
            made = key_ring.make(form.cleaned_data["account"], form.terms())
        except KeyRefused as refused:
            form.refuse(refused)
        else:
            return _show_secret(request, made)
    return render(request, "keys/form.html", {"page": "keys", "form": form, "key": None})


@never_cache
@login_required
@reauthentication_required
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, account: int, number: int) -> HttpResponse:
    member, key = _own(request, account, number)
    initial = initial_of(account, key_ring.terms_of(key))
    form = KeyForm(request.POST or None, members=[member], initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            key_ring.change(account, number, form.terms())
        except KeyRefused as refused:
            form.refuse(refused)
        else:
            messages.info(
                request, f"Key {_words(key)} was changed. Its connections were closed."
            )
            return redirect("keys")
    return render(request, "keys/form.html", {"page": "keys", "form": form, "key": key})


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def act(request: HttpRequest, account: int, number: int, action: str) -> HttpResponse:
    """Ask, then do one of _CONFIRMED."""
    if action not in _CONFIRMED:
        raise Http404("There is nothing here.")
    if action in _GIVES_POWER:
        view: Callable[..., HttpResponse] = reauthentication_required(_act)
        return view(request, account, number, action)
    return _act(request, account, number, action)


def _act(request: HttpRequest, account: int, number: int, action: str) -> HttpResponse:
    _, key = _own(request, account, number)
    title, detail = _CONFIRMED[action]
    if request.method == "GET":
        context = {"page": "keys", "key": key, "title": title, "detail": detail}
        return render(request, "keys/confirm.html", context | {"action": action})
    if action == "reset":
        return _show_secret(request, key_ring.reset(account, number))
    if action == "remove":
        key_ring.remove(account, number)
        messages.info(request, f"Key {_words(key)} was removed.")
    else:
        key_ring.set_enabled(account, number, is_enabled=action == "enable")
        state = "on" if action == "enable" else "off"
        messages.info(request, f"Key {_words(key)} was switched {state}.")
    return redirect("keys")


def _members(request: HttpRequest) -> list[Membership]:
    assert request.user.pk is not None
    return selectors.accounts_of(request.user.pk)


def _own(request: HttpRequest, account: int, number: int) -> tuple[Membership, ApiKey]:
    """The person's own key; any other is not there."""
    member = next((row for row in _members(request) if row.account_id == account), None)
    if member is None:
        raise Http404("There is no such key.")
    try:
        return member, key_ring.key_of(account, number)
    except KeyRefused as refused:
        raise Http404("There is no such key.") from refused


def _show_secret(request: HttpRequest, made: key_ring.Made) -> HttpResponse:
    return render(request, "keys/secret.html", {"page": "keys", "made": made})


def _words(key: ApiKey) -> str:
    return key.name or key.id
