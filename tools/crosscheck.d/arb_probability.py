"""Logarithms of probabilities in ball arithmetic: beside 1 an exact head d = 1 - p, and what is beyond."""
from fractions import Fraction

from flint import arb, ctx

from arb_ball import ONE, ball


def logarithms(leaf):
    """(head, tail) of Σ c·(-log p)."""
    near = [(c, 1 - p) for c, p in leaf.terms if p >= Fraction(1, 2)]
    far = [(c, p) for c, p in leaf.terms if p < Fraction(1, 2)]
    head = sum((c * d for c, d in near), Fraction(0))
    return head, lambda: (sum((ball(c) * rest(ball(d)) for c, d in near), arb(0))
                          - sum((ball(c) * ball(p).log() for c, p in far), arb(0)))


def rest(d):
    """-log(1 - d) - d for d in (0, 1/2], between d²/2 and d²/2 + 2d³/3."""
    if d < arb((1, -ctx.prec)):
        return d * d / 2 + d * d * d * arb(1) / 3 * arb(1, 1)
    return -(-d).log1p() - d


def complement(leaf):
    """(head, tail) of c·(-log(1 - e^l)) or c·e^l/(1 - e^l) beside the head."""
    def tail():
        l, c = ball(leaf.number), ball(leaf.coefficient)
        if leaf.kind == "gradient":
            return c * l.exp() / -l.expm1()
        return -c * ((-l.exp()).log1p() if leaf.number < -1 else (-l.expm1()).log())
    return leaf.head, tail
