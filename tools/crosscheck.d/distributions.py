"""Softmaxes as distributions: entropies, divergences of two rows of logits, and losses of soft labels that are given
as logits.

A logit of -∞ has probability 0, and one of +∞ all of it. Several of +∞ have shares that are undefined.
"""
from fractions import Fraction

import categorical
import gradients
from problems import Distributions, Sum, scaled

ZERO, ONE = Fraction(0), Fraction(1)


def leaves(function, logits, targets, temperature):
    """The leaf of a value, or one for each class; the logits have been divided."""
    p = alone(logits)
    if function == "entropy":
        return entropy(p)
    if function == "entropy-gradient":
        numbers = [ZERO if isinstance(x, str) else -x * temperature for x in p]
        return [scaled(leaf, 1 / temperature)
                for leaf in gradients.row("softmax-gradient", p, numbers, temperature)]
    q = alone(targets)
    if function in ("kl-divergence", "cross-entropy"):
        return divergence(function, p, q)
    if function == "js-divergence":
        return mean_divergence(p, q)
    if function == "js-divergence-gradient":
        return mean_gradient(p, q, 1 / temperature)
    return difference(p, q, 1 / temperature)


def alone(logits):
    """A single +∞ leaves nothing to the others."""
    if "nan" in logits or logits.count("inf") != 1:
        return logits
    return [ZERO if x == "inf" else "-inf" for x in logits]


def is_finite(logits):
    return not {"nan", "inf"} & set(logits) and any(x != "-inf" for x in logits)


def gaps(logits):
    """Distances to the greatest; None for no probability."""
    finite = [x for x in logits if not isinstance(x, str)]
    return [None if isinstance(x, str) else max(finite) - x for x in logits]


def entropy(p):
    if not is_finite(p):
        return "nan"
    return Distributions("entropy", gaps(p)) if len(categorical.finite(p)) > 1 else ZERO


def divergence(function, p, q):
    if not is_finite(q) or "nan" in p or all(x == "-inf" for x in p):
        return "nan"
    counted = [x for x, y in zip(p, q) if y != "-inf"]
    if "inf" in p:
        return "nan" if "inf" in counted else "inf"
    if "-inf" in counted:
        return "inf"
    d, e = gaps(p), gaps(q)
    is_zero = d == e if function == "kl-divergence" else len(categorical.finite(p)) == 1
    return ZERO if is_zero else Distributions(function, d, e)


def difference(p, q, scale):
    """(p - q)/T: 0 where the distances of both rows to the class are the same, in whatever order."""
    result = []
    for index, (own, other) in enumerate(zip(categorical.softmax(p), categorical.softmax(q))):
        if "nan" in (own, other):
            result.append("nan")
        elif is_finite(p) and is_finite(q) and p[index] != "-inf" and q[index] != "-inf" and (
                sorted(x - p[index] for x in categorical.finite(p))
                == sorted(y - q[index] for y in categorical.finite(q))):
            result.append(ZERO)
        else:
            result.append(Sum([own, scaled(other, -ONE)], scale))
    return result


def mean_divergence(p, q):
    if not (is_finite(p) and is_finite(q)):
        return "nan"
    d, e = gaps(p), gaps(q)
    return ZERO if d == e else Distributions("js-divergence", d, e)


def mean_gradient(p, q, scale):
    """0 where q is a multiple of p over the classes of p."""
    if not (is_finite(p) and is_finite(q)):
        return ["nan"] * len(p)
    ratios = {y if y == "-inf" else x - y for x, y in zip(p, q) if x != "-inf"}
    if len(ratios) == 1:
        return [ZERO] * len(p)
    d, e = gaps(p), gaps(q)
    return [ZERO if gap is None else Distributions("js-divergence-gradient", d, e, index, scale)
            for index, gap in enumerate(d)]
