"""Every nasty in fields of every method: clean refusals, and nothing changed where refused.

NOVATE_NIGHTLY=1 puts each nasty into each field; the short form deals them out in turn.
"""

import json
import os

import pytest

from exchange.gateway.rpc import METHODS
from tests.gateway.venue import Key
from tests.hostile import requests
from tests.hostile.nasties import ALLOWED, FORBIDDEN, NASTIES
from tests.hostile.victim import Attack

EACH = 1 if os.environ.get("NOVATE_NIGHTLY") == "1" else 32


def test_the_table_is_long_and_holds_nothing_twice() -> None:
    assert len(NASTIES) >= 300
    assert len({nasty.raw for nasty in NASTIES}) == len(NASTIES)


@pytest.mark.parametrize("who", ["nobody", "trader"])
def test_nasties_in_every_field_are_answered_cleanly(
    attack: Attack, trader: Key, who: str
) -> None:
    key = trader if who == "trader" else None
    turn = 0
    for name in requests.names():
        before = attack.state(trader)
        asked = []
        for field in requests.fields(name):
            turn += 1
            dealt = ALLOWED[turn % EACH :: EACH]
            asked += [(name, requests.with_raw(field, nasty.raw)) for nasty in dealt]
        answers = attack.many(asked, key)

        if all("error" in answer for answer in answers):
            assert attack.state(trader) == before, name
        elif key is None:
            assert METHODS[name].scope is None, name
            assert attack.state(trader) == before, name
    assert attack.is_alive()


def test_nasties_instead_of_parameters_are_answered_cleanly(
    attack: Attack, trader: Key
) -> None:
    for number, name in enumerate(requests.names()):
        dealt = ALLOWED[number % EACH :: EACH]
        attack.many([(name, nasty.raw) for nasty in dealt], trader)


def test_nasties_in_the_envelope_are_answered_cleanly(attack: Attack, trader: Key) -> None:
    for member in ("id", "method", "params", "jsonrpc", "unknown"):
        plain = {"id": 1, "method": "public/test", "params": {}, "jsonrpc": "2.0"}
        for nasty in ALLOWED:
            rest = {name: value for name, value in plain.items() if name != member}
            text = json.dumps(rest)[:-1] + f',"{member}":{nasty.raw}}}'
            attack.single(text.encode(), trader)


def test_what_is_no_json_is_refused_whole(attack: Attack, trader: Key) -> None:
    before = attack.state(trader)
    for nasty in FORBIDDEN:
        order = json.dumps(requests.plain("private/buy") | {"price": "@"})
        order = order.replace('"@"', nasty.raw)
        for body in (nasty.raw, '{"method":"private/buy","params":' + order + "}"):
            answer = attack.single(body.encode("utf-8", "surrogatepass"), trader)
            assert answer["error"]["code"] in (-32_700, -32_600, -32_602), (body[:200], answer)
    assert attack.state(trader) == before


def test_bytes_that_are_no_text_are_refused(attack: Attack) -> None:
    for body in (
        b"\xff",
        b"\xc3\x28",
        b"\xed\xa0\x80",
        b"\x00",
        b"\xef\xbb\xbf{}",
        b"\xff\xfe{\0}\0",
    ):
        answer = attack.single(body, None)
        assert answer["error"]["code"] in (-32_700, -32_600)


@pytest.mark.parametrize(
    "query",
    [
        "a", "=", "&", "&&", "a=b&a=c", "%", "%zz", "%00=1", "a=%ff", "a=%ed%a0%80", "%F0%9F=1",
        "a[]=1", "a" * 15_000, "&".join(f"k{i}=1" for i in range(65)), "amount=1e400",
        "instrument_name=" + "%41" * 5_000, "amount=%D9%A1", "amount=1&amount=2", ";",
        "a=b;c=d", "?",
    ],
)  # fmt: skip
def test_queries_are_answered_cleanly(attack: Attack, trader: Key, query: str) -> None:
    for name in ("public/ticker", "private/buy", "private/get_order_state", "nothing"):
        uri = f"/api/v2/{name}?{query}"
        answer = attack.venue.send("GET", uri, port=attack.port)
        assert 400 <= answer.status < 500, (uri[:200], answer.body)
        assert attack.venue.get("public/test", port=attack.port).status == 200
