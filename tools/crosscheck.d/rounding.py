"""The rounding of an enclosed value: Ziv's loop on an exact head and an enclosed tail.

A value is head + tail. The head is a rational, kept exactly. The tail is a transcendental number
that can be enclosed at any precision. softplus(1e300) is 1e300 + e^-1e300: no precision shows both
at once, but where the tail cannot reach the nearest breakpoint, its sign alone decides.
"""
from fractions import Fraction


class Undecided(Exception):
    """Both ends of every enclosure tried rounded apart."""


class Unaffordable(Exception):
    """The enclosure asked for is beyond what this check spends on one value."""


class Value:
    """A result before rounding.

    special is "nan", "inf" or "-inf", or None. tail(precision, tiny) returns (low, high), each a
    dyadic (mantissa, exponent), or None where the enclosure failed; a tail of None is exactly
    zero, so that an enclosure may exclude its end at 0. Nothing below 2^-tiny needs to be told
    apart by its size. `extra` is how many bits of precision the arguments themselves take.
    """

    __slots__ = ("special", "head", "tail", "extra", "limit")

    def __init__(self, head=Fraction(0), tail=None, extra=0, special=None, limit=1 << 20):
        self.head, self.tail, self.extra, self.special = head, tail, extra, special
        self.limit = limit

    def rounded(self, format, direction):
        if self.special == "nan":
            return ("nan",)
        if self.special:
            return format.infinity(int(self.special == "-inf"))
        tiny = tiny_bits(self.head, format)
        if self.tail is None:
            return format.round(*shifted(self.head, (0, 0), tiny, tiny, 0), direction)
        precision = format.precision + 40
        while precision <= self.limit:
            ends = self.tail(precision, tiny)
            if ends is not None:
                low, high = (
                    format.round(*shifted(self.head, end, tiny, precision, side), direction)
                    for end, side in zip(ends, (1, -1)))
                if low == high:
                    return low
            precision += max(precision, self.extra)
        raise Undecided


def tiny_bits(head, format):
    """b such that no breakpoint lies strictly between head - 2^-b and head + 2^-b, except head.

    Breakpoints are multiples of g = 2^-breakpoint_bits, so that a head n/d which is not one of
    them is at least g/d away from them all (or 1/d, should g be above 1).
    """
    return max(format.breakpoint_bits, 0) + head.denominator.bit_length() + 1


def shifted(head, end, tiny, precision, side):
    """head + end as (mantissa, exponent, sticky), moved outwards where it is not exact.

    side is 1 for a lower end, -1 for an upper one: also the sign of the tail, should the end be
    zero, because the tail itself is not; 0 where there is no tail.
    """
    mantissa, exponent = end
    numerator, denominator = head.numerator, head.denominator
    dyadic = denominator & (denominator - 1) == 0
    if (side and mantissa == 0) or mantissa.bit_length() + exponent <= -tiny:
        sticky = (mantissa > 0) - (mantissa < 0) or side
        if dyadic:
            return numerator, 1 - denominator.bit_length(), sticky
        # Strictly between two multiples of 2^-tiny, and no breakpoint inside.
        return (numerator << tiny) // denominator, -tiny, 1
    if dyadic:
        scale = 1 - denominator.bit_length()
        if scale > exponent:
            return (numerator << (scale - exponent)) + mantissa, exponent, 0
        return numerator + (mantissa << (exponent - scale)), scale, 0
    places = max(tiny + precision, -exponent)
    near = (numerator << places) // denominator
    mantissa <<= exponent + places
    # The head is strictly between near and near + 1.
    return (near + mantissa, -places, 1) if side > 0 else (near + 1 + mantissa, -places, -1)
