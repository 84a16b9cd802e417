"""A row under a soft cap in ball arithmetic.

The gap of two capped logits is c·(tanh p - tanh q) = c·sinh(p - q)/(cosh p·cosh q), which keeps its digits where
both are next to the cap, for Arb's exponents have no bounds. 1 - tanh² q is 1/cosh² q.
"""
from fractions import Fraction

from flint import arb, ctx

import arb_capped_parts
from arb_ball import ONE, ball, log
from capped_parts import PARTS
from problems import Capped, Sum

LIMIT = 1 << 14  # bits; no theorem ends the loop


def concerns(leaf):
    if isinstance(leaf, Sum):
        return any(concerns(part) for part in leaf.leaves)
    return isinstance(leaf, Capped)


def quotient(row, index):
    """s·x/c, or the infinite logit."""
    x = row.logits[index]
    return x if isinstance(x, str) else row.scale * x / row.cap


def extra(row):
    quotients = [quotient(row, index) for index in range(row.size)]
    return max((int(abs(q)).bit_length() for q in quotients if isinstance(q, Fraction)), default=0)


def capped(row, index):
    """v."""
    q = quotient(row, index)
    t = ONE if q == "inf" else -ONE if q == "-inf" else ball(q).tanh()
    return ball(row.cap) * t + ball(row.bias[index])


def gap(row, first, second):
    """v_first - v_second."""
    p, q = quotient(row, first), quotient(row, second)
    rest = ball(row.bias[first] - row.bias[second])
    if p == q:
        return rest
    if isinstance(p, str) and isinstance(q, str):
        return ball(row.cap) * (2 if p == "inf" else -2) + rest
    if isinstance(q, str):
        # -(1 - tanh p), or 1 + tanh p.
        distance = saturation(p) if q == "inf" else -saturation(-p)
        return -ball(row.cap) * distance + rest
    if isinstance(p, str):
        return ball(row.cap) * (saturation(q) if p == "inf" else -saturation(-q)) + rest
    return ball(row.cap) * ball(p - q).sinh() / (ball(p).cosh() * ball(q).cosh()) + rest


def saturation(q):
    """1 - tanh q = 2/(e^2q + 1)."""
    return 2 / ((2 * ball(q)).exp() + 1)


def slope(row, index):
    """The derivative of v/T by x."""
    c = ball(quotient(row, index)).cosh()
    return ball(row.scale / row.temperature) / (c * c)


class CappedBalls:
    """The gaps to a greatest class over the temperature, their exponentials, and the sums of these."""

    def __init__(self, row):
        values = [capped(row, index) for index in range(row.size)]
        self.top = max(range(row.size), key=lambda index: (float(values[index].mid()), -index))
        t = ball(row.temperature)
        # Of one logit nothing is taken off.
        self.gaps = [gap(row, self.top, index) / t if index != self.top else arb(0)
                     for index in range(row.size)]
        self.e = [(-g).exp() for g in self.gaps]
        others = [e for index, e in enumerate(self.e) if index != self.top]
        self.s = sum(others, arb(0))
        self.z, self.l = self.s + 1, self.s.log1p()
        self.lse = values[self.top] / t + self.l


def tail(leaf):
    return lambda: value(leaf.row, leaf.kind, leaf.index)


def value(row, kind, index):
    if row.binary or kind in ("sigmoid", "log-sigmoid", "softplus"):
        return binary(row, kind)
    if kind in PARTS:
        return arb_capped_parts.value(row, kind, index)
    b = CappedBalls(row)
    if kind == "log-sum-exp":
        return b.lse
    if kind == "softmax":
        return b.e[index] / b.z
    if kind == "log-softmax":
        return -(b.gaps[index] + b.l)
    if row.gamma:
        return focal(row, b, kind, index)
    total, z_loss = ball(row.total), ball(row.z_loss)
    if kind == "loss":
        loss = sum((ball(a) * g for a, g in zip(row.coefficients, b.gaps) if a), arb(0))
        return loss + total * b.l + (z_loss * b.lse * b.lse if row.z_loss else 0)
    factor = total + 2 * z_loss * b.lse if row.z_loss else total
    p = b.e[index] / b.z
    if index == b.top and row.total == row.coefficients[index] and not row.z_loss:
        return -slope(row, index) * total * b.s / b.z
    return slope(row, index) * (factor * p - ball(row.coefficients[index]))


def focal(row, b, kind, index):
    t = row.index
    others = sum((e for i, e in enumerate(b.e) if i != t), arb(0))
    p, q, loss, gamma = b.e[t] / b.z, others / b.z, b.gaps[t] + b.l, ball(row.gamma)
    log_q, a = log(q, p), ball(row.coefficients[t])
    raised = (gamma * log_q).exp()
    if kind == "loss":
        return a * raised * loss
    common = raised + gamma * p * ((gamma - 1) * log_q).exp() * loss
    difference = -q if index == t else b.e[index] / b.z
    return slope(row, index) * a * common * difference


def softplus(z):
    return (z if z > 0 else arb(0)) + (-abs(z)).exp().log1p() if z > 0 or z < 0 else (
        z.exp() + 1).log()


def sigmoid(z):
    return 1 / ((-z).exp() + 1)


def binary(row, kind):
    z = capped(row, 0) / ball(row.temperature)
    if kind == "sigmoid":
        return sigmoid(z)
    if kind == "softplus":
        return softplus(z)
    if kind == "log-sigmoid":
        return -softplus(-z)
    plain = row.plain
    y, w = ball(plain.target), ball(plain.positive_weight)
    entropy = (w * y * softplus(-z) if plain.target else arb(0)) + (
        (1 - y) * softplus(z) if plain.target != 1 else arb(0))
    alpha, gamma = ball(plain.alpha), ball(plain.gamma)
    if not plain.gamma:
        if kind == "loss":
            return alpha * entropy
        return slope(row, 0) * alpha * ((1 - y) * sigmoid(z) - w * y * sigmoid(-z))
    error = y * sigmoid(-z) + (1 - y) * sigmoid(z)
    if kind == "loss":
        return alpha * (gamma * error.log()).exp() * entropy
    bracket = gamma * (1 - 2 * y) * sigmoid(z) * sigmoid(-z) * entropy + error * (
        (1 - y) * sigmoid(z) - y * sigmoid(-z))
    return slope(row, 0) * alpha * ((gamma - 1) * error.log()).exp() * bracket
