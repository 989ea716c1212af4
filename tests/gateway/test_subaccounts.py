"""Sub-accounts at the edge: opened, named, spoken for, and money moved between them."""

from typing import Any

import pytest

from tests.gateway.venue import Client, Key, Venue

BTC = "BTC_USDC-PERPETUAL"


@pytest.fixture
def owner(venue: Venue) -> Key:
    """A main account of its own for each test, with 10,000 USDC."""
    return venue.account(fund=10_000)


def move(venue: Venue, key: Key, amount: str, destination: int, **more: Any) -> Any:
    return venue.get(
        "private/submit_transfer_between_subaccounts",
        key,
        currency="USDC",
        amount=amount,
        destination=destination,
        **more,
    )


def speak_for(client: Client, key: Key, account: int) -> None:
    """Signs the socket in as a sub-account of the key's owner."""
    tokens = client.sign_in(key)
    client.call(
        "public/exchange_token", refresh_token=tokens["refresh_token"], subject_id=account
    )


def test_a_main_account_opens_sub_accounts_and_lists_them(venue: Venue, owner: Key) -> None:
    first = venue.get("private/create_subaccount", owner).result
    second = venue.get("private/create_subaccount", owner).result

    listed = venue.get("private/get_subaccounts", owner, with_portfolio="true").result

    assert [row["id"] for row in listed] == [owner.account, first["id"], second["id"]]
    assert [row["type"] for row in listed] == ["main", "subaccount", "subaccount"]
    assert listed[0]["portfolio"]["usdc"]["balance"] == 10_000
    assert listed[1]["portfolio"]["usdc"]["balance"] == 0
    assert first["username"] == listed[0]["username"] + "/1"


def test_money_moves_at_once_and_stands_in_both_logs(venue: Venue, owner: Key) -> None:
    made = venue.get("private/create_subaccount", owner).result["id"]

    answer = move(venue, owner, "2500.25", made).result
    back = move(venue, owner, "0.25", owner.account, source=made).result

    assert answer["amount"] == 2500.25
    assert (answer["state"], answer["other_side"]) == ("confirmed", str(made))
    assert back["other_side"] == str(owner.account)
    summary = venue.get("private/get_account_summary", owner, currency="USDC").result
    assert summary["balance"] == 7_500
    now = venue.get("public/get_time").result
    span: dict[str, Any] = {"currency": "USDC", "start_timestamp": 0}
    span["end_timestamp"] = now + 60_000
    logs = venue.get("private/get_transaction_log", owner, **span).result["logs"]
    assert [(row["type"], row["change"], row["balance"]) for row in logs[:2]] == [
        ("transfer", 0.25, 7_500),
        ("transfer", -2500.25, 7_499.75),
    ]
    with venue.socket() as client:
        speak_for(client, owner, made)
        logs = client.call("private/get_transaction_log", **span)["logs"]
    assert [(row["change"], row["balance"]) for row in logs] == [
        (-0.25, 2_500),
        (2500.25, 2500.25),
    ]


def test_a_transfer_with_a_key_moves_once(venue: Venue, owner: Key) -> None:
    made = venue.get("private/create_subaccount", owner).result["id"]

    first = move(venue, owner, "100", made, idempotency_key="t1").result
    again = move(venue, owner, "100.0", made, idempotency_key="t1").result
    other = move(venue, owner, "101", made, idempotency_key="t1")

    assert first["id"] == again["id"]
    assert other.error["data"]["name"] == "KEY_REUSED"
    summary = venue.get("private/get_account_summary", owner, currency="USDC").result
    assert summary["balance"] == 9_900


def test_a_sub_account_trades_for_itself(venue: Venue, owner: Key) -> None:
    made = venue.get("private/create_subaccount", owner).result["id"]
    move(venue, owner, "1000", made)

    with venue.socket() as client:
        speak_for(client, owner, made)
        bought = client.call("private/buy", instrument_name=BTC, amount=0.001, price=59_000)
        mine = client.call("private/get_open_orders")
        client.call("private/cancel_all")

    assert [row["order_id"] for row in mine] == [bought["order"]["order_id"]]
    assert venue.get("private/get_open_orders", owner).result == []


def test_money_and_accounts_of_others_are_out_of_reach(
    venue: Venue, owner: Key, alice: Key
) -> None:
    made = venue.get("private/create_subaccount", owner).result["id"]

    stolen = move(venue, alice, "1", alice.account, source=made)
    given = move(venue, owner, "1", alice.account)
    with venue.socket() as client:
        tokens = client.sign_in(alice)
        refresh = tokens["refresh_token"]
        taken = client.ask("public/exchange_token", refresh_token=refresh, subject_id=made)

    nowhere = move(venue, owner, "1", 10**18)

    assert stolen.error["data"]["name"] == "NOT_AUTHORISED"
    assert nowhere.error["data"]["param"] == "destination"
    assert given.error["data"]["name"] == "DIFFERENT_OWNER"
    assert taken["error"]["data"]["param"] == "subject_id"


def test_a_sub_account_moves_money_out_of_itself_only(venue: Venue, owner: Key) -> None:
    made = venue.get("private/create_subaccount", owner).result["id"]
    move(venue, owner, "1000", made)
    request = {"currency": "USDC", "amount": 1}

    with venue.socket() as client:
        speak_for(client, owner, made)
        name = "private/submit_transfer_between_subaccounts"
        pulled = client.ask(name, **request, source=owner.account, destination=made)
        returned = client.ask(name, **request, destination=owner.account)
        opened = client.ask("private/create_subaccount")

    assert pulled["error"]["code"] == 13021
    assert returned["result"]["state"] == "confirmed"
    assert opened["error"]["code"] == 13021
