"""What every source gives: one quote for one underlying, in integers."""

from decimal import Decimal, InvalidOperation
from typing import NamedTuple, Protocol

E8_DIGITS = 8
PRICE_E8_MAX = 10**17
NUMBER_TEXT_MAX = 40


class SourceError(Exception):
    """No usable price now. The reporter says nothing and tries again."""


class Quote(NamedTuple):
    """One price as one source saw it."""

    price_e8: int  # quote per unit of the underlying x 10^8, > 0
    confidence_e8: int  # half the width of what the source holds possible, >= 0
    publish_time_ns: int  # ns since the epoch


class Source(Protocol):
    """Anything that quotes. Implementations hold no state that the next quote depends on."""

    async def quote(self, underlying: str) -> Quote:
        """The price of an underlying ("BTC") now. Raises SourceError when there is none."""
        ...


def price_from_text(text: str) -> int:
    """A decimal number as an integer x 10^8, without ever being a binary float.

    Rounds half to even below 10^-8. Raises SourceError for anything that is not a positive,
    finite number of ordinary size.

    >>> price_from_text("41250.50")
    4125050000000
    >>> price_from_text("4.12505e4")
    4125050000000
    """
    if len(text) > NUMBER_TEXT_MAX or not text.isascii() or "_" in text:
        raise SourceError(f"Expected a decimal number, was {text[:NUMBER_TEXT_MAX]!r}")
    try:
        value = Decimal(text)
    except InvalidOperation as error:
        raise SourceError(f"Expected a decimal number, was {text!r}") from error
    if not value.is_finite() or value <= 0:
        raise SourceError(f"Expected a positive price, was {text!r}")
    # adjusted() is the exponent of the leading digit: bounds it before any digit is expanded.
    if not -E8_DIGITS <= value.adjusted() < len(str(PRICE_E8_MAX)) - E8_DIGITS:
        raise SourceError(f"Expected a price of ordinary size, was {text!r}")
    price_e8 = int(value.scaleb(E8_DIGITS).to_integral_value())
    if not 0 < price_e8 <= PRICE_E8_MAX:
        raise SourceError(f"Expected a price of ordinary size, was {text!r}")
    return price_e8
