"""Entropies and divergences in ball arithmetic, arranged so that what is far below the greatest keeps its sign: with d
and e the distances of both rows to their greatest, n how many attain it, S the sum of the other e^-d and
L = log n + log1p(S/n),

    entropy          L + Σ p d
    divergence       D + [Lp - Lq + Σ' q (d - e - D)], D the mean of d over the greatest of the other row
    mean divergence  ½ Σ p l(r) + ½ Σ q l(-r), r = log(p/q), l(r) = log(2/(1 + e^-r)) = log1p(tanh(r/2))
    its gradient     ½ p_i Σ p_j (l_i - l_j)
"""
from fractions import Fraction

from flint import arb

from arb_ball import ONE, ball

LIMIT = 1 << 14
ZERO = Fraction(0)


class Balls:
    """The balls of a row at ctx.prec."""

    def __init__(self, gaps):
        counted = [gap for gap in gaps if gap is not None]
        n = counted.count(0)
        self.e = [None if gap is None else ONE if gap == 0 else (-ball(gap)).exp() for gap in gaps]
        s = sum((e for e, gap in zip(self.e, gaps) if gap), arb(0))
        self.z = s + n
        self.l = s.log1p() if n == 1 else arb(n).log() + (s / n).log1p()


def parts(leaf):
    """(head, tail: a function without arguments)."""
    if leaf.kind == "entropy":
        return ZERO, lambda: entropy(leaf.p)
    if leaf.kind == "js-divergence":
        return ZERO, lambda: mean_divergence(leaf.p, leaf.q)
    if leaf.kind == "js-divergence-gradient":
        return ZERO, lambda: mean_gradient(leaf.p, leaf.q, leaf.index)
    greatest = [d for d, e in zip(leaf.p, leaf.q) if e == 0]
    head = sum(greatest, ZERO) / len(greatest)
    return head, lambda: divergence(leaf, head)


def extra(leaf):
    """The bits that the arguments take."""
    return max(int(gap).bit_length() for row in (leaf.p, leaf.q or ()) for gap in row
               if gap is not None)


def entropy(gaps):
    b = Balls(gaps)
    return b.l + sum((ball(gap) * e for gap, e in zip(gaps, b.e) if gap), arb(0)) / b.z


def divergence(leaf, head):
    is_divergence = leaf.kind == "kl-divergence"
    p, q = Balls(leaf.p), Balls(leaf.q)
    others = arb(0)
    for d, e, power in zip(leaf.p, leaf.q, q.e):
        if e:
            factor = d - head - (e if is_divergence else 0)
            if factor:
                others += ball(factor) * power
    return p.l - (q.l if is_divergence else 0) + others / q.z


def share(d, e, logarithms):
    """log(2/(1 + e^-r)), r = e - d + (Lq - Lp); log 2 where the other has no probability."""
    if e is None:
        return arb(2).log()
    r = ball(e - d) + logarithms
    if abs(r) < 1:
        return (r / 2).tanh().log1p()
    return arb(2).log() - (-r).exp().log1p()


def mean_divergence(d, e):
    p, q = Balls(d), Balls(e)
    total = arb(0)
    for own, other, a, b in zip(d, e, p.e, q.e):
        if own is not None:
            total += a / p.z * share(own, other, q.l - p.l)
        if other is not None:
            total += b / q.z * share(other, own, p.l - q.l)
    return total / 2


def mean_gradient(d, e, index):
    p, q = Balls(d), Balls(e)

    def ratio(place):
        return None if e[place] is None else d[place] - e[place]
    own = share(d[index], e[index], q.l - p.l)
    total = arb(0)
    for place, gap in enumerate(d):
        if gap is not None and ratio(place) != ratio(index):
            total += p.e[place] * (own - share(gap, e[place], q.l - p.l))
    return p.e[index] / p.z * total / p.z / 2
