"""Softmax, cross-entropy and their gradients within 4 ulp of the exact values, in NumPy. Copy it.

SPDX-License-Identifier: 0BSD

Against the common form: the error of each difference x - max is kept (two_sum); the greatest logit is
left out of the sum, rest = sum of e^(x - max) over the others; the loss is (max - x_t) + log(1 + rest),
terms of one sign, and the gradient at the greatest logit -rest / (1 + rest).

All is computed in float64, and rounded to the format of the logits once: narrower formats are within
0.51 ulp, float64 within 4. README.md derives the bounds, which hold for every finite row; u is half an
ulp of 1. Rows lie along the last axis, which must not be empty.
"""

import numpy as np

LN2_HIGH, LN2_LOW, LOG2_E = float.fromhex("0x1.62e42feep-1"), float.fromhex("0x1.a39ef35793c76p-33"), 1 / np.log(2)
SCALE = 900  # terms are kept 2^900 times as large, so that none loses digits below the normal range


def two_sum(a, b):
    """a + b, and what its rounding lost: exactly, unless the sum overflows (Knuth)."""
    total = a + b
    addend = total - a
    return total, np.where(np.isfinite(total), (a - (total - addend)) + (b - addend), 0)


def scaled_exp(a, b=0.0):
    """e^(a + b) 2^SCALE for a <= 0 and |b| <= ulp(a) / 2: within 1.5 u, for an exp within 0.6 ulp near 0."""
    b, a = np.where(a < -1332, 0, b), np.where(a < -1332, -1332, a)
    n = np.rint(np.nan_to_num(a * LOG2_E))
    return np.ldexp(np.exp((a - n * LN2_HIGH) + (b - n * LN2_LOW)), n.astype(np.int32) + SCALE)


def compensated_sum(terms):
    """The sum along the last axis, in pairs and pairs of pairs, as its rounded value and the rest of it."""
    lost = np.zeros_like(terms)
    while (n := terms.shape[-1]) > 1:
        if n % 2:
            terms, lost = (np.concatenate([each, 0 * each[..., :1]], -1) for each in (terms, lost))
        half = (n + 1) // 2
        terms, error = two_sum(terms[..., :half], terms[..., half:])
        lost = lost[..., :half] + lost[..., half:] + error
    return two_sum(terms, lost)


class Row:
    """The greatest logit, the rest = sum of e^(x - max) over the others, and log(1 + rest)."""

    def __init__(self, x):
        self.max = x.max(-1, keepdims=True)
        self.powers = scaled_exp(*two_sum(x, -self.max))
        is_max = x == self.max
        total, low = compensated_sum(np.where(is_max, 0, self.powers))
        self.rest, lost = two_sum(is_max.sum(-1, keepdims=True) - 1.0, np.ldexp(total, -SCALE))
        lost = lost + np.ldexp(low, -SCALE)
        self.log = np.log1p(self.rest) + lost / (1 + self.rest)

    def losses(self, x):
        """(max - x) + log(1 + rest), the loss of each class: within 4 ulp."""
        d, lost = two_sum(self.max, -x)
        return d + (self.log + lost)

    def shares(self, x):
        """The probabilities: within 5 u."""
        p = np.ldexp(self.powers / (1 + self.rest), -SCALE)
        return np.where(x == self.max, 1 / (1 + self.rest), p)


def _weights(target, shape, smoothing, ignore_index):
    """The target as a weight for each class, the sum of it, and which rows count."""
    target, counts = np.asarray(target), np.ones((*shape[:-1], 1), bool)
    if target.ndim < len(shape):
        counts = (target != ignore_index)[..., None]
        y, total = (np.arange(shape[-1]) == target[..., None]).astype(np.float64), 1.0
    else:
        y = target.astype(np.float64)
        total = sum(compensated_sum(y))
    return (1 - smoothing) * y + smoothing / shape[-1], (1 - smoothing) * total + smoothing, counts


def _in_format_of(logits, values):
    with np.errstate(all="ignore"):
        return values.astype(np.asarray(logits).dtype)


@np.errstate(all="ignore")
def softmax(logits):
    x = np.asarray(logits, np.float64)
    return _in_format_of(logits, Row(x).shares(x))


@np.errstate(all="ignore")
def log_softmax(logits):
    x = np.asarray(logits, np.float64)
    return _in_format_of(logits, -Row(x).losses(x))


@np.errstate(all="ignore")
def cross_entropy(logits, target, label_smoothing=0.0, ignore_index=-100, z_loss=0.0):
    """The loss of each row. The target is a label for each row, or a weight for each logit.

    Within 4 ulp; of soft targets that are smoothed, within 5.
    """
    x = np.asarray(logits, np.float64)
    row, (w, total, counts) = Row(x), _weights(target, x.shape, label_smoothing, ignore_index)
    d, lost = two_sum(row.max / 2, -x / 2)  # halves, which do not overflow
    head, low = compensated_sum(np.where(w == 0, 0, w * d))
    low = low + (w * lost).sum(-1, keepdims=True)
    loss = 2 * head + (total * row.log + 2 * low)
    lse, low = two_sum(row.max, row.log)
    loss = loss + z_loss * lse * (lse + 2 * low) if z_loss else loss
    return _in_format_of(logits, np.where(counts, loss, 0)[..., 0])


@np.errstate(all="ignore")
def cross_entropy_gradient(logits, target, label_smoothing=0.0, ignore_index=-100, z_loss=0.0):
    """Its gradient by the logits. Of labels within 4 ulp; of soft or smoothed targets and with z-loss
    within 5 u of the greater of p and y, of which little may be left where the two are near."""
    x = np.asarray(logits, np.float64)
    row, (w, total, counts) = Row(x), _weights(target, x.shape, label_smoothing, ignore_index)
    total = total + 2 * z_loss * (row.max + row.log)
    near_one = (total - w) - total * (row.rest / (1 + row.rest))
    gradient = np.where((x == row.max) & (2 * w > total), near_one, total * row.shares(x) - w)
    return _in_format_of(logits, np.where(counts, gradient, 0))


@np.errstate(all="ignore")
def binary_cross_entropy(logits, target):
    """The loss of each logit and target in [0, 1]: within 4 ulp. softplus(z) is that of the target 0."""
    z, y = np.asarray(logits, np.float64), np.asarray(target, np.float64)
    wrong, tail = np.where(z < 0, y, 1 - y), np.log1p(np.exp(-np.abs(z)))
    return _in_format_of(logits, np.where(wrong == 0, tail, np.abs(z) * wrong + tail))


@np.errstate(all="ignore")
def binary_cross_entropy_gradient(logits, target):
    """sigmoid(z) - y: within 4 ulp for labels and for y = 0, and else within 4 u of the greater term."""
    z, y = np.asarray(logits, np.float64), np.asarray(target, np.float64)
    rest = np.exp(-np.abs(z))
    return _in_format_of(logits, np.where(z < 0, rest / (1 + rest) - y, (1 - y) - rest / (1 + rest)))
