"""Derivatives times an upstream, distributions and parts of shards under a soft cap: what is rational is told here, by the
terms that tanh of rational numbers leave, and the rest is left to the backends.

The tanh of rational numbers of different magnitudes and 1 are independent over the rationals, so that a sum of them is
known to be 0 where the terms cancel in pairs.
"""
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, localcontext
from fractions import Fraction

from capped import CappedRow
from gradients import sign, signed_infinity
from problems import Capped, Sum

ZERO, ONE = Fraction(0), Fraction(1)
ENDS = {"inf": 1, "-inf": -1}
# The kinds of the leaves that are made here.
PARTS = ("slope", "logit", "others", "sigmoid-gradient", "log-sigmoid-gradient", "softplus-gradient",
         "log-sum-exp-gradient", "softmax-gradient", "log-softmax-gradient", "entropy",
         "entropy-gradient", "kl-divergence", "kl-divergence-gradient", "cross-entropy",
         "cross-entropy-gradient", "js-divergence", "js-divergence-gradient")


class PartRow(CappedRow):
    """A row, with what is beside it: the row of a target, or the numbers of an upstream."""

    def __init__(self, logits, options, other=None, numbers=None):
        super().__init__(logits, None, options)
        self.other, self.numbers = other, numbers


def terms(row, index):
    """v as {the magnitude of an argument of tanh: its factor, None: what is rational}."""
    x, bias = row.logits[index], row.bias[index]
    if isinstance(x, str) or x == 0:
        return {None: bias + {"inf": row.cap, "-inf": -row.cap}.get(x, ZERO)}
    return {None: bias, abs(x): ONE if x > 0 else -ONE}


def difference(first, second):
    """The terms of v - w, as what can be compared."""
    result = dict(first)
    for key, factor in second.items():
        result[key] = result.get(key, ZERO) - factor
    return frozenset((key, factor) for key, factor in result.items() if factor)


def groups(row):
    """Classes by their v."""
    result = {}
    for index in range(row.size):
        result.setdefault(difference(terms(row, index), {}), []).append(index)
    return list(result.values())


def slope_is_rational(row, index):
    return isinstance(row.logits[index], str) or row.logits[index] == 0


def rational_slope(row, index):
    return ZERO if isinstance(row.logits[index], str) else row.scale / row.temperature


def times_slope(row, index, factor):
    """An exact factor times the derivative of v/T by x."""
    if isinstance(factor, str) or factor == 0:
        if isinstance(row.logits[index], str):
            return ZERO if factor == 0 else "nan"
        return factor
    if slope_is_rational(row, index):
        return factor * rational_slope(row, index)
    return Capped(row, "slope", index, factor)


def upstream(function, row, numbers):
    """The leaves of a derivative: numbers are those of grad_output."""
    if "nan" in numbers:
        return ["nan"] * row.size
    return [leaf(function, row, index, numbers) for index in range(row.size)]


def leaf(function, row, index, numbers):
    is_flat = isinstance(row.logits[index], str)
    if function in ("sigmoid-gradient", "log-sigmoid-gradient", "softplus-gradient",
                    "log-sum-exp-gradient"):
        if isinstance(numbers[0], str):
            return "nan" if is_flat else numbers[0]
        if is_flat or numbers[0] == 0:
            return ZERO
        if function == "log-sum-exp-gradient" and len(groups(row)) == 1:
            return times_slope(row, index, numbers[0] / row.size)
        return Capped(row, function, index, numbers[0])
    is_certain = row.size == 1
    infinite = [j for j, number in enumerate(numbers) if isinstance(number, str)]
    if infinite:
        own = int(not is_certain)
        value = signed_infinity({sign(numbers[j]) * (own if j == index else -own)
                                 for j in infinite})
        return "nan" if is_flat else value
    row = PartRow(row.logits, row.options, numbers=numbers)
    classes = groups(row)
    if is_flat:
        return ZERO
    if function == "log-softmax-gradient":
        total = sum(numbers)
        if total == 0:
            return times_slope(row, index, numbers[index])
        if len(classes) == 1:
            return times_slope(row, index, numbers[index] - total / row.size)
        return Capped(row, function, index)
    sums = [sum(numbers[index] - numbers[j] for j in group) for group in classes]
    if not any(sums):
        return ZERO
    if len(sums) == 1:
        return times_slope(row, index, sums[0] / row.size ** 2)
    return Capped(row, function, index)


def distributions(function, row, other):
    """The leaf of a value, or one for each class."""
    row = PartRow(row.logits, row.options, other=other)
    per_class = [ZERO] * row.size if function.endswith("gradient") else ZERO
    if function.startswith("entropy"):
        if len(groups(row)) == 1 and (row.size == 1 or function != "entropy"):
            return per_class
    else:
        shifts = [difference(dict(difference(terms(row, index), terms(row, 0))),
                             dict(difference(terms(other, index), terms(other, 0))))
                  for index in range(row.size)]
        if not any(shifts) and function != "cross-entropy" or row.size == 1:
            return per_class
    if not function.endswith("gradient"):
        return Capped(row, function)
    leaves = []
    for index in range(row.size):
        is_zero = isinstance(row.logits[index], str)
        if function in ("kl-divergence-gradient", "cross-entropy-gradient"):
            own, its = (sorted(map(repr, (sorted(map(repr, difference(
                terms(each, j), terms(each, index)))) for j in range(row.size))))
                for each in (row, other))
            is_zero = is_zero or own == its
        leaves.append(ZERO if is_zero else Capped(row, function, index))
    return leaves


def logit(row, index):
    """v/T."""
    if slope_is_rational(row, index):
        return terms(row, index)[None] / row.temperature
    return Capped(row, "logit", index)


def partials(logits, target, options):
    """As `shards.partials` of what the options make of the logits."""
    own = "-inf"
    if target >= 0:
        own = logits[target]
        if own != "nan":
            bias = options.get("logit_bias")
            alone = {**options, "logit_bias": [bias[target]]} if bias else options
            own = logit(PartRow([own], alone), 0)
    if "nan" in logits:
        return ["nan", "nan", own]
    row = PartRow(logits, options)
    top = greatest(row)
    ties = next(group for group in groups(row) if top in group)
    if len(ties) == row.size:
        return [logit(row, top), Fraction(row.size), own]
    others = PartRow(logits, options, numbers=[ZERO if j in ties else ONE for j in range(row.size)])
    return [logit(row, top), Sum([Fraction(len(ties)), Capped(others, "others", top)], ONE), own]


def greatest(row):
    """A class whose v is the greatest, in plain decimals of many digits."""
    with localcontext(Context(prec=400, Emax=MAX_EMAX, Emin=MIN_EMIN)):
        # What is as great to so many digits is ordered by what the cap is taken of.
        return max(range(row.size), key=lambda index: (
            approximation(row, index), ENDS.get(row.logits[index], 0),
            0 if isinstance(row.logits[index], str) else row.logits[index], -index))


def approximation(row, index):
    x = row.logits[index]
    decimal = lambda number: Decimal(number.numerator) / Decimal(number.denominator)
    if slope_is_rational(row, index):
        return decimal(terms(row, index)[None])
    q = decimal(row.scale * abs(x) / row.cap)
    # Beyond this the powers of 10 are those that the order of capped logits hangs on.
    power = (-2 * q).exp() if q < 10 ** 6 else Decimal(0)
    tangent = (1 - power) / (1 + power)
    return decimal(row.bias[index]) + decimal(row.cap) * (tangent if x > 0 else -tangent)
