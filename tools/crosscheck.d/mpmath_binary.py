"""One logit by the textbook: p = 1/(1 + e^-z), loss = -(w·y·log p + (1 - y)·log(1 - p))."""
from fractions import Fraction

from mpmath import iv

from mpmath_interval import Spread, exp, interval, log, power, set_precision, sign

ZERO, ONE, HALF = Fraction(0), Fraction(1), Fraction(1, 2)


def parts(leaf):
    """(head, tail): see mpmath_values. The head is the limit as |z| grows without bound."""
    exact = rational(leaf)
    if exact is not None:
        return exact, None
    plain = not leaf.gamma
    head = limit(leaf, leaf.logit) if plain else ZERO

    def tail(precision, tiny, most_bits):
        size = ONE if leaf.target is None else leaf.weight + 2
        spread = Spread(tiny, size, plain)
        distance = spread.clamp(abs(leaf.logit))
        clamped = distance != abs(leaf.logit)
        extra = 0 if plain else 2 * (int(leaf.gamma + 1).bit_length() + int(distance).bit_length())
        set_precision(precision + extra, distance, most_bits)
        z = -distance if leaf.logit < 0 else distance
        value = textbook(leaf, z)
        return spread.widened(value - interval(limit(leaf, z)), clamped) if plain else value
    return head, tail


def rational(leaf):
    """The value if it is rational, else None."""
    z, y, w = leaf.logit, leaf.target, leaf.weight
    if leaf.kind == "sigmoid":
        return HALF if z == 0 else None
    if leaf.kind == "slope":
        return Fraction(1, 4) if z == 0 else None
    if leaf.kind == "loss":
        return ZERO if w * y + 1 - y == 0 else None
    if leaf.kind == "gradient":
        if leaf.gamma:
            return ZERO if z == 0 and y == HALF else None
        if w * y + 1 - y == 0:
            return ZERO
        return (1 - y - w * y) / 2 if z == 0 else None
    return None


def limit(leaf, z):
    if leaf.kind == "slope":
        return ZERO
    if leaf.kind == "sigmoid":
        return ONE if z > 0 else ZERO
    if leaf.kind == "softplus":
        return max(z, ZERO)
    if leaf.kind == "log-sigmoid":
        return min(z, ZERO)
    y, w = leaf.target, leaf.weight
    if leaf.kind == "loss":
        return (1 - y) * max(z, ZERO) + w * y * max(-z, ZERO)
    return 1 - y if z > 0 else -w * y


def textbook(leaf, z):
    if leaf.kind == "softplus":
        return log(1 + exp(interval(z)))
    if leaf.kind == "log-sigmoid":
        return -log(1 + exp(interval(-z)))
    p = 1 / (1 + exp(interval(-z)))
    if leaf.kind == "sigmoid":
        return p
    if leaf.kind == "slope":
        return p * (1 - p)
    y, w = leaf.target, leaf.weight
    if leaf.gamma:
        return focal(leaf, p, y)
    if leaf.kind == "gradient":
        return interval(w * y) * (p - 1) + interval(1 - y) * p
    return entropy(p, y, w)


def entropy(p, y, w):
    """0·log 0 is 0, also where p has rounded to 0 or 1."""
    loss = iv.zero
    if w * y:
        loss -= interval(w * y) * log(p)
    if y != 1:
        loss -= interval(1 - y) * log(1 - p)
    return loss


def focal(leaf, p, y):
    """(1 - p_t)^γ·loss and its derivative, p_t = p·y + (1 - p)(1 - y)."""
    target = interval(y)
    error = 1 - (p * target + (1 - p) * (1 - target))
    if sign(error) <= 0:
        return iv.mpf(["-inf", "inf"])
    loss = entropy(p, y, ONE)
    factor = power(error, leaf.gamma)
    if leaf.kind == "loss":
        return factor * loss
    slope = interval(leaf.gamma) * power(error, leaf.gamma - 1) * (2 * target - 1) * p * (1 - p)
    return factor * (p - target) - slope * loss
