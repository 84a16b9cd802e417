"""Families of logits. Each takes a Drawing and a count and returns that many numbers, the first of
which the caller may move; for one logit the count is 1. The names say what they attack.
"""
import math
from fractions import Fraction

from flint import arb, ctx

from drawing import ZERO, signed
from formats import NAN


def uniform(d, n):
    scale = d.random.choice((1, 10, 100))
    return [d.real(d.random.uniform(-scale, scale)) for _ in range(n)]


def normal(d, n):
    scale = d.random.choice((0.01, 1, 5, 30))
    return [d.real(d.random.gauss(0, scale)) for _ in range(n)]


def integers(d, n):
    return [d.nearest(float(d.random.randint(-8, 8))) for _ in range(n)]


def any_bits(d, n):
    return [d.bits() for _ in range(n)]


def huge_magnitude(d, n):
    """Near the largest number: every gap is either 0 or far beyond exp's range."""
    format = d.input
    if format.emax > 2000 and not d.chance(0.02):
        return giant(d, n)
    reach = min(format.largest_ordinal, 4 << format.fraction_bits)
    return [format.from_ordinal(d.random.getrandbits(1),
                                format.largest_ordinal - d.random.randint(0, reach))
            for _ in range(n)]


def giant(d, n):
    """About ±1e300, or as far as the format goes."""
    size = 10.0 ** d.random.randint(3, 300)
    return [d.real(size * d.random.uniform(-1, 1)) for _ in range(n)]


def all_tied(d, n):
    return [d.bits() if d.chance(0.3) else d.real(d.random.gauss(0, 20))] * n


def some_tied(d, n):
    """The maximum several times, the others below, some of them by very much."""
    top = d.random.uniform(-20, 20)
    ties = d.random.randint(1, n)
    depth = d.random.choice((1, 30, 800, 1e5, 1e30))
    first = d.real(top)
    return [first] * ties + [d.real(top - depth * d.random.random()) for _ in range(n - ties)]


def near_ties(d, n):
    first = d.real(d.random.gauss(0, 20))
    return [d.input.step(first, d.random.randint(-3, 3)) for _ in range(n)]


def exponential_edges(d, n):
    """Gaps about where e^-gap leaves the normal or subnormal range, or reaches half an ulp."""
    format = d.random.choice((d.input, d.output))
    edges = (format.emin, format.quantum - 1, format.emax + 1, -format.precision,
             -format.precision - 1)
    if d.random.getrandbits(1) and n > 1:
        base = d.random.choice((0.0, d.random.uniform(-50, 50)))
    else:
        base = 0.0
    result = [d.nearest(base)] if n > 1 else []
    while len(result) < n:
        edge = d.random.choice(edges) * math.log(2) + d.random.gauss(0, 1)
        sign = 1 if n == 1 else -1
        number = d.nearest(base + sign * (edge if n == 1 else abs(edge)))
        result.append(d.input.step(number, d.random.randint(-3, 3)))
    return result


def breakpoints(d, n):
    """A head on a breakpoint of the output format, and a tail from plain to invisible."""
    head = d.output_breakpoint()
    if d.random.getrandbits(1):
        head = -head
    first, gap = d.nearest(head), 2.0 ** d.random.uniform(0, 14)
    others = [d.nearest(head - Fraction(gap * d.random.uniform(0.5, 1))) for _ in range(n - 1)]
    return [first] + others


def inverse_breakpoints(d, n):
    """Logits whose value lies as near to a breakpoint of the output as the input format can say.

    With one logit, or two, the value is made a breakpoint by the inverse function: of the
    softplus, of the sigmoid, or of their negations.
    """
    goal = abs(d.output_breakpoint(-8, 3 if d.random.getrandbits(1) else -1))
    ctx.prec = 2 * d.input.precision + 40
    value = arb(goal.numerator) / goal.denominator
    if goal < 1 and d.random.getrandbits(1):
        logit = (value / (1 - value)).log()
    else:
        logit = value.expm1().log()
    mantissa, exponent = logit.mid().man_exp()
    number = d.nearest(Fraction(int(mantissa)) * Fraction(2) ** int(exponent))
    number = d.input.step(number, d.random.choice((0, 0, 0, 1, -1)))
    if d.random.getrandbits(1):
        number = signed(1 - number[0], number)
    if n == 1:
        return [number]
    rest = d.random.choice((40, 100, 2000, 10**6))
    return [ZERO, number] + [d.nearest(-rest * (1 + d.random.random())) for _ in range(n - 2)]


def subnormals(d, n):
    format, last = d.input, 2 << d.input.fraction_bits
    return [format.from_ordinal(d.random.getrandbits(1), d.random.randint(0, last))
            for _ in range(n)]


def confident(d, n):
    """One logit far above the others."""
    lead = d.random.choice((20, 50, 100, 400, 750, 1200)) * d.random.uniform(0.7, 1.3)
    return [d.real(lead)] + [d.real(d.random.gauss(0, 1)) for _ in range(n - 1)]


def common_offset(d, n):
    offset = d.random.choice((1e2, 1e4, 1e6, -1e4)) * d.random.uniform(0.5, 1)
    spread = d.random.choice((1, 10, 100))
    return [d.real(offset + d.random.gauss(0, spread)) for _ in range(n)]


def special(d, n):
    """Infinities and NaNs among others."""
    infinite = [] if d.input.finite_only else [(0, "inf"), (1, "inf")]
    kinds = infinite + infinite + [NAN] if d.chance(0.3) else infinite or [NAN]
    share = d.random.choice((0.2, 0.5, 1))
    if d.chance(0.3) and infinite:
        kinds = [(1, "inf")]
    return [d.random.choice(kinds) if d.chance(share) else d.real(d.random.gauss(0, 5))
            for _ in range(n)]


FAMILIES = (uniform, normal, integers, any_bits, huge_magnitude, giant, all_tied, some_tied,
            near_ties, exponential_edges, breakpoints, inverse_breakpoints, subnormals, confident,
            common_offset, special)
