"""What is left of a line once options, infinities and NaNs have been dealt with: finite rational
problems, stated without a formula for them. Each backend brings its own formulas.

A leaf is "nan", "inf", "-inf", a Fraction, or one of the classes below.
"""
from fractions import Fraction
from math import isqrt


class Row:
    """The finite logits of one categorical row, already divided by the temperature.

    Its loss is Σ coefficients·(lse - logit) + z_loss·lse², or with focal_gamma (above 0) the focal
    loss coefficient·(1 - p)^gamma·(-log p) of the class `target`. total is the sum of the
    coefficients, those of classes at -∞ included.
    """

    def __init__(self, logits, coefficients=None, total=Fraction(0), z_loss=Fraction(0),
                 focal_gamma=None, target=None):
        self.logits = logits
        self.coefficients = coefficients
        self.total = total
        self.z_loss = z_loss
        self.focal_gamma = focal_gamma
        self.target = target
        self.maximum = max(logits)
        self.gaps = [self.maximum - logit for logit in logits]
        self.ties = self.gaps.count(0)  # how many attain the maximum
        self.cache = {}  # a backend's enclosures by precision


class Entry:
    """scale times a quantity of a row: kind is "log-sum-exp", "softmax", "log-softmax", "loss" or
    "gradient" (with respect to the divided logit), index the class where there is one per class.
    """

    __slots__ = ("row", "kind", "index", "scale")

    def __init__(self, row, kind, index=None, scale=Fraction(1)):
        self.row, self.kind, self.index, self.scale = row, kind, index, scale


class Jacobian:
    """scale·p_i·(g_i - Σ p g) of a row of several different logits, not 0."""

    __slots__ = ("row", "numbers", "index", "scale")

    def __init__(self, row, numbers, index, scale=Fraction(1)):
        self.row, self.numbers, self.index, self.scale = row, numbers, index, scale


class Binary:
    """scale times a quantity of one finite logit, already divided by the temperature.

    kind is "sigmoid", "log-sigmoid", "softplus", "slope" (of the sigmoid), "loss" or "gradient". The loss is
    weight·y·softplus(-z) + (1 - y)·softplus(z), with gamma above 0 multiplied by (1 - p_t)^gamma,
    p_t = p·y + (1 - p)(1 - y).
    """

    __slots__ = ("kind", "logit", "target", "weight", "gamma", "scale")

    def __init__(self, kind, logit, target=None, weight=Fraction(1), gamma=Fraction(0),
                 scale=Fraction(1)):
        self.kind, self.logit, self.target = kind, logit, target
        self.weight, self.gamma, self.scale = weight, gamma, scale


class Capped:
    """scale times a quantity of a row under a soft cap, see `capped`: kind as of Entry and Binary."""

    __slots__ = ("row", "kind", "index", "scale")

    def __init__(self, row, kind, index=None, scale=Fraction(1)):
        self.row, self.kind, self.index, self.scale = row, kind, index, scale


class Logarithms:
    """scale·Σ c·(-log p) over terms (c, p), c above 0 and p in (0, 1)."""

    __slots__ = ("terms", "scale")

    def __init__(self, terms, scale=Fraction(1)):
        self.terms, self.scale = terms, scale


class Complement:
    """scale·(head + coefficient·f(l)), l below 0: f is -log(1 - e^l) of kind "loss", and
    e^l/(1 - e^l) of kind "gradient"."""

    __slots__ = ("kind", "number", "head", "coefficient", "scale")

    def __init__(self, kind, number, head, coefficient, scale=Fraction(1)):
        self.kind, self.number, self.head = kind, number, head
        self.coefficient, self.scale = coefficient, scale


class Power:
    """scale·base^exponent of rationals, base in (0, 1]: a focal gradient at an infinite logit."""

    __slots__ = ("base", "exponent", "scale")

    def __init__(self, base, exponent, scale):
        self.base, self.exponent, self.scale = base, exponent, scale


class Shards:
    """scale times what finite maxima m and sums s above 0 come to: kind "sum" is Σ s·e^(m - max m), "merged" is
    log Σ s·e^m - target.
    """

    __slots__ = ("kind", "maxima", "sums", "target", "scale")

    def __init__(self, kind, maxima, sums, target=None):
        self.kind, self.maxima, self.sums, self.target = kind, maxima, sums, target
        self.scale = Fraction(1)


class Distributions:
    """scale times an entropy of p, a divergence of p and q, or the derivative by p's logit `index` of one: kind is the
    name of a function. p and q are distances to the greatest logit over the temperature, None for no probability.
    """

    __slots__ = ("kind", "p", "q", "index", "scale")

    def __init__(self, kind, p, q=None, index=None, scale=Fraction(1)):
        self.kind, self.p, self.q, self.index, self.scale = kind, p, q, index, scale


class Sum:
    """scale times the sum of Fractions, Entries and Binaries, each with its own scale."""

    __slots__ = ("leaves", "scale")

    def __init__(self, leaves, scale):
        self.leaves, self.scale = leaves, scale


def total(leaves, scale):
    """The leaf of a scaled sum of losses, infinite and undefined ones included."""
    if "nan" in leaves:
        return "nan"
    if "inf" in leaves:  # losses are never -inf
        return "inf"
    return Sum(leaves, scale)


def scaled(leaf, scale):
    """scale·leaf, scale above 0."""
    if isinstance(leaf, str):
        return leaf
    if isinstance(leaf, Fraction):
        return leaf * scale
    leaf.scale *= scale
    return leaf


def rational_power(base, exponent):
    """base^exponent for base in (0, 1] and a dyadic exponent ≥ 0 if it is rational, else None.

    (u/v)^(m/2^k) in lowest terms with odd m is rational exactly when u and v are perfect 2^k-th
    powers. Also None where writing the power out would take over 2^18 bits: so far below every
    breakpoint, an enclosure decides.
    """
    if base == 1 or exponent == 0:
        return Fraction(1)
    numerator, denominator = base.numerator, base.denominator
    for _ in range(exponent.denominator.bit_length() - 1):
        if numerator == denominator == 1:
            break
        roots = isqrt(numerator), isqrt(denominator)
        if roots[0] ** 2 != numerator or roots[1] ** 2 != denominator:
            return None
        numerator, denominator = roots
    if exponent.numerator * denominator.bit_length() > 1 << 18:
        return None
    return Fraction(numerator**exponent.numerator, denominator**exponent.numerator)
