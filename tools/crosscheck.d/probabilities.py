"""Losses of probabilities and of their logarithms, with their options and their limits.

A probability of 0 that counts costs inf; certain and right costs 0. What is not in [0, 1], or a
logarithm above 0, is no probability: nan. Nothing is clipped, and nothing divided by the sum.
"""
from fractions import Fraction

from problems import Complement, Logarithms

ZERO, ONE = Fraction(0), Fraction(1)


def is_probability(number):
    return isinstance(number, Fraction) and 0 <= number <= 1


def is_logarithm(number):
    return number == "-inf" or (isinstance(number, Fraction) and number <= 0)


def weights(target, options):
    """What multiplies -log p and -log(1 - p)."""
    smoothing = options.get("label_smoothing", ZERO)
    y = target * (1 - smoothing) + smoothing / 2
    return options.get("pos_weight", ONE) * y, 1 - y


class BinaryRow:
    """-a·log p - b·log(1 - p)."""

    ignored, size = False, 1

    def __init__(self, number, target, options):
        self.number = number
        self.undefined = target == "nan" or not self.is_valid(number)
        if not self.undefined:
            self.a, self.b = weights(target, options)

    is_valid = staticmethod(is_probability)

    def weight(self):
        """In the denominator of a mean."""
        return ONE

    def loss(self):
        if self.undefined:
            return "nan"
        p = self.number
        if (p == 0 and self.a) or (p == 1 and self.b):
            return "inf"
        terms = [(c, base) for c, base in ((self.a, p), (self.b, 1 - p)) if c and base != 1]
        return Logarithms(terms) if terms else ZERO

    def gradient(self):
        if self.undefined:
            return ["nan"]
        p = self.number
        if p == 0:
            return ["-inf"] if self.a else [self.b]
        if p == 1:
            return ["inf"] if self.b else [-self.a]
        return [-self.a / p + self.b / (1 - p)]


class LogBinaryRow(BinaryRow):
    """-a·l - b·log(1 - e^l)."""

    is_valid = staticmethod(is_logarithm)

    def loss(self):
        if self.undefined:
            return "nan"
        l = self.number
        if (l == "-inf" and self.a) or (l == 0 and self.b):
            return "inf"
        if l == "-inf":
            return ZERO
        if self.b == 0:
            return -self.a * l
        return Complement("loss", l, -self.a * l, self.b)

    def gradient(self):
        if self.undefined:
            return ["nan"]
        l = self.number
        if l == 0 and self.b:
            return ["inf"]
        if l == "-inf" or self.b == 0:
            return [-self.a]
        return [Complement("gradient", l, -self.a, self.b)]


class CategoricalRow:
    """Σ a_c·(-log p_c)."""

    def __init__(self, numbers, target, options):
        classes = self.size = len(numbers)
        self.numbers, self.options = numbers, options
        self.index = target if isinstance(target, int) else None
        self.ignored = self.index is not None and target == options.get("ignore_index")
        self.undefined = (not all(map(self.is_valid, numbers))
                          or (self.index is None and "nan" in target))
        if self.ignored or self.undefined:
            return
        if self.index is not None:
            target = [ONE if c == self.index else ZERO for c in range(classes)]
        smoothing = options.get("label_smoothing", ZERO)
        class_weights = options.get("class_weights", [ONE] * classes)
        self.coefficients = [w * (y * (1 - smoothing) + smoothing / classes)
                             for w, y in zip(class_weights, target)]

    is_valid = staticmethod(is_probability)
    nothing = ZERO

    def weight(self):
        """In the denominator of a mean."""
        if self.ignored:
            return ZERO
        class_weights = self.options.get("class_weights")
        return ONE if class_weights is None or self.index is None else class_weights[self.index]

    def loss(self):
        if self.ignored:
            return ZERO
        if self.undefined:
            return "nan"
        counted = [(a, p) for a, p in zip(self.coefficients, self.numbers) if a]
        if any(p == self.nothing for _, p in counted):
            return "inf"
        return self.sum(counted)

    @staticmethod
    def sum(counted):
        terms = [(a, p) for a, p in counted if p != 1]
        return Logarithms(terms) if terms else ZERO

    def gradient(self):
        if self.ignored:
            return [ZERO] * self.size
        if self.undefined:
            return ["nan"] * self.size
        return [self.slope(a, p) if a else ZERO for a, p in zip(self.coefficients, self.numbers)]

    @staticmethod
    def slope(a, p):
        return -a / p if p else "-inf"


class LogCategoricalRow(CategoricalRow):
    """Σ a_c·(-l_c)."""

    is_valid = staticmethod(is_logarithm)
    nothing = "-inf"

    @staticmethod
    def sum(counted):
        return -sum((a * l for a, l in counted), ZERO)

    @staticmethod
    def slope(a, _):
        return -a


# By the field that holds the numbers of a row.
ROWS = {"probability": BinaryRow, "log_probability": LogBinaryRow,
        "probabilities": CategoricalRow, "log_probabilities": LogCategoricalRow}
