"""Rows of logits: log-sum-exp, softmax, and the cross-entropy with its options and its limits.

A logit of -∞ has probability 0. A single +∞ has probability 1 and the others 0. Of several +∞ the
shares are undefined, as they are when all logits are -∞. 0·inf is 0.
"""
from fractions import Fraction

from problems import Entry, Row

ZERO, ONE = Fraction(0), Fraction(1)


def finite(logits):
    return tuple(logit for logit in logits if isinstance(logit, Fraction))


def log_sum_exp(logits):
    if "nan" in logits:
        return "nan"
    if "inf" in logits:
        return "inf"
    if not finite(logits):
        return "-inf"
    return Entry(Row(finite(logits)), "log-sum-exp")


def softmax(logits):
    return per_class(logits, "softmax", ZERO, ONE)


def log_softmax(logits):
    return per_class(logits, "log-softmax", "-inf", ZERO)


def per_class(logits, kind, nothing, everything):
    """One leaf for each class; `nothing` is the answer of probability 0, `everything` of 1."""
    limit = limits(logits)
    if limit is not None:
        return [{"nan": "nan", 0: nothing, 1: everything}[share] for share in limit]
    row, leaves, place = Row(finite(logits)), [], 0
    for logit in logits:
        if logit == "-inf":
            leaves.append(nothing)
        else:
            leaves.append(Entry(row, kind, place))
            place += 1
    return leaves


def limits(logits):
    """Each class's probability (0, 1 or "nan") where it is not a matter of finite logits."""
    if "nan" in logits or all(logit == "-inf" for logit in logits):
        return ["nan"] * len(logits)
    several = logits.count("inf")
    if several == 0:
        return None
    return [(1 if several == 1 else "nan") if logit == "inf" else 0 for logit in logits]


class CategoricalRow:
    """Σ a_c·(lse - x_c) + c·lse², a_c = w_c·y_c, or the focal form of an index target."""

    def __init__(self, logits, target, options, slopes=None):
        classes = self.size = len(logits)
        self.logits, self.options = logits, options
        self.ignored = isinstance(target, int) and target == options.get("ignore_index")
        self.gamma = options.get("focal_gamma", ZERO)
        self.z_loss = options.get("z_loss", ZERO)
        # The derivatives of what stands before the loss, factors of the gradient.
        self.slopes = slopes or [ONE] * len(logits)
        self.index = target if isinstance(target, int) else None
        self.undefined = "nan" in logits or (self.index is None and "nan" in target)
        if self.ignored or self.undefined:
            return
        if self.index is not None:
            target = [ONE if c == self.index else ZERO for c in range(classes)]
        smoothing = options.get("label_smoothing", ZERO)
        weights = options.get("class_weights", [ONE] * classes)
        alpha = options.get("focal_alpha", ONE)
        self.coefficients = [alpha * w * (y * (1 - smoothing) + smoothing / classes)
                             for w, y in zip(weights, target)]
        self.total = sum(self.coefficients)

    def weight(self):
        """In the denominator of a mean."""
        if self.ignored:
            return ZERO
        weights = self.options.get("class_weights")
        return ONE if weights is None or self.index is None else weights[self.index]

    def loss(self):
        if self.ignored:
            return ZERO
        if self.undefined:
            return "nan"
        limit = limits(self.logits)
        parts = []  # of the loss, each 0, "inf" or "nan"
        for c, coefficient in enumerate(self.coefficients):
            if coefficient:
                if limit is not None:
                    parts.append({"nan": "nan", 0: "inf", 1: ZERO}[limit[c]])
                elif self.logits[c] == "-inf":
                    parts.append("inf")
        if self.z_loss and limit is not None:
            parts.append("inf")
        for part in ("nan", "inf"):
            if part in parts:
                return part
        if limit is not None or (self.total == 0 and self.z_loss == 0):
            return ZERO
        return Entry(self._row(), "loss")

    def gradient(self):
        """With respect to the undivided logits, one leaf for each class."""
        if self.ignored:
            return [ZERO] * self.size
        if self.undefined:
            return ["nan"] * self.size
        if self.total == 0 and self.z_loss == 0:
            return [ZERO] * self.size
        limit = limits(self.logits)
        if limit is not None:
            return [self._limit_gradient(share, a, slope)
                    for share, a, slope in zip(limit, self.coefficients, self.slopes)]
        # With p_t = 0 the focal factor and its slope are 1 and 0.
        plain = self.gamma == 0 or self.logits[self.index] == "-inf"
        row, leaves, place = self._row(plain), [], 0
        for logit, coefficient, slope in zip(self.logits, self.coefficients, self.slopes):
            if logit == "-inf":
                leaves.append(-coefficient * slope)
                continue
            leaves.append(Entry(row, "gradient", place, slope) if slope else ZERO)
            place += 1
        return leaves

    def _limit_gradient(self, share, coefficient, slope):
        """total·p - coefficient + 2c·lse·p, with p = share; x·e^-x vanishes at infinity.

        The focal factor and its slope have limits of their own, which this agrees with: at
        p_t = 0 they are 1 and 0, and at p_t = 1 the gradient is 0.
        """
        if share == "nan":
            return "nan"
        if share == 1 and self.z_loss:
            return "inf"
        return (self.total * share - coefficient) * slope

    def _row(self, plain=None):
        if plain is None:
            plain = self.gamma == 0
        kept = [c for c, logit in enumerate(self.logits) if logit != "-inf"]
        return Row(finite(self.logits), tuple(self.coefficients[c] for c in kept), self.total,
                   self.z_loss, None if plain else self.gamma,
                   None if plain else kept.index(self.index))
