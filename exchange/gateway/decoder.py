"""Untrusted text becomes exact integers here, and nowhere else.

Number texts are kept as text until a contract's tick and lot are known, so no float is ever
made.

DEC-001  a message is at most MESSAGE_BYTES_MAX bytes of UTF-8 and DEPTH_MAX levels deep.
DEC-002  duplicate keys, NaN, Infinity and lone surrogates are refused.
DEC-003  numbers are ASCII; exponents stay within EXPONENT_MAX; a text of more than
         NUMBER_CHARS_MAX characters is not a number.
DEC-004  a value that is not a whole number of steps is refused, never rounded.
"""

import json
import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from urllib.parse import parse_qsl

import msgspec

MESSAGE_BYTES_MAX = 32_768
DEPTH_MAX = 16
QUERY_FIELDS_MAX = 64
ITEMS_MAX = 500
TEXT_CHARS_MAX = 256
NUMBER_CHARS_MAX = 40
EXPONENT_MAX = 18
STEPS_MAX = 1 << 62
MILLIS_MAX = 4_102_444_800_000  # 2100-01-01

_NUMBER = re.compile(r"(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]{1,2}))?")
_COUNT = re.compile(r"0|[1-9][0-9]*")
_OPENERS = re.compile(r'"(?:[^"\\]|\\.)*"|[\[{\]}]')
_FORBIDDEN_CHARACTER = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")

_POWERS: tuple[int, ...] = tuple(10**power for power in range(64))


class Malformed(ValueError):
    """The text is not what the format or the field allows; the message says why."""


class Number(str):
    """The exact text of a JSON number."""

    __slots__ = ()


class Decimal:
    """digits x 10^-places: a schema field that holds a decimal number of either sign."""

    __slots__ = ("digits", "places")

    def __init__(self, digits: int, places: int) -> None:
        self.digits = digits
        self.places = places

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Decimal) and self._parts() == other._parts()

    def __hash__(self) -> int:
        return hash(self._parts())

    def __repr__(self) -> str:
        return f"Decimal(digits={self.digits}, places={self.places})"

    def _parts(self) -> tuple[int, int]:
        return self.digits, self.places


class Flag(int):
    """A schema field that holds true or false."""


class Count(int):
    """A schema field that holds a whole number within the bounds of its class."""

    least = 0
    most = (1 << 53) - 1  # what every JSON reader holds exactly


class PageSize(Count):
    """How many rows of a list are asked for."""

    least = 1
    most = 1_000


class Depth(Count):
    """How many levels of a book are asked for."""

    least = 1
    most = 10_000


class Millis(int):
    """A schema field that holds a time in milliseconds since the epoch."""


class Text(str):
    """A schema field that holds a short text without control characters."""

    __slots__ = ()


class Amounts:
    """A schema field that holds decimal numbers by name; in a query a JSON object."""

    __slots__ = ("items",)

    def __init__(self, items: Iterable[tuple[str, Decimal]]) -> None:
        self.items = tuple(items)


class Names:
    """A schema field that holds a list of texts; in a query a JSON list or one text."""

    __slots__ = ("items",)

    def __init__(self, items: Iterable[str]) -> None:
        self.items = tuple(items)


def parse_json(raw: bytes) -> object:
    """The tree of one message: dicts with unique keys, lists, str, Number, bool and None."""
    if len(raw) > MESSAGE_BYTES_MAX:
        raise Malformed(f"Expected at most {MESSAGE_BYTES_MAX} bytes, was {len(raw)}")
    try:
        text = raw.decode("utf-8")
        if raw.count(b"{") + raw.count(b"[") > DEPTH_MAX:
            _check_depth(text)
        tree: object = _DECODER.decode(text)
        if "\\u" in text:
            json.dumps(tree, ensure_ascii=False).encode("utf-8")
    except UnicodeError as error:
        raise Malformed("Expected valid UTF-8 without lone surrogates") from error
    except json.JSONDecodeError as error:
        raise Malformed(f"Expected JSON: {error.msg} at character {error.pos}") from error
    return tree


def parse_query(raw: bytes) -> dict[str, object]:
    """The parameters of a query string; every value is a text."""
    if len(raw) > MESSAGE_BYTES_MAX:
        raise Malformed(f"Expected at most {MESSAGE_BYTES_MAX} bytes, was {len(raw)}")
    if not raw:
        return {}
    try:
        pairs = parse_qsl(
            raw.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=QUERY_FIELDS_MAX,
        )
    except ValueError as error:
        raise Malformed(
            "Expected a query of name=value pairs in percent-encoded UTF-8"
        ) from error
    return _unique([(name, value) for name, value in pairs])


def parse_decimal(text: str) -> Decimal:
    """
    >>> parse_decimal("61659.70")
    Decimal(digits=6165970, places=2)
    >>> parse_decimal("1e-7")
    Decimal(digits=1, places=7)
    """
    match = _NUMBER.fullmatch(text) if len(text) <= NUMBER_CHARS_MAX else None
    if match is None:
        raise Malformed("must be a decimal number in ASCII digits")
    sign, whole, fraction, exponent = match.groups()
    fraction = fraction or ""
    power = int(exponent or 0)
    if abs(power) > EXPONENT_MAX:
        raise Malformed(f"must have an exponent of at most {EXPONENT_MAX}")
    digits = int(sign + whole + fraction)
    places = len(fraction) - power
    if places < 0:
        return Decimal(digits * _POWERS[-places], 0)
    return Decimal(digits, places)


def to_steps(value: Decimal, step_e8: int) -> int:
    """How many steps of step_e8 x 10^-8 the value is, exactly.

    >>> to_steps(parse_decimal("61659.7"), 10_000_000)
    616597
    """
    steps, remainder = divmod(value.digits * 100_000_000, _POWERS[value.places] * step_e8)
    if remainder:
        raise Malformed(f"must be a multiple of {format_scaled(step_e8, 8)}")
    if abs(steps) > STEPS_MAX:
        raise Malformed("must be a smaller number")
    return steps


def format_scaled(value: int, places: int) -> str:
    """value x 10^-places in ASCII, without trailing zeros.

    >>> format_scaled(6165970, 2), format_scaled(-5, 1), format_scaled(100, 2)
    ('61659.7', '-0.5', '1')
    """
    whole, fraction = divmod(abs(value), _POWERS[places])
    sign = "-" if value < 0 else ""
    if not fraction:
        return f"{sign}{whole}"
    return f"{sign}{whole}." + f"{fraction:0{places}d}".rstrip("0")


@lru_cache(maxsize=1 << 16)
def number(value: int, places: int) -> msgspec.Raw:
    """The same as a JSON number, ready to stand in an answer."""
    return msgspec.Raw(format_scaled(value, places).encode())


def encode(value: object) -> bytes:
    """The JSON of an answer."""
    return _ENCODER.encode(value)


def convert_field(kind: type, value: object) -> object:
    """One schema field from its JSON or query form (msgspec's dec_hook)."""
    return _CONVERTERS[kind](value)


def _plain(value: object) -> str:
    if isinstance(value, str):  # A Text or Number that is echoed.
        return str(value)
    raise NotImplementedError(f"Expected a JSON value, was {type(value).__name__}")


def _decimal(value: object) -> Decimal:
    if not isinstance(value, str):
        raise Malformed("must be a decimal number")
    return parse_decimal(value)


def _flag(value: object) -> Flag:
    if value is True or value == "true":
        return Flag(1)
    if value is False or value == "false":
        return Flag(0)
    raise Malformed("must be true or false")


def _count_of(kind: type[Count]) -> Callable[[object], Count]:
    def convert(value: object) -> Count:
        count = _whole(value)
        if not kind.least <= count <= kind.most:
            raise Malformed(f"must be from {kind.least} to {kind.most}")
        return kind(count)

    return convert


def _whole(value: object) -> int:
    if not isinstance(value, str) or len(value) > 19 or not _COUNT.fullmatch(value):
        raise Malformed("must be a whole number")
    return int(value)


def _millis(value: object) -> Millis:
    count = _whole(value)
    if count > MILLIS_MAX:
        raise Malformed("must be a time in milliseconds since 1970")
    return Millis(count)


def _text(value: object) -> Text:
    if not isinstance(value, str) or isinstance(value, Number):
        raise Malformed("must be a text")
    if len(value) > TEXT_CHARS_MAX or _FORBIDDEN_CHARACTER.search(value):
        reason = f"must be at most {TEXT_CHARS_MAX} characters without control characters"
        raise Malformed(reason)
    return Text(value)


def _names(value: object) -> Names:
    if isinstance(value, str) and value.startswith("["):
        value = parse_json(value.encode())
    items = value if isinstance(value, list) else [value]
    if len(items) > ITEMS_MAX:
        raise Malformed(f"must have at most {ITEMS_MAX} items")
    return Names(_text(item) for item in items)


def _amounts(value: object) -> Amounts:
    if isinstance(value, str) and value.startswith("{"):
        value = parse_json(value.encode())
    if not isinstance(value, dict):
        raise Malformed("must be an object of decimal numbers by name")
    if len(value) > ITEMS_MAX:
        raise Malformed(f"must have at most {ITEMS_MAX} items")
    return Amounts((str(_text(name)), _decimal(amount)) for name, amount in value.items())


_CONVERTERS: dict[type, Callable[[object], object]] = {
    Decimal: _decimal,
    Flag: _flag,
    Count: _count_of(Count),
    PageSize: _count_of(PageSize),
    Depth: _count_of(Depth),
    Amounts: _amounts,
    Millis: _millis,
    Text: _text,
    Names: _names,
}


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    tree = dict(pairs)
    if len(tree) != len(pairs):
        raise Malformed("Expected each key once")
    return tree


def _number_text(text: str) -> Number:
    if len(text) > NUMBER_CHARS_MAX:
        raise Malformed(f"Expected numbers of at most {NUMBER_CHARS_MAX} characters")
    return Number(text)


def _no_constant(name: str) -> object:
    raise Malformed(f"Expected JSON, was {name}")


def _check_depth(text: str) -> None:
    depth = 0
    for match in _OPENERS.finditer(text):
        bracket = match.group()
        if bracket in ("[", "{"):
            depth += 1
            if depth > DEPTH_MAX:
                raise Malformed(f"Expected at most {DEPTH_MAX} levels")
        elif bracket in ("]", "}"):
            depth -= 1


_ENCODER = msgspec.json.Encoder(enc_hook=_plain)
_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique,
    parse_float=_number_text,
    parse_int=_number_text,
    parse_constant=_no_constant,
)
