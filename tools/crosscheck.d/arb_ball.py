"""Balls of rationals, and functions that keep relative accuracy near 0."""
from flint import arb, ctx

ONE = arb(1)


def ball(fraction):
    numerator, denominator = fraction.numerator, fraction.denominator
    if denominator == 1:
        return arb(numerator)
    if denominator & (denominator - 1) == 0:
        return arb((numerator, 1 - denominator.bit_length()))
    return arb(numerator) / arb(denominator)


def log(base, complement):
    """log(base) for base = 1 - complement, from the smaller of the two."""
    return base.log() if complement > base else (-complement).log1p()


def log1p_minus(s):
    """log(1 + s) - s for s > 0, which is about -s²/2.

    The difference loses log2(1/s) bits. Where that is all of them, the alternating series bounds
    it: -s²/2 < log(1 + s) - s < -s²/2 + s³/3.
    """
    if not s > arb((1, -ctx.prec)) and s > 0:
        square = s * s / 2
        return -square + square * s * 2 / 3 * arb(0.5, 0.5)
    return s.log1p() - s
