"""A row under a soft cap by the textbook: v = c·tanh(s·x/c) + b, p = e^(v/T)/Σ e^(v/T), 1 - tanh²."""
from mpmath import iv

import mpmath_capped_parts
from capped_parts import PARTS
from mpmath_interval import exp, interval, log, power
from rounding import Unaffordable

MOST_NATS = 400  # of s·x/c and of v/T; beyond them the differences would need too many bits


def tail(leaf):
    row = leaf.row

    def enclosure(precision, tiny, most_bits):
        rows = [each for each in (row, getattr(row, "other", None)) if each]
        reach = max((each.cap + max(abs(b) for b in each.bias)) / each.temperature for each in rows)
        quotients = [abs(each.scale * x / each.cap) for each in rows for x in each.logits
                     if not isinstance(x, str)]
        if max(quotients) > MOST_NATS or reach > MOST_NATS:
            raise Unaffordable
        iv.prec = precision + 64 + 4 * int(max(quotients) + reach)
        return value(row, leaf.kind, leaf.index)
    return enclosure


def tanh(row, x):
    if isinstance(x, str):
        return iv.mpf(1 if x == "inf" else -1)
    return 1 - 2 / (exp(2 * interval(row.scale * x / row.cap)) + 1)


def value(row, kind, index):
    t = [tanh(row, x) for x in row.logits]
    v = [(interval(row.cap) * each + interval(b)) / interval(row.temperature)
         for each, b in zip(t, row.bias)]
    slope = 0
    if kind.endswith("gradient") or kind == "slope":
        slope = interval(row.scale / row.temperature) * (1 - t[index or 0] * t[index or 0])
    if row.binary or kind in ("sigmoid", "log-sigmoid", "softplus"):
        return binary(row, kind, v[0], slope)
    if kind in PARTS:
        return mpmath_capped_parts.value(row, kind, index, v, slope)
    total = sum((exp(each) for each in v), iv.zero)
    p = [exp(each) / total for each in v]
    if kind == "softmax":
        return p[index]
    if kind == "log-softmax":
        return log(p[index])
    if kind == "log-sum-exp":
        return log(total)
    if row.gamma:
        error, loss = 1 - p[row.index], -log(p[row.index])
        a = interval(row.coefficients[row.index])
        if kind == "loss":
            return a * power(error, row.gamma) * loss
        common = power(error, row.gamma) + interval(row.gamma) * p[row.index] * power(
            error, row.gamma - 1) * loss
        return slope * a * common * (p[index] - (1 if index == row.index else 0))
    z_loss, squared = interval(row.z_loss), log(total)
    if kind == "loss":
        loss = sum((-interval(a) * log(each) for a, each in zip(row.coefficients, p) if a), iv.zero)
        return loss + z_loss * squared * squared
    factor = interval(row.total) + 2 * z_loss * squared
    return slope * (factor * p[index] - interval(row.coefficients[index]))


def binary(row, kind, z, slope):
    p = 1 / (1 + exp(-z))
    if kind == "sigmoid":
        return p
    if kind == "softplus":
        return -log(1 - p)
    if kind == "log-sigmoid":
        return log(p)
    plain = row.plain
    y, w = plain.target, plain.positive_weight
    loss = iv.zero
    if w * y:
        loss -= interval(w * y) * log(p)
    if y != 1:
        loss -= interval(1 - y) * log(1 - p)
    alpha = interval(plain.alpha)
    if not plain.gamma:
        if kind == "loss":
            return alpha * loss
        return slope * alpha * (interval(w * y) * (p - 1) + interval(1 - y) * p)
    y = interval(y)
    error = 1 - (p * y + (1 - p) * (1 - y))
    if kind == "loss":
        return alpha * power(error, plain.gamma) * loss
    inner = interval(plain.gamma) * power(error, plain.gamma - 1) * (2 * y - 1) * p * (1 - p)
    return slope * alpha * (power(error, plain.gamma) * (p - y) - inner * loss)
