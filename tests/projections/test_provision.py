"""Accounts for people and bots, with a real bus, journal and engine in this process."""

import json
from functools import partial
from io import StringIO
from itertools import chain, repeat

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import CommandError

from exchange import selectors
from exchange.engine.units import INSURANCE, ROLE_REPORTER, STATE_OPEN
from exchange.management.commands.create_account import checked_name, parse_fund
from exchange.models import (
    Account,
    ApiKey,
    Balance,
    Contract,
    Membership,
    Reporter,
    Vault,
)
from exchange.pipeline.at_hand import engine_at_hand, project_now
from exchange.pipeline.projections import Projector, follow, rebuild, truncate
from exchange.pipeline.provision import NameTaken, provision_account
from exchange.pipeline.servers import novate_home, redis_url
from tests.projections.test_projector import everything


def run(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("USDC=100000", 100_000_000_000),
        ("USDC=0.000001", 1),
        ("USDC=10000000000", 10_000_000_000_000_000),
    ],
)
def test_fund_is_parsed_to_whole_units(text: str, units: int) -> None:
    assert parse_fund(text) == units


@pytest.mark.parametrize(
    "text",
    ["USDC", "USDC=", "USDC=0", "USDC=-1", "USDC=1e5", "USDC=0.0000001", "USDC=١", "BTC=1",
     "USDC=10000000000.000001", "USDC=nan"],
)  # fmt: skip
def test_fund_of_a_bad_amount_is_refused_in_words(text: str) -> None:
    with pytest.raises(CommandError, match="Expected"):
        parse_fund(text)


@pytest.mark.parametrize("name", ["", "a b", "-a", "é", "a" * 65, "a\n"])
def test_bad_name_is_refused_in_words(name: str) -> None:
    with pytest.raises(CommandError, match="Expected a name of 1 to 64 letters"):
        checked_name(name)


@pytest.mark.slow
@pytest.mark.usefixtures("no_venue")
def test_create_account_prints_one_line_and_leaves_the_tables_current() -> None:
    answer = json.loads(run("create_account", "alice", "--fund", "USDC=100000.25", "--json"))

    assert set(answer) == {"id", "name", "key", "secret"}
    assert Membership.objects.get(name="alice").account_id == answer["id"] == 16
    assert ApiKey.objects.get().account_id == 16
    assert Balance.objects.get(account=16).balance_units == 100_000_250_000
    with pytest.raises(CommandError, match="There is an account named 'alice' already"):
        run("create_account", "alice")


@pytest.mark.slow
@pytest.mark.usefixtures("no_venue")
def test_user_and_bot_of_one_name_have_accounts_of_their_own() -> None:
    user = User.objects.create_user("alice")

    with engine_at_hand(redis_url()), engine_at_hand(redis_url()):
        first = provision_account(user, "alice", 0)
        again = provision_account(user, "alice", 0)
        bot = provision_account(None, "alice", 5)
        with pytest.raises(NameTaken):
            provision_account(None, "alice", 5)

    assert first == again
    assert first.account_id != bot.account_id
    assert [row.account_id for row in selectors.accounts_of(user.pk)] == [first.account_id]
    assert Account.objects.count() == 2


@pytest.mark.slow
@pytest.mark.usefixtures("no_venue")
def test_account_opened_by_an_attempt_that_was_cut_off_is_found_again() -> None:
    with engine_at_hand(redis_url()):
        lost = provision_account(None, "alice", 700)
    Membership.objects.all().delete()

    with engine_at_hand(redis_url()):
        found = provision_account(None, "alice", 700)

    assert found.account_id == lost.account_id
    assert Balance.objects.get(account=found.account_id).balance_units == 700


@pytest.mark.slow
@pytest.mark.usefixtures("no_venue")
def test_seed_demo_makes_a_whole_cast_once() -> None:
    run("seed_demo", "--listings-only")
    assert not Reporter.objects.exists()
    run("seed_demo")
    before = everything()
    bots = (novate_home() / "keys" / "bots.json").read_bytes()

    run("seed_demo")

    contracts = Contract.objects.order_by("id")
    assert [row.name for row in contracts] == [
        "BTC_USDC-PERPETUAL",
        "ETH_USDC-PERPETUAL",
        "SOL_USDC-PERPETUAL",
    ]
    assert {row.state for row in contracts} == {STATE_OPEN}
    assert {row.tick_value_units for row in contracts} == {100}
    assert [row.initial_margin_ppm for row in contracts] == [20_000, 25_000, 50_000]
    assert Reporter.objects.count() == 5
    assert Account.objects.filter(role=ROLE_REPORTER).count() == 5
    assert Vault.objects.get(account=INSURANCE).balance_units == 1_000_000_000_000
    assert {kind: len(rows) for kind, rows in json.loads(bots).items()} == {
        "makers": 4,
        "takers": 6,
    }
    assert (novate_home() / "keys" / "bots.json").read_bytes() == bots
    after = everything()
    for table in set(before) - {"ProjectionHead"}:
        assert after[table] == before[table], table


@pytest.mark.slow
@pytest.mark.usefixtures("no_venue")
def test_rebuild_and_following_both_end_where_the_journal_does() -> None:
    with engine_at_hand(redis_url()):
        for name in ("alice", "bob", "carol"):
            provision_account(None, name, 1_000)
    incremental = everything()
    told: list[tuple[int, int]] = []

    sequence = rebuild(lambda done, total: told.append((done, total)))

    assert everything() == incremental
    assert told[-1] == (sequence, sequence)
    truncate()
    follow(redis_url(), partial(next, chain([False] * 3, repeat(True))))
    assert everything() == incremental
    assert project_now() == Projector().sequence == sequence
    assert [row.balance_units for row in Balance.objects.order_by("id")] == [1_000] * 3
