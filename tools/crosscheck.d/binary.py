"""One logit: activations, and the binary cross-entropy with its options and its limits.

An infinite logit takes the limit: certain and right costs 0, certain and wrong costs inf.
"""
from fractions import Fraction

from problems import Binary, Power, rational_power

ONE, HALF = Fraction(1), Fraction(1, 2)
LIMITS = {
    "sigmoid": {"inf": ONE, "-inf": Fraction(0)},
    "log-sigmoid": {"inf": Fraction(0), "-inf": "-inf"},
    "softplus": {"inf": "inf", "-inf": Fraction(0)},
}


def activation(kind, logit):
    if logit == "nan":
        return "nan"
    if isinstance(logit, str):
        return LIMITS[kind][logit]
    return Binary(kind, logit)


class BinaryRow:
    """weight·y·softplus(-z) + (1 - y)·softplus(z), or its focal form."""

    ignored, size = False, 1

    def __init__(self, logit, target, options, slopes=None):
        self.logit, self.target = logit, target
        self.undefined = "nan" in (logit, target)
        self.positive_weight = options.get("pos_weight", ONE)
        self.gamma = options.get("focal_gamma", Fraction(0))
        # The derivative of what stands before the loss, a factor of the gradient.
        self.slope = slopes[0] if slopes else ONE
        self.alpha = ONE
        if self.undefined:
            return
        smoothing = options.get("label_smoothing", Fraction(0))
        self.target = target * (1 - smoothing) + smoothing / 2
        if "focal_alpha" in options:
            alpha = options["focal_alpha"]
            self.alpha = alpha * target + (1 - alpha) * (1 - target)

    def weight(self):
        """In the denominator of a mean."""
        return ONE

    def loss(self):
        if self.undefined:
            return "nan"
        if self.alpha == 0:
            return Fraction(0)
        if isinstance(self.logit, str):
            return "inf" if self._wrongness() else Fraction(0)
        return Binary("loss", self.logit, self.target, self.positive_weight, self.gamma, self.alpha)

    def gradient(self):
        """With respect to the undivided logit; a list of one."""
        if self.undefined:
            return ["nan"]
        if self.alpha == 0 or self.slope == 0:
            return [Fraction(0)]
        scale = self.alpha * self.slope
        if not isinstance(self.logit, str):
            return [Binary("gradient", self.logit, self.target, self.positive_weight, self.gamma,
                           scale)]
        # (1 - p_t)^gamma·(p - y), while γ·(1 - p_t)^(γ-1)·p(1 - p)·loss vanishes like z·e^-|z|.
        wrongness = self._wrongness()
        side = 1 if self.logit == "inf" else -1
        if self.gamma == 0 or wrongness == 0:
            return [side * wrongness * scale]
        power = rational_power(wrongness, self.gamma)
        if power is not None:
            return [side * scale * wrongness * power]
        return [Power(wrongness, self.gamma, side * scale * wrongness)]

    def _wrongness(self):
        """The weight of the wrong side at an infinite logit."""
        if self.logit == "inf":
            return 1 - self.target
        return self.positive_weight * self.target
