"""The first backend: ball arithmetic (Arb), each value as an exact head and a tail whose formula
has no cancellation, so that a tail of e^-1e300 keeps its sign and its digits.

Arb's exponents are unbounded; only the precision must exceed the bits of the largest argument.
"""
from fractions import Fraction

from flint import arb, ctx

import arb_binary
import arb_capped
import arb_distributions
import arb_probability
import arb_row
import arb_shards
from arb_ball import ball
from problems import (Binary, Capped, Complement, Distributions, Entry, Jacobian, Logarithms, Power,
                      Shards, Sum)
from rounding import Value


def value_of(leaf):
    """The Value of a leaf."""
    if isinstance(leaf, str):
        return Value(special=leaf)
    head, tail, extra = parts(leaf)
    if tail is None:
        return Value(head)
    limit = arb_capped.LIMIT if arb_capped.concerns(leaf) else 1 << 20
    if isinstance(leaf, Distributions):
        limit = arb_distributions.LIMIT
    return Value(head, lambda precision, tiny: enclosure(tail, precision), extra, limit=limit)


def parts(leaf):
    """(head, tail as a function that returns a ball at ctx.prec, or None, extra precision)."""
    if isinstance(leaf, Fraction):
        return leaf, None, 0
    if isinstance(leaf, Power):
        return Fraction(0), lambda: ball(leaf.scale) * (
            ball(leaf.exponent) * ball(leaf.base).log()).exp(), 0
    if isinstance(leaf, Sum):
        heads, tails, extras = zip(*map(parts, leaf.leaves)) if leaf.leaves else ((), (), (0,))
        head, extra = sum(heads, Fraction(0)), max(extras)
        tails = [tail for tail in tails if tail is not None]
        tail = (lambda: sum((part() for part in tails), arb(0))) if tails else None
    elif isinstance(leaf, Entry):
        head, tail = arb_row.parts(leaf.row, leaf.kind, leaf.index)
        extra = (int(max(leaf.row.gaps))).bit_length()
    elif isinstance(leaf, Shards):
        head, tail = arb_shards.parts(leaf)
        extra = arb_shards.extra(leaf)
    elif isinstance(leaf, Distributions):
        head, tail = arb_distributions.parts(leaf)
        extra = arb_distributions.extra(leaf)
    elif isinstance(leaf, Jacobian):
        head, tail = arb_row.jacobian(leaf.row, leaf.numbers, leaf.index)
        extra = (int(max(leaf.row.gaps))).bit_length()
    elif isinstance(leaf, Logarithms):
        head, tail = arb_probability.logarithms(leaf)
        extra = 0
    elif isinstance(leaf, Complement):
        head, tail = arb_probability.complement(leaf)
        extra = int(abs(leaf.number)).bit_length()
    elif isinstance(leaf, Capped):
        head, tail = Fraction(0), arb_capped.tail(leaf)
        extra = arb_capped.extra(leaf.row)
    elif isinstance(leaf, Binary):
        head, tail = arb_binary.parts(leaf)
        extra = int(abs(leaf.logit)).bit_length()
    if leaf.scale == 1 or tail is None:
        return head * leaf.scale, tail, extra
    scale = leaf.scale
    return head * scale, lambda: ball(scale) * tail(), extra


def enclosure(tail, precision):
    ctx.prec = precision
    result = tail()
    if not result.is_finite():
        return None
    low, high = result.lower().man_exp(), result.upper().man_exp()
    return (int(low[0]), int(low[1])), (int(high[0]), int(high[1]))
