"""Random requests of every method, by nobody, a trader, an operator: no server error ever."""

import json
import os
from decimal import Decimal, localcontext

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exchange.gateway.auth import parse_signature
from exchange.gateway.decoder import Malformed, parse_decimal, parse_json, parse_query
from exchange.gateway.errors import RpcError
from tests.gateway.venue import Key
from tests.hostile.fuzz import Request, request_lists
from tests.hostile.nasties import NASTIES
from tests.hostile.victim import Attack

IS_LONG = os.environ.get("NOVATE_NIGHTLY") == "1"
EXAMPLES = int(os.environ.get("NOVATE_HOSTILE_EXAMPLES", 2_000 if IS_LONG else 40))
RELAXED = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=not IS_LONG,
    database=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)
BYTES = settings(max_examples=100_000 if IS_LONG else 500, deadline=None, database=None)
_JSONISH = st.lists(
    st.one_of(
        st.sampled_from(
            [*'[]{}:,"\\ \n0123456789.eE+-', "null", "true", "\\u00", "\\ud800", "NaN"]
        ),
        st.text(max_size=3),
    ),
    max_size=40,
).map("".join)


@pytest.mark.parametrize("who", ["nobody", "trader", "operator"])
def test_random_requests_are_answered_cleanly(
    attack: Attack, trader: Key, operator: Key, who: str
) -> None:
    key = {"nobody": None, "trader": trader, "operator": operator}[who]

    @RELAXED
    @given(request_lists())
    def fuzz(asked: list[Request]) -> None:
        attack.many(asked, key)

    fuzz()
    assert attack.is_alive()


@BYTES
@given(
    st.one_of(
        st.binary(max_size=300), _JSONISH.map(lambda text: text.encode("utf-8", "ignore"))
    )
)
def test_the_decoder_takes_any_bytes(raw: bytes) -> None:
    try:
        tree = parse_json(raw)
    except (Malformed, RecursionError):
        return
    # What it takes, the standard library takes too, and means the same but for numbers.
    assert json.loads(raw, parse_int=str, parse_float=str) == tree


@BYTES
@given(st.one_of(st.binary(max_size=300), st.text("a=&%+;01fF", max_size=60).map(str.encode)))
def test_the_query_parser_takes_any_bytes(raw: bytes) -> None:
    try:
        assert all(isinstance(value, str) for value in parse_query(raw).values())
    except Malformed:
        return


@BYTES
@given(st.one_of(st.text(max_size=60), st.text("0123456789.-+eE", max_size=45)))
def test_a_decimal_is_exact_or_refused(text: str) -> None:
    try:
        value = parse_decimal(text)
    except Malformed:
        return
    assert text.isascii()
    assert len(text) <= 40
    with localcontext() as context:
        context.prec = 200
        assert Decimal(value.digits) == Decimal(text) * Decimal(10) ** value.places


@BYTES
@given(
    st.one_of(
        st.text(max_size=200),
        st.lists(
            st.sampled_from(
                ["id=", "ts=", "sig=", "nonce=", ",", "a", "1", " ", "=", "\0", "١"]
            ),
            max_size=20,
        ).map(lambda parts: "deri-hmac-sha256 " + "".join(parts)),
    )
)
def test_the_signature_parser_takes_any_text(header: str) -> None:
    code, timestamp_ms = 0, 0
    try:
        timestamp_ms = parse_signature(header).timestamp_ms
    except RpcError as error:
        code = error.code
    assert code in (0, 13_009)
    assert 0 <= timestamp_ms < 10**15


def test_every_nasty_is_taken_or_refused_by_the_decoder_as_the_table_says() -> None:
    for nasty in NASTIES:
        try:
            parse_json(nasty.raw.encode("utf-8", "surrogatepass"))
            is_taken = True
        except (Malformed, RecursionError):
            is_taken = False
        assert is_taken == nasty.is_json, nasty.raw[:80]
