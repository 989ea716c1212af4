"""Accounts, reporters, listings and parameters, as the journal tells them."""

import pytest

from exchange.engine.events import EventKind
from exchange.engine.state import ContractParameter
from exchange.engine.units import ROLE_OPERATOR, ROLE_TRADER, STATE_HALTED
from exchange.models import Account, Contract, Parameter, Reporter, Underlying
from exchange.pipeline.projections import Projector
from tests.projections.story import ALICE, BTC_PERPETUAL, START_NS, Story

pytestmark = pytest.mark.django_db


def test_account_opened_has_its_owner_role_and_reference() -> None:
    story = Story().open(ALICE)
    story.then(
        EventKind.ROLE_SET, account=ALICE, role=ROLE_TRADER | ROLE_OPERATOR, previous_role=1
    )

    story.write(Projector())

    account = Account.objects.get()
    assert (account.id, account.owner, account.role) == (ALICE, ALICE, 3)
    assert (account.external_id, account.opened_ns, account.opened_sequence) == (
        916,
        START_NS,
        1,
    )


def test_reporter_registered_keeps_its_public_key_byte_by_byte() -> None:
    key = bytes(range(224, 256))
    words = {f"key_{i}": int.from_bytes(key[8 * i : 8 * i + 8], "little", signed=True)
             for i in range(4)}  # fmt: skip

    Story().then(EventKind.REPORTER_REGISTERED, account=ALICE, source=3, weight_ppm=200_000,
                 **words).write(Projector())  # fmt: skip

    reporter = Reporter.objects.get()
    assert (reporter.source, reporter.account, reporter.weight_ppm) == (3, ALICE, 200_000)
    assert bytes(reporter.public_key) == key


def test_contract_listed_stands_under_its_underlying() -> None:
    Story().list_btc().write(Projector())

    contract = Contract.objects.select_related("underlying").get()
    assert (contract.id, contract.name) == (BTC_PERPETUAL, "BTC_USDC-PERPETUAL")
    assert (contract.underlying.name, contract.tick_value_units) == ("BTC", 100)
    assert (contract.tick_e8, contract.lot_e8, contract.expiry_ns) == (10_000_000, 100_000, 0)


def test_parameter_set_is_kept_with_its_history() -> None:
    story = Story().list_btc()
    for value, before in ((20_000, 0), (25_000, 20_000)):
        story.then(EventKind.PARAMETER_SET, contract=BTC_PERPETUAL, value=value,
                   parameter=ContractParameter.INITIAL_MARGIN_PPM,
                   previous_value=before)  # fmt: skip

    story.write(Projector())

    assert Contract.objects.get().initial_margin_ppm == 25_000
    history = Parameter.objects.order_by("id").values_list(
        "value", "previous_value", "sequence"
    )
    assert list(history) == [(20_000, 0, 3), (25_000, 20_000, 4)]


def test_contract_state_carries_its_reason() -> None:
    story = Story().list_btc().then(
        EventKind.CONTRACT_STATE_SET, contract=BTC_PERPETUAL, state=STATE_HALTED, reason=12
    )  # fmt: skip

    story.write(Projector())

    contract = Contract.objects.get()
    assert (contract.state, contract.state_reason) == (STATE_HALTED, 12)


def test_every_contract_parameter_has_a_column() -> None:
    columns = {field.name for field in Contract._meta.get_fields()}

    assert {parameter.name.lower() for parameter in ContractParameter} <= columns
    assert Underlying._meta.db_table == "exchange_underlying"
