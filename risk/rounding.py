"""The only places where money is rounded, exact for every product of two 62-bit integers.

ROUND-001  mul_div_floor(a, b, d) = floor(a * b / d) and mul_div_ceil = ceil(a * b / d),
           exactly, for |a| < 2^62, 0 <= b < 2^62, 0 < d < 2^61, when the result fits 62 bits.
ROUND-002  compare_products(a, b, c, d) = sign(a * b - c * d), exactly, for |values| < 2^62.

NumPy arrays and Numba wrap silently when int64 overflows, so products are formed in limbs.
"""

from numba import njit

_SAFE = 1 << 62
_HALF = 31
_HALF_MASK = (1 << _HALF) - 1
_LIMB = 62
_LIMB_MASK = (1 << _LIMB) - 1


@njit(cache=True, nogil=True)
def mul_div_floor(a: int, b: int, d: int) -> int:
    """floor(a * b / d).

    Parameters: a int64, any sign; b int64 >= 0; d int64 > 0 (ROUND-001).

    >>> mul_div_floor(7, 3, 2), mul_div_floor(-7, 3, 2)
    (10, -11)
    """
    whole = a // d
    rest = a % d
    if b <= _HALF_MASK and rest <= _HALF_MASK:
        return whole * b + rest * b // d
    if rest == 0 or b <= _SAFE // rest:
        return whole * b + rest * b // d
    return whole * b + _long_mul_div(rest, b, d)[0]


@njit(cache=True, nogil=True)
def mul_div_ceil(a: int, b: int, d: int) -> int:
    """ceil(a * b / d); the arguments are those of mul_div_floor.

    >>> mul_div_ceil(7, 3, 2), mul_div_ceil(-7, 3, 2)
    (11, -10)
    """
    return -mul_div_floor(-a, b, d)


@njit(cache=True, nogil=True)
def mul_div_remainder(a: int, b: int, d: int) -> int:
    """a * b - d * floor(a * b / d), in 0..d-1: what mul_div_floor leaves.

    >>> mul_div_remainder(7, 3, 2), mul_div_remainder(2**61, 2**61, 10**9)
    (1, 121378304)
    """
    rest = a % d
    if rest == 0 or b <= _SAFE // rest:
        return rest * b % d
    return _long_mul_div(rest, b, d)[1]


@njit(cache=True, nogil=True)
def compare_products(a: int, b: int, c: int, d: int) -> int:
    """Sign of a * b - c * d: -1, 0 or 1 (ROUND-002).

    >>> compare_products(2**61, 3, 2**60, 6), compare_products(-(2**61), 3, 1, 1)
    (0, -1)
    """
    left_sign = _sign(a) * _sign(b)
    right_sign = _sign(c) * _sign(d)
    if left_sign != right_sign:
        return 1 if left_sign > right_sign else -1
    left_high, left_low = _product(abs(a), abs(b))
    right_high, right_low = _product(abs(c), abs(d))
    if left_high != right_high:
        return left_sign if left_high > right_high else -left_sign
    if left_low != right_low:
        return left_sign if left_low > right_low else -left_sign
    return 0


@njit(cache=True, nogil=True)
def _sign(value: int) -> int:
    if value > 0:
        return 1
    return -1 if value < 0 else 0


@njit(cache=True, nogil=True)
def _product(a: int, b: int) -> tuple[int, int]:
    """(high, low) with a * b = high * 2^62 + low, for 0 <= a, b < 2^62."""
    a_high = a >> _HALF
    a_low = a & _HALF_MASK
    b_high = b >> _HALF
    b_low = b & _HALF_MASK
    middle = a_high * b_low + a_low * b_high  # < 2^63
    low = a_low * b_low + ((middle & _HALF_MASK) << _HALF)  # < 2^63
    high = a_high * b_high + (middle >> _HALF) + (low >> _LIMB)
    return high, low & _LIMB_MASK


@njit(cache=True, nogil=True)
def _long_mul_div(a: int, b: int, d: int) -> tuple[int, int]:
    """(quotient, remainder) of a * b / d for 0 <= a < d, as many bits of b at once as fit."""
    width = 0
    while (d >> width) > 0:
        width += 1
    step = _LIMB - width
    assert step > 0, "divisor too large"
    quotient = 0
    remainder = 0
    position = _LIMB
    while position > 0:
        taken = min(step, position)
        position -= taken
        digits = (b >> position) & ((1 << taken) - 1)
        value = (remainder << taken) + a * digits
        quotient = (quotient << taken) + value // d
        remainder = value % d
    return quotient, remainder
