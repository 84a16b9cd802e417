"""Rows under a soft cap: v = c·tanh(s·x/c) + b, and the functions are of v/T.

What is rational is told here: rows of nothing but zeros and infinities, whose v are ±c + b or b and which the
other modules take; rows of equal v; single classes. The rest is left to the backends as it stands, without an
exact head. No theorem says that it is irrational, so a backend may have to leave a value undecided.
"""
from fractions import Fraction

import binary
import categorical
from problems import Capped

ZERO, ONE = Fraction(0), Fraction(1)


def concerns(logits, options):
    """Whether a cap takes the tanh of another number than 0; NaN is left to the others."""
    return "softcap" in options and "nan" not in logits and any(
        isinstance(x, Fraction) and x != 0 for x in logits)


def slopes(logits, options):
    """The derivatives of v/T, which are rational for those that `concerns` leaves."""
    slope = options.get("scale", ONE) / options.get("temperature", ONE)
    return [ZERO if isinstance(x, str) and "softcap" in options else slope for x in logits]


class CappedRow:
    """Everything that the backends need of a row, and the losses of it."""

    binary = False

    def __init__(self, logits, target, options):
        self.logits, self.options, self.size = logits, options, len(logits)
        self.cap, self.scale = options["softcap"], options.get("scale", ONE)
        self.temperature = options.get("temperature", ONE)
        self.bias = options.get("logit_bias", [ZERO] * self.size)
        self.gamma = options.get("focal_gamma", ZERO)
        self.z_loss = options.get("z_loss", ZERO)
        self.equal = all(x == logits[0] and b == self.bias[0] for x, b in zip(logits, self.bias))
        self.index = target if isinstance(target, int) else None
        self.ignored = self.index is not None and self.index == options.get("ignore_index")
        # The row as the other modules know it, with other logits.
        self.plain = None
        if target is not None and not self.binary:
            self.plain = categorical.CategoricalRow([ZERO] * self.size, target, options)
            self.undefined = self.plain.undefined
            if not self.ignored and not self.undefined:
                self.coefficients, self.total = self.plain.coefficients, self.plain.total

    def weight(self):
        return self.plain.weight()

    def activation(self, function):
        """The leaf, or a list of leaves, of a function without a target."""
        if function in ("softmax", "log-softmax"):
            if self.equal:
                return getattr(categorical, function.replace("-", "_"))([ZERO] * self.size)
            return [Capped(self, function, index) for index in range(self.size)]
        return Capped(self, function)

    def loss(self):
        if self.ignored or self.undefined or (self.equal and self.z_loss == 0):
            return self.plain.loss()
        if self.total == 0 and self.z_loss == 0 or self.gamma and self._nothing():
            return ZERO
        return Capped(self, "loss")

    def _nothing(self):
        return self.size == 1 or self.coefficients[self.index] == 0

    def gradient(self):
        if self.ignored or self.undefined:
            return self.plain.gradient()
        if self.total == 0 and self.z_loss == 0 or self.gamma and self._nothing():
            return [ZERO] * self.size
        leaves = []
        for index, logit in enumerate(self.logits):
            flat = self.equal and self.z_loss == self.gamma == 0
            if isinstance(logit, str) or (
                    flat and self.total / self.size == self.coefficients[index]):
                leaves.append(ZERO)
            elif flat and logit == 0:
                leaves.append((self.total / self.size - self.coefficients[index]) * self.scale
                              / self.temperature)
            else:
                leaves.append(Capped(self, "gradient", index))
        return leaves


class CappedBinaryRow(CappedRow):
    binary, ignored = True, False

    def __init__(self, logits, target, options):
        super().__init__(logits, target, options)
        self.plain = binary.BinaryRow(ONE, target, options)
        self.undefined = self.plain.undefined

    def loss(self):
        row = self.plain
        if self.undefined:
            return "nan"
        if row.alpha == 0 or row.positive_weight * row.target + 1 - row.target == 0:
            return ZERO
        return Capped(self, "loss")

    def gradient(self):
        row = self.plain
        if self.undefined:
            return ["nan"]
        if row.alpha == 0 or row.positive_weight * row.target + 1 - row.target == 0:
            return [ZERO]
        return [Capped(self, "gradient")]
