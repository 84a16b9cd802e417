"""Logarithms of probabilities by interval arithmetic: as they are written, at a precision beyond what is lost."""
from fractions import Fraction

from mpmath import iv

from mpmath_interval import exp, interval, log
from rounding import Unaffordable


def binades(number):
    """About how many binades a positive rational lies below 1."""
    return max(number.denominator.bit_length() - number.numerator.bit_length(), 0)


def set_bits(bits, most_bits):
    if bits > most_bits:
        raise Unaffordable
    iv.prec = bits


def logarithms(leaf):
    """(head, tail) of Σ c·(-log p)."""
    def tail(precision, tiny, most_bits):
        lost = max(binades(min(p, 1 - p)) for _, p in leaf.terms)
        set_bits(precision + 2 * lost + 40, most_bits)
        return sum((-interval(c) * log(interval(p)) for c, p in leaf.terms), iv.zero)
    return Fraction(0), tail


def complement(leaf):
    """(head, tail) of c·(-log(1 - e^l)) or c·e^l/(1 - e^l) beside the head."""
    def tail(precision, tiny, most_bits):
        gap = -leaf.number
        set_bits(precision + 2 * binades(gap) + int(gap * 3) + 40, most_bits)
        power = exp(interval(leaf.number))
        value = power / (1 - power) if leaf.kind == "gradient" else -log(1 - power)
        return interval(leaf.coefficient) * value
    return leaf.head, tail
