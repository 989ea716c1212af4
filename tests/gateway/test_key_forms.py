"""What people write into the form of a key."""

import pytest

from exchange.gateway.key_forms import KeyForm
from exchange.models import Membership

pytestmark = pytest.mark.django_db


def form_of(daily_loss: str) -> KeyForm:
    members = [Membership(account_id=7, name="alice")]
    fields = {"account": "7", "scopes": ["read"], "daily_loss": daily_loss}
    return KeyForm(fields, members=members)


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("", 0),
        ("1000.50", 1_000_500_000),
        ("1,000.50", 1_000_500_000),
        ("1,234,567", 1_234_567_000_000),
        (" 0.000001 ", 1),
    ],
)
def test_daily_loss_limit_is_read_to_the_unit(text: str, units: int) -> None:
    form = form_of(text)

    assert form.is_valid(), form.errors
    assert form.terms().daily_loss_units == units


@pytest.mark.parametrize("text", ["1000,50", "1,5", "500,00", "1.000,50", "1,00,000", ",5"])
def test_comma_that_may_mean_a_decimal_is_not_guessed_at(text: str) -> None:
    form = form_of(text)

    assert not form.is_valid()
    assert "Write it with a point" in str(form.errors["daily_loss"])
