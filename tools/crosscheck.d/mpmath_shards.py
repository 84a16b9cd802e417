"""Shards in interval arithmetic, by the textbook: log(Σ s e^(m - M)), at a precision above the spread of the maxima."""
from fractions import Fraction

from mpmath import iv

from mpmath_interval import exp, interval, log
from rounding import Unaffordable


def parts(leaf):
    """(head, tail as a function of (precision, tiny, most_bits), or None)."""
    greatest = max(leaf.maxima)
    pairs = list(zip(leaf.maxima, leaf.sums))
    if all(m == greatest for m, _ in pairs):
        own = sum(leaf.sums, Fraction(0))
        if leaf.kind == "sum":
            return own, None
        if own == 1:
            return greatest - leaf.target, None
    size = max(s.denominator.bit_length() + s.numerator.bit_length() for s in leaf.sums)
    spread = 2 * int(greatest - min(leaf.maxima)) + size

    def tail(precision, tiny, most_bits):
        if precision + spread > most_bits:
            raise Unaffordable
        iv.prec = precision + spread
        return sum((interval(s) * exp(interval(m - greatest)) for m, s in pairs), iv.zero)
    if leaf.kind == "sum":
        return Fraction(0), tail
    return greatest - leaf.target, lambda *request: log(tail(*request))
