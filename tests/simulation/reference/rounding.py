"""Rounding with unbounded integers: Python's // is the floor, and this the ceiling."""

PPM = 1_000_000
PPB = 1_000_000_000
NANO = 1_000_000_000


def ceil_div(value: int, divisor: int) -> int:
    """The smallest integer that is not below value / divisor.

    >>> ceil_div(7, 2), ceil_div(-7, 2)
    (4, -3)
    """
    return -(-value // divisor)


def toward_zero(value: int, divisor: int) -> int:
    """value / divisor without its fraction, divisor > 0.

    >>> toward_zero(7, 2), toward_zero(-7, 2)
    (3, -3)
    """
    return value // divisor if value >= 0 else -(-value // divisor)


def ceil_ppm(value: int, rate_ppm: int) -> int:
    """A rate in parts per million of a value, rounded up."""
    return -(-value * rate_ppm // PPM)


def floor_ppm(value: int, rate_ppm: int) -> int:
    """A rate in parts per million of a value, rounded down."""
    return value * rate_ppm // PPM


def clamp(value: int, low: int, high: int) -> int:
    """The nearest integer to a value within low..high."""
    return min(max(value, low), high)
