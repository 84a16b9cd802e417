"""Softmax, cross-entropy and their gradients within 4 ulp of the exact values, in JAX. Copy it.

SPDX-License-Identifier: 0BSD

Against the common form: the error of each difference x - max is kept (two_sum); the greatest logit is
left out of the sum, rest = sum of e^(x - max) over the others; the loss is (max - x_t) + log(1 + rest),
terms of one sign, and the gradient at the greatest logit -rest / (1 + rest), by custom_vjp.

All is computed in float32, and 16-bit results are rounded once; float64 is not for this form. README.md
derives the bounds, for every finite row along the last axis; u is half an ulp of 1. XLA on CPUs takes subnormal
numbers for 0: what it would lose is made of integers, but a subnormal weight of a class counts as 0.
"""
from functools import partial
from math import factorial, log

import jax
import jax.numpy as jnp
from jax import lax

SCALE, LN2_HIGH, LN2_LOW = 100, 0.693359375, -2.12194440e-4
EXP = jnp.array([1 / factorial(k) for k in range(7, 1, -1)], jnp.float32)  # of (e^r - 1 - r) / r^2
LOG = jnp.array([2 / k for k in range(9, 2, -2)], jnp.float32)  # of (log((1 + g) / (1 - g)) - 2 g) / g^3

def power_of_two(k):
    """2^k, for integers k from -126 to 127."""
    return lax.bitcast_convert_type((k.astype(jnp.int32) + 127) << 23, jnp.float32)

def unscaled(x):
    """x 2^-SCALE, for x >= 0. A subnormal result is so many least numbers, rounded once."""
    subnormal = lax.bitcast_convert_type(jnp.round(x * 2.0 ** (149 - SCALE)).astype(jnp.int32), jnp.float32)
    return jnp.where(x < 2.0 ** (SCALE - 126), subnormal, x * 2.0**-SCALE)

def times(factor, p):
    return jnp.where(factor == 1, p, factor * p)  # keeps a subnormal p

def two_sum(a, b):
    """a + b, and what its rounding lost: exactly, unless the sum overflows (Knuth)."""
    total = a + b
    addend = total - a
    return total, jnp.where(jnp.isfinite(total), (a - (total - addend)) + (b - addend), 0)

def compensated_sum(terms):
    """The sum along the last axis, as its rounded value and what that lost."""
    def add(a, b):
        total, lost = two_sum(a[0], b[0])
        return two_sum(total, a[1] + b[1] + lost)
    total, lost = lax.reduce((terms, jnp.zeros_like(terms)), (jnp.float32(0),) * 2, add, [terms.ndim - 1])
    return two_sum(total[..., None], lost[..., None])

def scaled_exp(a, b=0):
    """e^(a + b) 2^SCALE for a <= 0 and |b| <= ulp(a) / 2: within 1.6 u, far below the normal range too."""
    b, a = jnp.where(a < -156, 0, b), jnp.where(a < -156, -156, a)
    n = jnp.round(a * (1 / log(2)))
    r = (a - n * LN2_HIGH) + (b - n * LN2_LOW)
    return (1 + (r + r * r * jnp.polyval(EXP, r))) * power_of_two(n + SCALE)

def log_of_one_plus(s, e):
    """log(1 + s + e) = k log 2 + log(1 + f) for s >= 0 and |e| <= ulp(s): within 1.4 u."""
    total, lost = two_sum(jnp.where(s >= 0, 1, s), s)  # not of a constant, which XLA would add to others
    k = (lax.bitcast_convert_type(total, jnp.int32) - 0x3F3504F3) >> 23  # the bits of sqrt(1/2)
    high, low = total * power_of_two(-k) - 1, (lost + e) * power_of_two(-k)
    f = high + low
    g, half = f / (2 + f), f * f / 2
    tail = half - (g * (half + g * g * jnp.polyval(LOG, g * g)) + k * LN2_LOW)
    return k * LN2_HIGH + (high + (low - tail))

class Row:
    """Of rows x: max, and of rest = sum of the other e^(x - max) the log(1 + rest) and rest / (1 + rest)."""

    def __init__(self, x):
        self.max = x.max(-1, keepdims=True)
        self.powers, is_max = scaled_exp(*two_sum(x, -self.max)), x == self.max
        total, low = compensated_sum(jnp.where(is_max, 0, self.powers))
        ties = is_max.sum(-1, keepdims=True).astype(jnp.float32) - 1
        rest, lost = two_sum(ties, total * 2.0**-SCALE)
        self.total, is_small = 1 + rest, (ties == 0) & (rest < 1e-30)
        self.others = jnp.where(is_small, unscaled(total), rest / self.total)
        log = log_of_one_plus(rest, lost + low * 2.0**-SCALE)
        self.log, self.scaled_log = jnp.where(is_small, self.others, log), jnp.where(is_small, total, log * 2.0**SCALE)
        self.shares = jnp.where(is_max, 1 / self.total, unscaled(self.powers / self.total))  # within 5 u

    def losses(self, x):
        """(max - x) + log(1 + rest), the loss of each class: within 4 ulp."""
        d, lost = two_sum(self.max, -x)
        return jnp.where(d == 0, self.log, d + (self.log + lost))

def softmax(logits):
    return Row(logits.astype(jnp.float32)).shares.astype(logits.dtype)

def log_softmax(logits):
    x = logits.astype(jnp.float32)
    return -Row(x).losses(x).astype(logits.dtype)

def _weights(x, target, smoothing, ignored):
    """The target as a weight for each class, what the others have, their sum, and which rows count."""
    n, is_label = x.shape[-1], target.ndim < x.ndim
    y = (jnp.arange(n) == target[..., None] if is_label else target).astype(jnp.float32)
    total = jnp.ones_like(x[..., :1]) if is_label else sum(compensated_sum(y))
    others = (1 - smoothing) * (total - y) + (smoothing - smoothing / n)
    counts = (target != ignored)[..., None] if is_label else True
    return (1 - smoothing) * y + smoothing / n, others, (1 - smoothing) * total + smoothing, counts

@partial(jax.custom_vjp, nondiff_argnums=(2, 3, 4))
def cross_entropy(logits, target, label_smoothing=0.0, ignore_index=-100, z_loss=0.0):
    """Of each row, within 4 ulp; of smoothed soft targets 5. The target is a label or a weight for each class."""
    x = logits.astype(jnp.float32)
    row, (w, _, total, counts) = Row(x), _weights(x, target, label_smoothing, ignore_index)
    d, lost = two_sum(row.max / 2, -x / 2)  # halves, which do not overflow
    head, low = compensated_sum(jnp.where(w == 0, 0, w * d))
    low, (lse, lost) = low + (w * lost).sum(-1, keepdims=True), two_sum(row.max, row.log)
    loss = 2 * head + (total * row.log + 2 * low) + z_loss * lse * (lse + 2 * lost)
    square = (lse * 2.0 ** (SCALE / 2)) * ((lse + 2 * lost) * 2.0 ** (SCALE / 2))
    small = (head + low) * 2.0 ** (SCALE + 1) + (total * row.scaled_log + z_loss * square)  # 2^SCALE times the loss
    loss = jnp.where(small < 2.0 ** (SCALE - 40), unscaled(small), loss)
    return jnp.where(counts, loss, 0)[..., 0].astype(logits.dtype)

def _backward(label_smoothing, ignore_index, z_loss, saved, upstream):
    """Of labels within 4 ulp; of soft or smoothed targets and with z-loss within 5 u of the greater of p and y."""
    x = saved[0].astype(jnp.float32)
    row, (w, others, total, counts) = Row(x), _weights(x, saved[1], label_smoothing, ignore_index)
    direct = times(total, row.shares)
    direct = jnp.where(w == 0, direct, direct - w)
    near_one = jnp.where(others == 0, times(-total, row.others), others - total * row.others)
    gradient = jnp.where((x == row.max) & (2 * w > total), near_one, direct)
    if z_loss:
        gradient = gradient + 2 * z_loss * (row.max + row.log) * row.shares
    gradient = jnp.where(counts, times(upstream[..., None].astype(jnp.float32), gradient), 0)
    return gradient.astype(saved[0].dtype), None

cross_entropy.defvjp(lambda x, t, *options: (cross_entropy(x, t, *options), (x, t)), _backward)

@jax.custom_vjp
def binary_cross_entropy(logits, target):
    """Within 4 ulp, for targets in [0, 1]. softplus(z) is that of the target 0."""
    z, y = logits.astype(jnp.float32), target.astype(jnp.float32)
    power, wrong = scaled_exp(-jnp.abs(z)), jnp.where(z < 0, y, 1 - y)
    log, least = log_of_one_plus(power * 2.0**-SCALE, 0), lax.bitcast_convert_type(wrong, jnp.int32)  # if subnormal
    scaled = jnp.where(least < 1 << 23, least.astype(jnp.float32) * 2.0 ** (SCALE - 149), wrong * 2.0**SCALE)
    loss, small = jnp.where(wrong == 0, log, jnp.abs(z) * wrong + log), jnp.abs(z) * scaled + power
    return jnp.where(small < 2.0 ** (SCALE - 40), unscaled(small), loss).astype(logits.dtype)

def _binary_backward(saved, upstream):
    """sigmoid(z) - y: within 4 ulp for labels and y = 0, and else within 4 u of the greater term."""
    z, y = (each.astype(jnp.float32) for each in saved)
    power = scaled_exp(-jnp.abs(z))
    others, wrong = unscaled(power / (1 + power * 2.0**-SCALE)), jnp.where(z < 0, y, 1 - y)
    gradient = jnp.where(z < 0, 1, -1) * jnp.where(wrong == 0, others, others - wrong)
    return times(upstream.astype(jnp.float32), gradient).astype(saved[0].dtype), None

binary_cross_entropy.defvjp(lambda z, y: (binary_cross_entropy(z, y), (z, y)), _binary_backward)
