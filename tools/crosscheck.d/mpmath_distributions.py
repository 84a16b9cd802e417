"""Entropies and divergences in interval arithmetic, by the textbook: Σ p log(q/p) of rounded probabilities, at a precision
above the spread of the logits."""
from fractions import Fraction

from mpmath import iv

from mpmath_interval import exp, interval, log, set_precision

ZERO = Fraction(0)


def parts(leaf):
    """(head, tail as a function of (precision, tiny, most_bits))."""
    def tail(precision, tiny, most_bits):
        widest = max(gap for row in (leaf.p, leaf.q or ()) for gap in row if gap is not None)
        # Of a small value the digits are wanted, and of one that is not small the tail.
        set_precision(2 * precision + tiny, 2 * widest, most_bits)
        return value(leaf)
    return ZERO, tail


def shares(gaps):
    powers = [None if gap is None else exp(interval(-gap)) for gap in gaps]
    total = sum(power for power in powers if power is not None)
    return [None if power is None else power / total for power in powers]


def value(leaf):
    p = shares(leaf.p)
    if leaf.kind == "entropy":
        return -sum(a * log(a) for a in p if a is not None)
    q = shares(leaf.q)
    if leaf.kind == "kl-divergence":
        return sum(b * log(b / a) for a, b in zip(p, q) if b is not None)
    if leaf.kind == "cross-entropy":
        return -sum(b * log(a) for a, b in zip(p, q) if b is not None)
    means = [((a or iv.zero) + (b or iv.zero)) / 2 if a is not None or b is not None else None
             for a, b in zip(p, q)]
    of_p = [None if a is None else log(a / m) for a, m in zip(p, means)]
    expected = sum(a * l for a, l in zip(p, of_p) if a is not None)
    if leaf.kind == "js-divergence":
        return (expected + sum(b * log(b / m) for b, m in zip(q, means) if b is not None)) / 2
    return p[leaf.index] * (of_p[leaf.index] - expected) / 2
