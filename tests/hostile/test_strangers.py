"""Two people: whatever is one's, the other neither sees nor touches, by any method or field."""

import json
from typing import Any

import pytest

from exchange.gateway.decoder import Count, Names, Text
from tests.gateway.venue import Key, Venue
from tests.hostile import requests
from tests.hostile.requests import BTC, Field
from tests.hostile.victim import Attack

LABEL = "label-of-alice-9f2c"
KEY = "key-of-alice-71d0"
NAME = "keyname-of-alice-5b"
_ID_TYPES = (Text, Count, Names, str, int)


@pytest.fixture(scope="module")
def bob(venue: Venue) -> Key:
    return venue.account()


@pytest.fixture(scope="module")
def alice(venue: Venue) -> Key:
    return venue.account()


@pytest.fixture(scope="module")
def hers(venue: Venue, alice: Key, bob: Key) -> dict[str, str]:
    """Everything of Alice's that has an id."""

    def ask(method: str, asker: Key = alice, /, **params: Any) -> Any:
        return venue.post({"method": f"private/{method}", "params": params}, asker).result

    order = {"instrument_name": BTC, "amount": 0.001}
    resting = ask("buy", **order, price=58_400, label=LABEL, idempotency_key=KEY)
    ask("sell", bob, **order, price=60_100)
    filled = ask("buy", **order, price=60_100, label=LABEL)
    ask("buy", bob, **order, price=60_100)
    ask("sell", **order, price=60_100, reduce_only=True)  # funding would move her money
    subaccount = ask("create_subaccount")["id"]
    moved = ask(
        "submit_transfer_between_subaccounts", currency="USDC", amount=5, destination=subaccount
    )
    withdrawal = ask("withdraw", currency="USDC", amount=7, address="somewhere")
    key = ask("create_api_key", max_scope="trade:read", name=NAME)
    return {
        "resting order": resting["order"]["order_id"],
        "filled order": filled["order"]["order_id"],
        "trade": filled["trades"][0]["trade_id"],
        "label": LABEL,
        "idempotency key": KEY,
        "subaccount": str(subaccount),
        "account": str(alice.account),
        "transfer": str(moved["id"]),
        "withdrawal": str(withdrawal["id"]),
        "key number": str(key["id"]),
        "client id": key["client_id"],
        "own client id": alice.id,
        "key name": NAME,
    }


def test_no_method_shows_or_moves_what_is_anothers(
    attack: Attack, alice: Key, trader: Key, hers: dict[str, str]
) -> None:
    before = attack.state(alice)
    secrets = [LABEL, NAME, hers["client id"], hers["own client id"], alice.secret]
    secrets += [f'"{hers[name]}"' for name in ("resting order", "filled order", "withdrawal")]
    found: list[str] = []
    asked: list[tuple[str, str, str]] = []
    for name in requests.names():
        for field in requests.fields(name):
            if _takes_ids(field):
                asked += [
                    (name, _with_id(field, value), value)
                    for value in hers.values()
                    if value.isdigit() or requests.options(field.kind) != [Count]
                ]
    for key in (trader, None):
        answers = attack.many([(name, params) for name, params, _ in asked], key)
        for (name, params, value), answer in zip(asked, answers, strict=True):
            # What one says oneself may be repeated: in refusals, and as the label of one's own.
            text = json.dumps(answer).replace(value, "")
            found += [f"{name} {params} told {text[:400]}" for word in secrets if word in text]

    assert found == []
    assert len(asked) > 500
    assert attack.state(alice) == before


def test_orders_of_another_are_refused_alike_whether_they_exist_or_not(
    venue: Venue, bob: Key, hers: dict[str, str]
) -> None:
    for price in (58_400, 58_400.05):
        answers = [
            venue.post(
                {
                    "method": "private/edit",
                    "params": {"order_id": number, "amount": 0.001, "price": price},
                },
                bob,
            ).error["code"]
            for number in (hers["resting order"], "999999999")
        ]
        assert answers == [10_004, 10_004]


def test_an_idempotency_key_belongs_to_its_account(
    venue: Venue, bob: Key, hers: dict[str, str]
) -> None:
    order = {"instrument_name": BTC, "amount": 0.001, "price": 58_400, "idempotency_key": KEY}

    placed = venue.post({"method": "private/buy", "params": order}, bob).result["order"]

    assert placed["order_id"] != hers["resting order"]
    assert venue.get("private/cancel", bob, order_id=placed["order_id"]).status == 200


def test_private_channels_tell_their_own_account_alone(
    venue: Venue, port: int, alice: Key, bob: Key
) -> None:
    names = [
        "user.orders.any.any.raw",
        f"user.orders.{BTC}.raw",
        "user.trades.any.any.raw",
        f"user.changes.{BTC}.raw",
        "user.portfolio.usdc",
        "user.portfolio.any",
    ]
    with venue.socket(port, bob) as stranger, venue.socket(port, alice) as owner:
        stranger.call("private/subscribe", channels=names)
        owner.call("private/subscribe", channels=names[:1])
        placed = owner.call(
            "private/buy", instrument_name=BTC, amount=0.001, price=58_300, label=LABEL
        )
        owner.next_of(names[0])
        owner.call("private/cancel", order_id=placed["order"]["order_id"])
        owner.next_of(names[0])
        # What one's own connection answers now was sent after all that.
        stranger.call("private/get_positions")

        heard = [item for item in stranger.heard if item[0] not in names[4:]]
    assert heard == []


def test_a_token_of_one_account_is_not_exchanged_for_anothers(
    venue: Venue, bob: Key, alice: Key
) -> None:
    proof = {"client_id": bob.id, "client_secret": bob.secret}
    asked = {"method": "public/auth", "params": {"grant_type": "client_credentials", **proof}}
    refresh = venue.post(asked).result["refresh_token"]

    for account in (alice.account, 0, 1, 15, alice.account + 1_000):
        params = {"refresh_token": refresh, "subject_id": account}
        error = venue.post({"method": "public/exchange_token", "params": params}).error
        assert error["code"] in (-32_602, 13_021)


def _takes_ids(field: Field) -> bool:
    return any(option in _ID_TYPES for option in requests.options(field.kind))


def _with_id(field: Field, value: str) -> str:
    is_number = value.isdigit() and Count in requests.options(field.kind)
    return requests.with_raw(field, value if is_number else json.dumps(value))
