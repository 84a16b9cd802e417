"""Shards in ball arithmetic: with M the greatest maximum, A the sum of the s there, exact, and R what the others add,
log Σ s e^m = M + log1p((A - 1) + R)."""
from fractions import Fraction

from flint import arb

from arb_ball import ball


def parts(leaf):
    """(head, tail: a function without arguments, or None if it is exactly zero)."""
    greatest = max(leaf.maxima)
    own = sum((s for m, s in zip(leaf.maxima, leaf.sums) if m == greatest), Fraction(0))
    others = [(s, greatest - m) for m, s in zip(leaf.maxima, leaf.sums) if m != greatest]

    def rest():
        return sum((ball(s) * (-ball(gap)).exp() for s, gap in others), arb(0))
    if leaf.kind == "sum":
        return own, rest if others else None
    if own == 1:
        return greatest - leaf.target, (lambda: rest().log1p()) if others else None
    return greatest - leaf.target, lambda: (ball(own - 1) + rest()).log1p()


def extra(leaf):
    """The bits that the arguments take."""
    return int(max(leaf.maxima) - min(leaf.maxima)).bit_length() + max(
        s.denominator.bit_length() + s.numerator.bit_length() for s in leaf.sums)
