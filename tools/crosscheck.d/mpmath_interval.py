"""Intervals of rationals, and functions whose ends are moved outwards by a few units."""
from fractions import Fraction

from mpmath import iv
from mpmath.libmp import from_man_exp, fzero, mpf_sign

from rounding import Unaffordable


def interval(fraction):
    return iv.mpf(fraction.numerator) / fraction.denominator


def dyadic(mantissa, exponent):
    end = from_man_exp(mantissa, exponent)
    return iv.make_mpf((end, end))


def sign(enclosed):
    """1 or -1 if that is certain, else 0. (Comparing intervals that overlap raises.)"""
    low, high = map(mpf_sign, enclosed._mpi_)
    return 1 if low > 0 else -1 if high < 0 else 0


def slack():
    """A factor that covers the last bits of a function which is accurate, but not proven so."""
    small = dyadic(1, 4 - iv.prec)
    return 1 + iv.mpf([-1, 1]) * small


def exp(x):
    return iv.exp(x) * slack()


def log(x):
    return iv.log(x) * slack()


def power(base, exponent):
    return exp(interval(exponent) * log(base))


class Spread:
    """How far apart logits may be: beyond `nats` they only count by sign, 2^-tiny being enough.

    A distance of `nats` leaves less than error() of the value, coefficients and classes included.
    """

    def __init__(self, tiny, size, clampable):
        self.tiny = tiny
        bits = tiny + 40 + int(size).bit_length()
        self.nats = Fraction(7 * bits, 10) if clampable else None  # 0.7 > log 2

    def clamp(self, gap):
        return gap if self.nats is None else min(gap, self.nats)

    def error(self):
        return dyadic(1, -self.tiny - 30) * iv.mpf([-1, 1])

    def widened(self, tail, clamped):
        """The tail with what clamping may have changed; the sign, which it cannot, is kept."""
        if not clamped:
            return tail
        wide = tail + self.error()
        if sign(wide) or not sign(tail):
            return wide
        low, high = wide._mpi_
        return iv.make_mpf((fzero, high) if sign(tail) > 0 else (low, fzero))


def set_precision(precision, gap, most_bits):
    """Enough for e^-gap beside 1, and `precision` bits more."""
    bits = precision + int(gap * 3 / 2) + 40 + int(gap).bit_length()
    if bits > most_bits:
        raise Unaffordable
    iv.prec = bits
