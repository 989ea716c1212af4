"""A person's own pages: overview, funds, accounts, statements. Parse, call, show.

ACCPAGE-001  every page of the account area is the signed-in person's alone: accounts of others
             are not there, whatever number an address names.
"""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from exchange import selectors
from exchange.gateway import acting, onboarding, statement_files
from exchange.gateway.database import in_database
from exchange.gateway.statement_files import Period
from exchange.models import Membership
from exchange.pipeline.provision import (
    SUB_ACCOUNTS_MAX,
    Refused,
    TooManySubAccounts,
    checked_label,
    provision_sub_account,
    rename_sub_account,
)

DAYS_MAX = 3_660
_DAY = {"type": "date"}


class NameForm(forms.Form):
    """What a sub-account is called."""

    label = forms.CharField(required=False)

    def clean_label(self) -> str:
        """As it is kept."""
        try:
            return checked_label(self.cleaned_data["label"])
        except ValueError as refused:
            raise forms.ValidationError(str(refused)) from refused

    @property
    def wrong(self) -> str:
        """Why it is no name, after "its name" or "it"."""
        return " and ".join(str(wrong) for wrong in self.errors["label"])


class PeriodForm(forms.Form):
    """Which days of which account."""

    first = forms.DateField(label="First day", widget=forms.DateInput(_DAY, "%Y-%m-%d"))
    last = forms.DateField(label="Last day", widget=forms.DateInput(_DAY, "%Y-%m-%d"))

    def clean(self) -> dict[str, date]:
        """The first day comes first, and not everything there ever was in one file."""
        days: dict[str, date] = super().clean() or {}
        first, last = days.get("first"), days.get("last")
        if first and last and not 0 <= (last - first).days <= DAYS_MAX:
            raise forms.ValidationError("The last day must not be before the first one.")
        return days


@never_cache
@login_required
def portfolio(request: HttpRequest) -> HttpResponse:
    return _page(request, "portfolio/overview.html", "portfolio")


@never_cache
@login_required
def funds(request: HttpRequest) -> HttpResponse:
    return _page(request, "portfolio/funds.html", "funds")


@never_cache
@login_required
def accounts(request: HttpRequest) -> HttpResponse:
    """The person's accounts, which one is acted for, and transfers between them."""
    onboarding.ensure_account(request.user)
    members = _members(request)
    context = {"members": members, "may_open": len(members) <= SUB_ACCOUNTS_MAX}
    return _page(request, "portfolio/accounts.html", "accounts", **context)


@login_required
@require_POST
def open_account(request: HttpRequest) -> HttpResponse:
    form = NameForm(request.POST)
    members = _members(request)
    if not members:
        return redirect("accounts")  # It says that there is no account yet.
    if not form.is_valid():
        messages.error(request, f"No account was opened: its name {form.wrong}.")
        return redirect("accounts")
    try:
        made = provision_sub_account(members[0].account_id)
        rename_sub_account(made.account_id, form.cleaned_data["label"])
    except (TooManySubAccounts, Refused) as refused:
        messages.error(request, f"No account was opened: {refused}.")
    else:
        messages.success(request, "The sub-account is open. Move funds to it to trade there.")
    return redirect("accounts")


@login_required
@require_POST
def rename_account(request: HttpRequest, account: int) -> HttpResponse:
    member, form = _own(request, account), NameForm(request.POST)
    if member == _members(request)[0]:
        raise Http404("The main account has no other name.")
    if form.is_valid():
        rename_sub_account(member.account_id, form.cleaned_data["label"])
    else:
        messages.error(request, f"The name was not changed: it {form.wrong}.")
    return redirect("accounts")


@login_required
@require_POST
def use_account(request: HttpRequest, account: int) -> HttpResponse:
    """Act for another of one's accounts from now on, in every tab."""
    member = _own(request, account)
    acting.choose(request, member.account_id)
    messages.success(request, f"You now trade as {member.title}.")
    return redirect("accounts")


@never_cache
@login_required
def statements(request: HttpRequest) -> HttpResponse:
    """Periods to download; the months of this account's life are offered as they are."""
    onboarding.ensure_account(request.user)
    today = datetime.now(UTC).date()
    initial = {"first": today.replace(day=1), "last": today}
    form = PeriodForm(request.GET if "first" in request.GET else None, initial=initial)
    context = {"form": form, "months": list(_months(_members(request), today))}
    return _page(request, "portfolio/statements.html", "statements", **context)


@never_cache
@login_required
def statement_csv(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """Opening balance, every posting, closing balance."""
    form = PeriodForm(request.GET)
    if not form.is_valid():
        return statements(request)
    account = request.GET.get("account", "")
    if account:
        member: Membership | None = _own(request, int(account) if account.isdigit() else -1)
    else:
        member = _acting(request)
    if member is None:
        raise Http404("There is no account yet.")
    period = Period(form.cleaned_data["first"], form.cleaned_data["last"])
    names = {contract.id: contract.name for contract in selectors.contracts()}
    name = f"novate-{member.account_id}-{period.first}-{period.last}.csv"
    lines = statement_files.statement(member.account_id, period, names)
    return StreamingHttpResponse(
        _in_pieces(lines),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


async def _in_pieces(lines: Iterator[str]) -> AsyncIterator[str]:
    """Each piece is read while the one before it is on its way."""
    while (piece := await in_database(partial(next, lines, ""))) != "":
        yield piece


def _page(request: HttpRequest, template: str, page: str, **context: object) -> HttpResponse:
    has_account = onboarding.ensure_account(request.user)
    known = {"page": page, "area": "account", "has_account": has_account}
    return render(request, template, known | context)


def _members(request: HttpRequest) -> list[Membership]:
    assert request.user.pk is not None
    return selectors.accounts_of(request.user.pk)


def _acting(request: HttpRequest) -> Membership | None:
    assert request.user.pk is not None
    return acting.acting_member(request.user.pk, request.session)


def _own(request: HttpRequest, account: int) -> Membership:
    for member in _members(request):
        if member.account_id == account:
            return member
    raise Http404("There is no such account.")


def _months(members: list[Membership], today: date) -> Iterator[Period]:
    """Calendar months, the newest first, back to the first account; a year at most."""
    begun = members[0].created.date() if members else today
    last = today
    for _ in range(12):
        first = last.replace(day=1)
        yield Period(first, last)
        if first <= begun:
            return
        last = first - timedelta(days=1)
