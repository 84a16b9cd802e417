"""Gradients of activations times grad_output g: g·f'(z), and vector-Jacobian products of a row.

Infinite numbers of g make the infinity that their terms agree on; 0·inf and inf - inf are nan.
"""
from fractions import Fraction

import binary
import categorical
from problems import Binary, Entry, Jacobian, Row, Sum

ZERO, ONE = Fraction(0), Fraction(1)


def negated(number):
    return {"inf": "-inf", "-inf": "inf", "nan": "nan"}[number] if isinstance(
        number, str) else -number


def sign(number):
    """Of a number, or of a leaf that is a probability or a slope."""
    if isinstance(number, str):
        return -1 if number == "-inf" else 1
    return (number > 0) - (number < 0) if isinstance(number, Fraction) else 1


def times(leaf, g):
    """g·leaf, the leaf at least 0."""
    if "nan" in (leaf, g):
        return "nan"
    if isinstance(g, str):
        return signed_infinity({sign(leaf) * sign(g)})
    if isinstance(leaf, Fraction) or g == 0:
        return leaf * g if isinstance(leaf, Fraction) else ZERO
    leaf.scale *= g
    return leaf


def multiplied(leaves, g):
    """Leaves of any sign, each times g; where those are no numbers g is finite."""
    if isinstance(leaves, list):
        return [multiplied(leaf, g) for leaf in leaves]
    if "nan" in (leaves, g):
        return "nan"
    if isinstance(leaves, str) or isinstance(leaves, Fraction) and isinstance(g, str):
        return signed_infinity({sign(leaves) * sign(g)})
    if isinstance(leaves, Fraction) or g == 0:
        return leaves * g if isinstance(leaves, Fraction) else ZERO
    leaves.scale *= g
    return leaves


def signed_infinity(signs):
    """What infinite terms of these signs come to."""
    return "nan" if len(signs) > 1 or 0 in signs else "inf" if 1 in signs else "-inf"


def one_logit(function, logit, g, options):
    if function == "softplus-gradient":
        return times(beyond(logit, options, ONE) or binary.activation("sigmoid", sharp(
            logit, options)), g)
    if function == "log-sigmoid-gradient":
        return times(binary.activation("sigmoid", negated(logit)), g)
    if isinstance(logit, str):
        return times("nan" if logit == "nan" else ZERO, g)
    return times(Binary("slope", logit), g)


def softplus(logit, options):
    leaf = beyond(logit, options, logit)
    if leaf is not None:
        return leaf
    leaf = binary.activation("softplus", sharp(logit, options))
    if not isinstance(leaf, (str, Fraction)):
        leaf.scale /= options.get("beta", ONE)
    return leaf


def sharp(logit, options):
    return logit if isinstance(logit, str) else logit * options.get("beta", ONE)


def beyond(logit, options, value):
    """The value above the threshold, else None."""
    if "threshold" not in options or isinstance(logit, str):
        return None
    return value if sharp(logit, options) > options["threshold"] else None


def log_sum_exp(logits, g):
    return [times(p, g) for p in categorical.softmax(logits)]


def row(function, logits, numbers, temperature):
    """One leaf for each class; the logits have been divided."""
    shares = categorical.softmax(logits)
    if "nan" in numbers:
        return ["nan"] * len(logits)
    return [output(function, index, logits, shares, numbers, 1 / temperature)
            for index in range(len(logits))]


def output(function, index, logits, shares, numbers, scale):
    own = shares[index]
    if own == "nan":
        return "nan"
    infinite = [j for j, number in enumerate(numbers) if isinstance(number, str)]
    # A leaf that is 1 is not a number 1: that of a row's one logit above -inf.
    is_certain = own == 1 or [j for j, x in enumerate(logits) if x != "-inf"] == [index]
    if function == "log-softmax-gradient":
        if infinite:
            return signed_infinity({sign(numbers[j]) * (
                int(not is_certain) if j == index else -sign(own)) for j in infinite})
        total = sum(numbers)
        if isinstance(own, Fraction) or total == 0:
            return scale * (numbers[index] - (own * total if total else 0))
        own.scale = -total
        return Sum([numbers[index], own], scale)
    if infinite:
        return signed_infinity({sign(numbers[j]) * sign(own) * (
            int(not is_certain) if j == index else -int(shares[j] != "nan" and sign(shares[j])))
            for j in infinite})
    if isinstance(logits[index], str) or "inf" in logits:
        return ZERO
    kept = [j for j, logit in enumerate(logits) if isinstance(logit, Fraction)]
    return jacobian([logits[j] for j in kept], [numbers[j] for j in kept], kept.index(index), scale)


def jacobian(logits, numbers, index, scale):
    """Of finite logits: 0 where g has the mean g_i over each group of equal logits."""
    groups = {}
    for logit, number in zip(logits, numbers):
        groups.setdefault(logit, []).append(numbers[index] - number)
    sums = [sum(group) for group in groups.values()]
    if not any(sums):
        return ZERO
    if len(sums) == 1:
        return scale * sums[0] / len(logits) ** 2
    return Jacobian(Row(logits), numbers, index, scale)
