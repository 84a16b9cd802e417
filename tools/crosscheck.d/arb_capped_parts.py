"""Parts of a row under a soft cap in ball arithmetic, see `capped_parts`."""
from flint import arb

import arb_capped
from arb_ball import ONE, ball


def value(row, kind, index):
    if kind == "logit":
        return arb_capped.capped(row, index) / ball(row.temperature)
    if kind == "slope":
        return arb_capped.slope(row, index)
    if kind == "others":
        t = ball(row.temperature)
        return sum(((-arb_capped.gap(row, index, j) / t).exp()
                    for j, number in enumerate(row.numbers) if number), arb(0))
    if kind in ("sigmoid-gradient", "log-sigmoid-gradient", "softplus-gradient"):
        return arb_capped.slope(row, 0) * one_logit(
            kind, arb_capped.capped(row, 0) / ball(row.temperature))
    if row.other is None and kind != "entropy" and kind != "entropy-gradient":
        return arb_capped.slope(row, index) * upstream(row, kind, index)
    if kind.endswith("gradient"):
        return arb_capped.slope(row, index) * derivative(row, kind, index)
    return distribution(row, kind)


def one_logit(kind, z):
    if kind == "softplus-gradient":
        return arb_capped.sigmoid(z)
    if kind == "log-sigmoid-gradient":
        return arb_capped.sigmoid(-z)
    # 1/(2 cosh z/2)².
    c = 2 * (z / 2).cosh()
    return ONE / (c * c)


def upstream(row, kind, index):
    b = arb_capped.CappedBalls(row)
    p = b.e[index] / b.z
    if kind == "log-sum-exp-gradient":
        return p
    own = row.numbers[index]
    if kind == "softmax-gradient":
        return p / b.z * sum((ball(own - number) * e for number, e in zip(row.numbers, b.e)
                              if number != own), arb(0))
    total = sum(row.numbers)
    if index == b.top:
        return ball(own - total) + ball(total) * b.s / b.z
    return ball(own) - ball(total) * p


def logarithms(b):
    return [-(gap + b.l) for gap in b.gaps]


def share(r):
    """log(2/(1 + e^-r))."""
    if abs(r) < 1:
        return (r / 2).tanh().log1p()
    return arb(2).log() - (-r).exp().log1p()


def distribution(row, kind):
    p = arb_capped.CappedBalls(row)
    if kind == "entropy":
        return p.l + sum((gap * e for gap, e in zip(p.gaps, p.e)), arb(0)) / p.z
    q = arb_capped.CappedBalls(row.other)
    a, b = logarithms(p), logarithms(q)
    if kind == "cross-entropy":
        return -sum((e / q.z * own for e, own in zip(q.e, a)), arb(0))
    if kind == "kl-divergence":
        return sum((e / q.z * (its - own) for e, own, its in zip(q.e, a, b)), arb(0))
    return sum((e / p.z * share(own - its) + f / q.z * share(its - own)
                for e, f, own, its in zip(p.e, q.e, a, b)), arb(0)) / 2


def derivative(row, kind, index):
    p = arb_capped.CappedBalls(row)
    own = p.e[index] / p.z
    t = ball(row.temperature)
    if kind == "entropy-gradient":
        return own / p.z * sum((arb_capped.gap(row, j, index) / t * e for j, e in enumerate(p.e)
                                if j != index), arb(0))
    q = arb_capped.CappedBalls(row.other)
    if kind != "js-divergence-gradient":
        if index == p.top == q.top:
            return q.s / q.z - p.s / p.z
        return own - q.e[index] / q.z
    l = [share(x - y) for x, y in zip(logarithms(p), logarithms(q))]
    return own / p.z * sum((e * (l[index] - l[j]) for j, e in enumerate(p.e) if j != index),
                           arb(0)) / 2
