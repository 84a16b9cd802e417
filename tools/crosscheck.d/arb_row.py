"""One categorical row in ball arithmetic.

With M the maximum, n how often it is attained, g_i = M - x_i, and S = Σ e^-g_i over the others:

    lse = M + L,  L = log n + log1p(S/n),  p_i = e^-g_i/(n + S),  p_max = 1/n - S/(n(n + S)).

All sums have positive terms. S, not 1 - p, carries a confident row.
"""
from fractions import Fraction

from flint import arb, ctx

from arb_ball import ONE, ball, log, log1p_minus

ZERO = Fraction(0)


class RowBalls:
    """The balls of a row at ctx.prec: exponentials e (1 for the maximum), S, Z = n + S, L."""

    def __init__(self, row):
        self.e = [(-ball(gap)).exp() if gap else ONE for gap in row.gaps]
        self.s = sum((e for e, gap in zip(self.e, row.gaps) if gap), arb(0))
        n = row.ties
        self.z = self.s + n
        self.l = self.s.log1p() if n == 1 else arb(n).log() + (self.s / n).log1p()


def balls(row):
    if ctx.prec not in row.cache:
        row.cache[ctx.prec] = RowBalls(row)
    return row.cache[ctx.prec]


def parts(row, kind, index):
    """(head, tail): the tail a function without arguments, or None if it is exactly zero."""
    if row.focal_gamma is not None:
        return focal_loss(row) if kind == "loss" else focal_gradient(row, index)
    if kind == "loss":
        return loss(row)
    if kind == "gradient":
        return gradient(row, index)
    gap, alone = row.gaps[index or 0], len(row.gaps) == 1
    if kind == "log-sum-exp":
        return row.maximum, None if alone else lambda: balls(row).l
    if kind == "log-softmax":
        return -gap, None if alone else lambda: -balls(row).l
    return softmax(row, index)


def softmax(row, index, factor=1):
    """factor·p_index, factor an exact rational."""
    n = row.ties
    if row.gaps[index]:
        return ZERO, lambda: factor_ball(factor) * balls(row).e[index] / balls(row).z
    if n == len(row.gaps):
        return Fraction(factor, n), None
    return Fraction(factor, n), lambda: -factor_ball(factor) * balls(row).s / (n * balls(row).z)


def factor_ball(factor):
    return ONE if factor == 1 else ball(factor)


def loss(row):
    """Σ a·g + c·M² + (A + 2cM)·L + c·L²."""
    total, c, m = row.total, row.z_loss, row.maximum
    head = sum((a * g for a, g in zip(row.coefficients, row.gaps)), ZERO) + c * m * m
    linear = total + 2 * c * m
    if len(row.gaps) == 1 or (linear == 0 and c == 0):
        return head, None
    if c == 0:
        return head, lambda: ball(linear) * balls(row).l
    return head, lambda: (ball(linear) + ball(c) * balls(row).l) * balls(row).l


def gradient(row, index):
    """A·p - a + 2c·lse·p."""
    total, c, n, a = row.total, row.z_loss, row.ties, row.coefficients[index]
    if c == 0:
        head, tail = softmax(row, index, total)
        return head - a, None if total == 0 else tail
    linear = total + 2 * c * row.maximum
    if len(row.gaps) == 1:
        return linear - a, None
    if row.gaps[index] or n > 1:
        return -a, lambda: ((ball(linear) + 2 * ball(c) * balls(row).l)
                            * balls(row).e[index] / balls(row).z)

    def tail():
        # (linear + 2cL)·(1 - S/(1 + S)) - linear, where the parts linear in S may cancel.
        s = balls(row).s
        return (2 * ball(c) * log1p_minus(s) + ball(2 * c - linear) * s) / balls(row).z
    return linear - a, tail


def jacobian(row, numbers, index):
    """p_i·Σ p_j(g_i - g_j) as a double sum; of a greatest logit the others beside the exact head c/n²."""
    n = row.ties
    differences = [numbers[index] - number for number in numbers]
    if row.gaps[index]:
        def product():
            b = balls(row)
            return b.e[index] / b.z / b.z * sum(
                (ball(d) * e for d, e in zip(differences, b.e) if d), arb(0))
        return ZERO, product
    c = sum(d for d, gap in zip(differences, row.gaps) if not gap)

    def tail():
        b = balls(row)
        terms = [(n * n * d - 2 * n * c, e) for d, e, gap in zip(differences, b.e, row.gaps) if gap]
        total = sum((ball(factor) * e for factor, e in terms if factor), arb(0))
        return (total - ball(c) * b.s * b.s) / (n * n * b.z * b.z)
    return c / Fraction(n * n), tail


class FocalBalls:
    """p and q = 1 - p of the target, ℓ = -log p, (1 - p)^γ and whether γ·p is small."""

    def __init__(self, row):
        b, t = balls(row), row.target
        others = sum((e for i, e in enumerate(b.e) if i != t), arb(0))
        self.p, self.q = b.e[t] / b.z, others / b.z
        self.loss = ball(row.gaps[t]) + b.l
        self.gamma = ball(row.focal_gamma)
        self.log_q = log(self.q, self.p)
        # G = (1 - p)^γ + γ·p·(1 - p)^(γ-1)·ℓ, the gradient's common factor.
        self.raised = (self.gamma * self.log_q).exp()
        self.slope = self.gamma * self.p * ((self.gamma - 1) * self.log_q).exp() * self.loss
        # Where 1 - G is small it is the tail; otherwise 1 would be a head that cancels.
        self.small = self.gamma * self.p < 0.5
        self.excess = (self.gamma * self.log_q).expm1() + self.slope


def focal_balls(row):
    key = "focal", ctx.prec
    if key not in row.cache:
        row.cache[key] = FocalBalls(row)
    return row.cache[key]


def weak(row):
    """Whether the target is so far below the maximum that (1 - p)^γ is 1 but for a small tail.

    Decided once for a row, at low precision, since it chooses the head. A row with γ·p near 1/2
    may be split either way.
    """
    if not row.gaps[row.target]:
        return False
    if "weak" not in row.cache:
        ctx.prec = 64
        row.cache["weak"] = focal_balls(row).small
    return row.cache["weak"]


def focal_loss(row):
    """a·(1 - p)^γ·(-log p)."""
    a, gap = row.coefficients[row.target], row.gaps[row.target]
    if a == 0 or len(row.gaps) == 1:
        return ZERO, None
    if row.ties == 1 and weak(row):
        def tail():
            f = focal_balls(row)
            return ball(a) * (f.raised * balls(row).l
                              + (f.gamma * f.log_q).expm1() * ball(gap))
        return a * gap, tail
    return ZERO, lambda: ball(a) * focal_balls(row).raised * focal_balls(row).loss


def focal_gradient(row, index):
    """a·(p_j - δ)·G."""
    a = row.coefficients[row.target]
    if a == 0 or len(row.gaps) == 1:
        return ZERO, None
    if index == row.target:
        if weak(row):
            def tail():
                f = focal_balls(row)
                return -ball(a) * (((f.gamma + 1) * f.log_q).expm1() + f.slope * f.q)
            return -a, tail
        return ZERO, lambda: -ball(a) * focal_balls(row).q * (
            focal_balls(row).raised + focal_balls(row).slope)
    if row.gaps[index] == 0 and weak(row):
        def tail():
            # (1/n)(1 - r)(1 + u) - 1/n
            b, u = balls(row), focal_balls(row).excess
            r = b.s / b.z
            return ball(a) / row.ties * (u - r - r * u)
        return a / row.ties, tail
    return ZERO, lambda: ball(a) * balls(row).e[index] / balls(row).z * (
        focal_balls(row).raised + focal_balls(row).slope)
