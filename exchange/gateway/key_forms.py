"""The form in which a person says what a key is for (rules: gateway.key_ring)."""

import re
from typing import Any

from django import forms

from exchange.engine.units import AMOUNT_UNITS_MAX, MONEY_SCALE
from exchange.gateway.decoder import Malformed, format_scaled, parse_decimal, to_steps
from exchange.gateway.key_ring import KeyRefused, Terms
from exchange.models import Contract, Membership
from exchange.models.keys import NAME_CHARACTERS_MAX, SCOPE_READ, SCOPES

# Thousands marked by commas, as nobody marks decimals: "1,000.5", never "1,5".
_GROUPED = re.compile(r"[1-9]\d{0,2}(,\d{3})+(\.\d+)?", re.ASCII)
_MONEY_STEP_E8 = 100  # one unit, 10^-6, in 10^-8
_MONEY_PLACES = len(str(MONEY_SCALE)) - 1
_SCOPE_WORDS = {
    "read": "Read: orders, positions, balances",
    "trade": "Trade: place, change and cancel orders",
    "withdraw": "Withdraw: take money out, move it between accounts",
    "account": "Manage keys: make and change keys that may do no more than this one",
}
# Which field of the form a refusal is about.
_FIELDS = {
    "name": "name",
    "max_scope": "scopes",
    "contracts": "contracts",
    "ip_whitelist": "allowed_ips",
    "daily_loss_limit": "daily_loss",
}


class KeyForm(forms.Form):
    """Terms of a key, as text."""

    account = forms.TypedChoiceField(coerce=int, label="Account")
    name = forms.CharField(
        max_length=NAME_CHARACTERS_MAX, required=False, help_text="For yourself: what uses it."
    )
    scopes = forms.MultipleChoiceField(
        choices=[(scope, _SCOPE_WORDS[scope]) for scope in SCOPES],
        widget=forms.CheckboxSelectMultiple,
        label="It may",
        initial=[SCOPE_READ],
    )
    contracts = forms.MultipleChoiceField(
        widget=forms.CheckboxSelectMultiple,
        required=False,
        label="Trading only in",
        help_text="None chosen: in every contract, new ones too.",
    )
    allowed_ips = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        required=False,
        label="Only from these addresses",
        help_text="One a line, IPv4 or IPv6, networks such as 192.0.2.0/24 too. "
        "Empty: from anywhere.",
    )
    daily_loss = forms.CharField(
        required=False,
        label="Daily loss limit, USDC",
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        help_text="Once the account has lost this much since 00:00 UTC, fees and open "
        "positions included, the key can only cancel and reduce until the next 00:00 UTC.",
    )

    def __init__(self, *args: Any, members: list[Membership], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        account, contracts = self.fields["account"], self.fields["contracts"]
        assert isinstance(account, forms.TypedChoiceField)
        assert isinstance(contracts, forms.MultipleChoiceField)
        account.choices = [(row.account_id, row.title) for row in members]
        if len(members) == 1:
            account.widget, account.initial = forms.HiddenInput(), members[0].account_id
        names = Contract.objects.order_by("id").values_list("name", flat=True)
        contracts.choices = [(name, name) for name in names]

    def clean_daily_loss(self) -> int:
        """The limit in units; 0 for none."""
        text = self.cleaned_data["daily_loss"].strip()
        if _GROUPED.fullmatch(text):
            text = text.replace(",", "")
        if "," in text:
            # Half of the world would mean something else by it.
            raise forms.ValidationError("Write it with a point for decimals: 1000.50.")
        if not text:
            return 0
        try:
            units = to_steps(parse_decimal(text), _MONEY_STEP_E8)
        except Malformed as error:
            raise forms.ValidationError(f"It {error}.") from error
        if not 0 < units <= AMOUNT_UNITS_MAX:
            raise forms.ValidationError("Expected a positive amount, or nothing for no limit.")
        return units

    def terms(self) -> Terms:
        """What was asked for, once the form is valid."""
        asked = self.cleaned_data
        return Terms(
            asked["name"],
            frozenset(asked["scopes"]),
            tuple(asked["contracts"]),
            tuple(asked["allowed_ips"].replace(",", " ").split()),
            asked["daily_loss"],
        )

    def refuse(self, refused: KeyRefused) -> None:
        """Show the refusal where it belongs."""
        words = refused.reason[:1].upper() + refused.reason[1:]
        self.add_error(_FIELDS.get(refused.field), f"{words}.")


def initial_of(account: int, terms: Terms) -> dict[str, Any]:
    """The form's fields for a key as it is."""
    return {
        "account": account,
        "name": terms.name,
        "scopes": sorted(terms.scopes),
        "contracts": list(terms.contracts),
        "allowed_ips": "\n".join(terms.allowed_ips),
        "daily_loss": limit_text(terms.daily_loss_units),
    }


def limit_text(units: int) -> str:
    """A limit in USDC; empty for none."""
    return format_scaled(units, _MONEY_PLACES) if units else ""
