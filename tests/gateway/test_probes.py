"""/livez, /readyz and /metrics on both lanes, and how a lane says goodbye."""

import json
import re
import signal
from collections.abc import Callable
from functools import partial

import pytest
from websockets.exceptions import ConnectionClosed

from exchange.gateway.probes import is_trusted
from exchange.management.processes import Process, fast_lane, web
from tests.gateway.venue import HOST, Client, Key, Venue, fetch, metric
from tests.scenarios.venue import eventually

BTC = "BTC_USDC-PERPETUAL"


def test_process_that_turns_is_alive(venue: Venue, port: int) -> None:
    assert fetch(port, "/livez") == (200, '{"alive":true}')


def test_process_that_can_trade_is_ready(venue: Venue, port: int) -> None:
    assert eventually(lambda: fetch(port, "/readyz")[0] == 200, 20)
    status, text = fetch(port, "/readyz")

    assert status == 200
    assert json.loads(text) == {"ready": True, "reasons": [], "remarks": []}


def test_silent_engine_makes_it_unready_but_not_dead(venue: Venue, port: int) -> None:
    assert eventually(lambda: fetch(port, "/readyz")[0] == 200, 20)

    with venue.paused("engine"):
        assert eventually(lambda: fetch(port, "/readyz")[0] == 503, 20)
        reasons = json.loads(fetch(port, "/readyz")[1])["reasons"]
        assert fetch(port, "/livez")[0] == 200

    assert re.fullmatch(r"the engine was last heard \d+\.\d s ago", reasons[0])
    assert eventually(lambda: fetch(port, "/readyz")[0] == 200, 20)


def test_late_projector_is_told_and_stops_nobody(venue: Venue) -> None:
    def remarks() -> list[str]:
        status, text = fetch(venue.port, "/readyz")
        assert status == 200
        return list(json.loads(text)["remarks"])

    assert eventually(lambda: remarks() == [], 20)

    with venue.paused("projector"):
        assert eventually(lambda: len(remarks()) == 1, 20)
        told = remarks()[0]

    said = r"the projector was last heard \d+ s ago, \d+ commands behind"
    assert re.fullmatch(said, told)
    assert eventually(lambda: remarks() == [], 20)


def test_probes_are_only_read(venue: Venue, port: int) -> None:
    assert fetch(port, "/livez", "POST")[0] == 405


def test_metrics_tell_of_every_process(venue: Venue, port: int, alice: Key) -> None:
    order = {"instrument_name": BTC, "amount": "0.01", "price": "59000", "post_only": "true"}
    placed = venue.get("private/buy", alice, port=port, **order).result["order"]
    venue.get("private/cancel", alice, port=port, order_id=placed["order_id"])
    venue.get("private/buy", alice, port=port, **(order | {"price": "20000"}))
    names = {
        r'novate_up\{server="valkey"\}': 1,
        r'novate_up\{server="postgresql"\}': 1,
        r'novate_ledger_units\{asset="USDC",.*process="projector"\}': 0,
        r'novate_contract_halted\{contract="BTC_USDC-PERPETUAL",.*\}': 0,
        r'novate_clock_alarm\{.*process="engine"\}': 0,
    }
    counted = (
        r'novate_commands_total\{.*kind="PLACE_ORDER",process="engine"\}',
        r'novate_rejects_total\{.*reason="PRICE_OUTSIDE_BAND"\}',
        r'novate_requests_total\{.*method="private/buy",.*\}',
        r'novate_stage_seconds_count\{.*process="engine",stage="journal"\}',
        r'novate_stage_seconds_count\{.*stage="total"\}',
        r"novate_accounts_capacity\{.*\}",
    )

    for name, value in names.items():
        assert eventually(lambda n=name, v=value: metric(port, n) == v, 20), name  # type: ignore[misc]  # bound at once
    for name in counted:
        assert eventually(lambda n=name: (metric(port, n) or 0) >= 1, 20), name  # type: ignore[misc]  # bound at once
    total = r'novate_stage_seconds_count\{.*process="PROCESS",stage="total"\}'
    name = {venue.ports["daphne"]: "web", venue.ports["uvicorn"]: "fast-lane"}[port]
    answered = metric(port, total.replace("PROCESS", name)) or 0
    refused = venue.get("private/buy", alice, port=port, **(order | {"price": "20000"}))
    assert refused.error["data"]["name"] == "PRICE_OUTSIDE_BAND"
    assert (metric(port, total.replace("PROCESS", name)) or 0) > answered
    age = metric(port, r'novate_index_age_seconds\{.*underlying="BTC"\}')
    assert age is not None
    assert age < 30
    lag = metric(port, "novate_projector_lag_commands")
    assert lag is not None
    assert lag >= 0


def test_metrics_behind_a_proxy_need_the_token(venue: Venue, port: int) -> None:
    forwarded = {"X-Forwarded-For": "203.0.113.9"}

    assert fetch(port, "/metrics")[0] == 200
    assert fetch(port, "/metrics", **forwarded)[0] == 403


@pytest.mark.parametrize(
    ("client", "header", "token", "allowed"),
    [
        (("127.0.0.1", 9), None, None, True),
        (("::1", 9), None, None, True),
        (None, None, None, True),  # a unix socket
        (("192.0.2.1", 9), None, None, False),
        (("127.0.0.1", 9), (b"x-real-ip", b"127.0.0.1"), None, False),
        (("127.0.0.1", 9), (b"forwarded", b"for=127.0.0.1"), None, False),
        (("127.0.0.1", 9), None, "s3cret", False),
        (("192.0.2.1", 9), (b"authorization", b"Bearer s3cret"), "s3cret", True),
        (("192.0.2.1", 9), (b"authorization", b"Bearer s3cre"), "s3cret", False),
        (("192.0.2.1", 9), (b"authorization", b"s3cret"), "s3cret", False),
    ],
)
def test_metrics_are_for_this_machine_or_for_the_token(
    monkeypatch: pytest.MonkeyPatch,
    client: tuple[str, int] | None,
    header: tuple[bytes, bytes] | None,
    token: str | None,
    allowed: bool,
) -> None:
    monkeypatch.delenv("NOVATE_METRICS_TOKEN", raising=False)
    if token:
        monkeypatch.setenv("NOVATE_METRICS_TOKEN", token)

    assert is_trusted({"client": client, "headers": [header] if header else []}) is allowed


@pytest.mark.parametrize("kind", [fast_lane, web])
def test_lane_asked_to_stop_answers_first_and_says_goodbye(
    venue: Venue, alice: Key, kind: Callable[[str, int], Process]
) -> None:
    port = venue.start_lane(kind)
    order = {"instrument_name": BTC, "amount": "0.01", "price": "59000"}
    with venue.socket(port, alice) as client:
        with venue.paused("engine"):
            request = {"jsonrpc": "2.0", "id": 77, "method": "private/buy", "params": order}
            client.connection.send(json.dumps(request))
            name = kind(HOST, port).name
            assert eventually(partial(_is_in_flight, port, name), 20)
            venue.signal("lane", signal.SIGTERM)
            assert eventually(lambda: not _is_open(port), 20)
        answer = json.loads(client.connection.recv(20))
        while answer.get("id") != 77:
            answer = json.loads(client.connection.recv(20))
        with pytest.raises(ConnectionClosed) as closed:
            _read_to_the_end(client)

    assert answer["result"]["order"]["price"] == 59_000
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1012
    venue.stop("lane")
    venue.get("private/cancel_all", alice)


def _read_to_the_end(client: Client) -> None:
    while True:
        client.connection.recv(20)


def _is_in_flight(port: int, name: str) -> bool:
    return (metric(port, rf'novate_in_flight\{{.*process="{name}"\}}') or 0) >= 1


def _is_open(port: int) -> bool:
    try:
        return fetch(port, "/readyz")[0] != 503
    except OSError:
        return False


def test_no_log_of_the_venue_holds_a_secret(venue: Venue, alice: Key, bob: Key) -> None:
    """After all that happened before: every line of every process is looked at."""
    venue.post(b"{", alice)
    venue.get(
        "public/auth", grant_type="client_credentials", client_id="x", client_secret="yyyyyyyy"
    )
    said = "".join(path.read_text() for path in venue.home.rglob("*.out"))
    said += "".join(path.read_text() for path in venue.home.rglob("*.log"))

    secrets = [alice.secret, bob.secret, (venue.home / "keys" / "secret_key").read_text()]

    assert "is live" in said
    assert [secret for secret in secrets if secret in said] == []
