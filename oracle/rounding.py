"""The one product of the oracle that rounds: a fraction of a price, within 63 bits."""

from numba import njit


@njit(cache=True, nogil=True)
def fraction_floor(value: int, rate: int, scale: int) -> int:
    """floor(value x rate / scale), exact, with every intermediate below 63 bits.

    value : price x 10^8, 0 .. 10^17
    rate : parts per scale, 0 .. scale x 10
    scale : 10^6 (ppm) or 10^9 (ppb)

    Two percent of one million dollars:

    >>> int(fraction_floor(100_000_000_000_000, 20_000, 1_000_000))
    2000000000000
    """
    return (value // scale) * rate + (value % scale) * rate // scale
