"""Parts of a row under a soft cap by the textbook, see `capped_parts`: v are the logits over the temperature."""
from mpmath import iv

import mpmath_capped
from mpmath_interval import exp, interval, log


def value(row, kind, index, v, slope):
    if kind == "logit":
        return v[index]
    if kind == "slope":
        return slope
    if kind == "others":
        return sum((exp(each - v[index]) for each, number in zip(v, row.numbers) if number), iv.zero)
    if kind in ("sigmoid-gradient", "log-sigmoid-gradient", "softplus-gradient"):
        p = 1 / (1 + exp(-v[0]))
        return slope * {"sigmoid-gradient": p * (1 - p), "log-sigmoid-gradient": 1 - p,
                        "softplus-gradient": p}[kind]
    p = softmax(v)
    if kind == "log-sum-exp-gradient":
        return slope * p[index]
    if kind == "softmax-gradient":
        mean = sum((interval(g) * each for g, each in zip(row.numbers, p)), iv.zero)
        return slope * p[index] * (interval(row.numbers[index]) - mean)
    if kind == "log-softmax-gradient":
        return slope * (interval(row.numbers[index]) - p[index] * interval(sum(row.numbers)))
    if kind == "entropy":
        return -expected(p, list(map(log, p)))
    if kind == "entropy-gradient":
        logarithms = list(map(log, p))
        return -slope * p[index] * (logarithms[index] - expected(p, logarithms))
    other = row.other
    q = softmax([(interval(other.cap) * mpmath_capped.tanh(other, x) + interval(b))
                 / interval(other.temperature) for x, b in zip(other.logits, other.bias)])
    if kind in ("kl-divergence-gradient", "cross-entropy-gradient"):
        return slope * (p[index] - q[index])
    if kind == "kl-divergence":
        return expected(q, [log(b / a) for a, b in zip(p, q)])
    if kind == "cross-entropy":
        return -expected(q, list(map(log, p)))
    means = [(a + b) / 2 for a, b in zip(p, q)]
    of_p = [log(a / m) for a, m in zip(p, means)]
    if kind == "js-divergence":
        return (expected(p, of_p) + expected(q, [log(b / m) for b, m in zip(q, means)])) / 2
    return slope * p[index] * (of_p[index] - expected(p, of_p)) / 2


def softmax(v):
    total = sum(map(exp, v), iv.zero)
    return [exp(each) / total for each in v]


def expected(p, numbers):
    return sum((a * b for a, b in zip(p, numbers)), iv.zero)
