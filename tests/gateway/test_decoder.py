"""Text becomes exact integers or is refused (exchange/gateway/decoder.py)."""

from decimal import Decimal as Exact

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.gateway.decoder import (
    Count,
    Decimal,
    Flag,
    Malformed,
    Millis,
    Names,
    Number,
    Text,
    convert_field,
    format_scaled,
    parse_decimal,
    parse_json,
    parse_query,
    to_steps,
)


@given(st.integers(-(10**15), 10**15), st.integers(0, 12))
def test_a_formatted_number_parses_to_itself(value: int, places: int) -> None:
    text = format_scaled(value, places)

    parsed = parse_decimal(text)

    assert Exact(parsed.digits).scaleb(-parsed.places) == Exact(value).scaleb(-places)


@given(st.integers(1, 1 << 31), st.sampled_from([1, 100, 100_000, 1_000_000, 10_000_000]))
def test_steps_survive_the_way_out_and_back(steps: int, step_e8: int) -> None:
    text = format_scaled(steps * step_e8, 8)

    assert to_steps(parse_decimal(text), step_e8) == steps


@given(
    st.decimals(
        allow_nan=False, allow_infinity=False, places=9, min_value=-(10**9), max_value=10**9
    )
)
def test_a_value_off_the_grid_is_refused_not_rounded(value: Exact) -> None:
    fixed = parse_decimal(f"{value:f}")
    on_grid = value % Exact("0.1") == 0

    if on_grid:
        assert Exact(to_steps(fixed, 10_000_000)) / 10 == value
    else:
        with pytest.raises(Malformed, match=r"multiple of 0\.1"):
            to_steps(fixed, 10_000_000)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " 1",
        "1 ",
        "+1",
        "01",
        ".5",
        "5.",
        "1_000",
        "1,000",
        "0x10",
        "NaN",
        "Infinity",
        "-",
        "1e999",
        "1e19",
        "1e",
        "--1",
        "１２",
        "٣",
        "1" * 41,
        "0." + "0" * 40,
        "1\n",
        "1\x00",
    ],
)
def test_what_is_not_a_plain_ascii_number_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        parse_decimal(text)


def test_exponents_are_exact() -> None:
    assert parse_decimal("1e-7") == Decimal(1, 7)
    assert parse_decimal("12.5E3") == Decimal(12_500, 0)


def test_a_huge_number_of_steps_is_refused() -> None:
    with pytest.raises(Malformed, match="smaller"):
        to_steps(parse_decimal("9" * 30), 100)


def test_json_numbers_keep_their_text() -> None:
    tree = parse_json(b'{"amount": 0.1000000000000000055511151231257827, "n": 3}')

    assert tree == {"amount": "0.1000000000000000055511151231257827", "n": "3"}
    assert isinstance(tree, dict)
    assert type(tree["n"]) is Number


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"nope",
        b'{"a":1,"a":2}',
        b'{"a":{"b":1,"b":1}}',
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"a":-Infinity}',
        b'{"a":01}',
        b'{"a":1}x',
        b"\xff\xfe{}",
        b'{"a":"\xff"}',
        b'{"a":"\\ud800"}',
        b'{"\\udfff":1}',
        b'{"a":"tab\there"}',
        b"[" * 17 + b"]" * 17,
        b"[" * 10_000,
        b'{"a":' * 9_000,
        b'{"n":' + b"9" * 41 + b"}",
        b" " * 32_769,
    ],
)
def test_json_that_is_not_strict_is_refused(raw: bytes) -> None:
    with pytest.raises(Malformed):
        parse_json(raw)


def test_brackets_inside_strings_are_not_depth() -> None:
    assert parse_json(b'{"a":"' + b"[{" * 50 + b'"}') == {"a": "[{" * 50}


@given(
    st.recursive(
        st.none() | st.booleans() | st.text(max_size=5),
        lambda c: st.lists(c, max_size=3) | st.dictionaries(st.text(max_size=3), c, max_size=3),
        max_leaves=12,
    )
)
def test_strict_json_comes_through_unchanged(tree: object) -> None:
    import json

    try:
        raw = json.dumps(tree).encode()
        raw.decode().encode("utf-8")
        json.dumps(tree, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return

    assert parse_json(raw) == tree


def test_a_query_is_a_flat_tree_of_texts() -> None:
    assert parse_query(b"instrument_name=BTC_USDC-PERPETUAL&amount=0.01&label=a%20b") == {
        "instrument_name": "BTC_USDC-PERPETUAL",
        "amount": "0.01",
        "label": "a b",
    }


@pytest.mark.parametrize(
    "raw", [b"a=1&a=2", b"a", b"a=%ff", b"a=\xff", b"&".join(b"k%d=1" % i for i in range(65))]
)
def test_a_malformed_query_is_refused(raw: bytes) -> None:
    with pytest.raises(Malformed):
        parse_query(raw)


def names(value: object) -> tuple[str, ...]:
    converted = convert_field(Names, value)
    assert isinstance(converted, Names)
    return converted.items


def test_fields_come_as_json_or_as_query_text() -> None:
    assert convert_field(Flag, True) == convert_field(Flag, "true") == 1
    assert convert_field(Count, Number("12")) == convert_field(Count, "12") == 12
    assert (
        convert_field(Decimal, Number("0.5")) == convert_field(Decimal, "0.5") == Decimal(5, 1)
    )
    assert names(["a", "b"]) == names('["a","b"]') == ("a", "b")
    assert names("a") == ("a",)
    assert convert_field(Text, "Größe 🚀") == "Größe 🚀"


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Flag, "True"),
        (Flag, Number("1")),
        (Flag, None),
        (Count, "-1"),
        (Count, "1.0"),
        (Count, "1" * 20),
        (Count, True),
        (Decimal, True),
        (Decimal, None),
        (Decimal, ["1"]),
        (Millis, "4102444800001"),
        (Text, Number("5")),
        (Text, "a\x00b"),
        (Text, "a\nb"),
        (Text, "x" * 257),
        (Names, ["a", Number("1")]),
        (Names, [["a"]]),
        (Names, {"a": "b"}),
        (Names, ["x"] * 501),
    ],
)
def test_fields_of_another_kind_are_refused(kind: type, value: object) -> None:
    with pytest.raises(Malformed):
        convert_field(kind, value)
