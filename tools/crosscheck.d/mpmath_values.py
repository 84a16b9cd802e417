"""The second backend: interval arithmetic (mpmath), each value by its textbook formula.

No formula here is arranged to keep digits. log Σ e^x is that, a probability is e^x over the sum,
and 1 - p is a subtraction: the precision is simply set above the whole spread of the logits. Where
the spread is beyond that, and the loss has no squared or focal term, the logits far below the
maximum are moved up to a distance at which they are still too small to matter, and only the sign
of what they add is used.
"""
from fractions import Fraction

from mpmath import iv

import mpmath_binary
import mpmath_capped
import mpmath_distributions
import mpmath_probability
import mpmath_row
import mpmath_shards
from mpmath_interval import interval, power
from problems import (Binary, Capped, Complement, Distributions, Entry, Jacobian, Logarithms, Power,
                      Shards, Sum)
from rounding import Unaffordable, Value

MOST_BITS = 40_000  # of precision spent on one value


def value_of(leaf, most_bits=MOST_BITS):
    """The Value of a leaf; its tail raises Unaffordable where the spread is too wide."""
    if isinstance(leaf, str):
        return Value(special=leaf)
    head, tail = parts(leaf)
    if tail is None:
        return Value(head)

    def enclosure(precision, tiny):
        if precision > most_bits:
            raise Unaffordable
        return tail(precision, tiny, most_bits)
    return Value(head, lambda *request: ends(enclosure(*request)))


def parts(leaf):
    """(head, tail as a function of (precision, tiny, most_bits) that returns an interval, or None).

    The tail must be given to 2^-tiny at least, and beyond that by its sign.
    """
    if isinstance(leaf, Fraction):
        return leaf, None
    if isinstance(leaf, Sum):
        pairs = [parts(part) for part in leaf.leaves]
        head = sum((head for head, _ in pairs), Fraction(0))
        tails = [tail for _, tail in pairs if tail is not None]

        def tail(*request):
            return sum((part(*request) for part in tails), iv.zero)
        tail = tail if tails else None
    elif isinstance(leaf, Power):
        def tail(precision, tiny, most_bits):
            iv.prec = precision
            return power(interval(leaf.base), leaf.exponent)
        head = Fraction(0)
    elif isinstance(leaf, Entry):
        head, tail = mpmath_row.parts(leaf.row, leaf.kind, leaf.index)
    elif isinstance(leaf, Shards):
        head, tail = mpmath_shards.parts(leaf)
    elif isinstance(leaf, Distributions):
        head, tail = mpmath_distributions.parts(leaf)
    elif isinstance(leaf, Jacobian):
        head, tail = mpmath_row.jacobian(leaf.row, leaf.numbers, leaf.index)
    elif isinstance(leaf, Logarithms):
        head, tail = mpmath_probability.logarithms(leaf)
    elif isinstance(leaf, Complement):
        head, tail = mpmath_probability.complement(leaf)
    elif isinstance(leaf, Capped):
        head, tail = Fraction(0), mpmath_capped.tail(leaf)
    elif isinstance(leaf, Binary):
        head, tail = mpmath_binary.parts(leaf)
    if tail is None or leaf.scale == 1:
        return head * leaf.scale, tail
    # A scale below 1 cannot make a tail matter that did not; one above 1 asks for more.
    more = max(abs(leaf.scale).numerator.bit_length() - leaf.scale.denominator.bit_length() + 1, 0)
    return head * leaf.scale, lambda precision, tiny, most_bits: (
        tail(precision, tiny + more, most_bits) * interval(leaf.scale))


def ends(enclosed):
    """The two ends as (mantissa, exponent), or None if one is not finite."""
    result = []
    for sign, mantissa, exponent, bits in enclosed._mpi_:
        if bits < 0 or (not mantissa and exponent):
            return None
        result.append((-int(mantissa) if sign else int(mantissa), int(exponent)))
    return tuple(result)
