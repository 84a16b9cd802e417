"""Softmax, cross-entropy and their gradients within 4 ulp of the exact values, in Triton. Copy it.

SPDX-License-Identifier: 0BSD

Against the common form: the error of each difference x - max is kept (two_sum); the greatest logit is
left out of the sum, rest = sum of e^(x - max) over the others; the loss is (max - x_t) + log(1 + rest),
terms of one sign, and the gradient at the greatest logit -rest / (1 + rest).

One program takes one row, a block of classes at a time. When a greater logit comes, 1 + rest is moved
under it as a double word, so that many small steps cost no digits. All is computed in float32, and 16-bit
results are rounded once; terms are 2^100 times as large, so that none loses digits. README.md derives the bounds, which hold for every finite row; u is half an ulp of 1.
"""
import torch
import triton
import triton.language as tl

SCALE, DOWN = tl.constexpr(100), tl.constexpr(2.0**-100)

@triton.jit
def two_sum(a, b):
    """a + b, and what its rounding lost: exactly, unless the sum overflows (Knuth)."""
    total = a + b
    addend = total - a
    return total, tl.where(tl.abs(total) < float("inf"), (a - (total - addend)) + (b - addend), 0.0)

@triton.jit
def power_of_two(k):
    return ((k.to(tl.int32) + 127) << 23).to(tl.float32, bitcast=True)

@triton.jit
def exp_parts(a, b):
    """n and q with e^(a + b) = 2^n (1 + q), for a <= 0 and |b| <= ulp(a) / 2: within 1.6 u."""
    b = tl.where(a < -156.0, 0.0, b)
    a = tl.where(a < -156.0, -156.0, a)
    n = tl.floor(a * 1.4426950408889634 + 0.5)
    r = (a - n * 0.693359375) + (b + n * 2.12194440e-4)
    q = r * (1 / 5040) + 1 / 720
    q = ((q * r + 1 / 120) * r + 1 / 24) * r + 1 / 6
    return n, r + r * r * (q * r + 0.5)

@triton.jit
def log_of_one_plus(s, e):
    """log(1 + s + e) = k log 2 + log(1 + f) for s >= 0 and |e| <= ulp(s): within 1.4 u."""
    total, lost = two_sum(1.0, s)
    k = (total.to(tl.int32, bitcast=True) - 0x3F3504F3) >> 23  # the bits of sqrt(1/2)
    high, low = total * power_of_two(-k) - 1.0, (lost + e) * power_of_two(-k)
    f = high + low
    g = f / (2.0 + f)
    t, half, k = g * g, f * f * 0.5, k.to(tl.float32)
    p = t * (((t * (2 / 9) + 2 / 7) * t + 2 / 5) * t + 2 / 3)
    return k * 0.693359375 + (high + (low - (half - (g * (half + p) - k * 2.12194440e-4))))

@triton.jit
def merge(max_a, rest_a, lost_a, max_b, rest_b, lost_b):
    """Two parts of a row, each with its maximum m and, scaled, the sum of e^(x - m) over its others: 1 + rest
    of that with the smaller maximum comes under the greater one."""
    is_a = max_a >= max_b
    top, low = tl.where(is_a, max_a, max_b), tl.where(is_a, max_b, max_a)
    rest, lost = tl.where(is_a, rest_a, rest_b), tl.where(is_a, lost_a, lost_b)
    total, total_lost = two_sum(1.0, tl.where(is_a, rest_b, rest_a) * DOWN)
    total_lost += tl.where(is_a, lost_b, lost_a) * DOWN
    n, q = exp_parts(*two_sum(low, -top))
    power, power_lost = two_sum(1.0, q)
    moved, scale = total * power, tl.where(low == float("-inf"), 0.0, power_of_two(n + SCALE))
    moved_lost = tl.fma(total, power, -moved) + (total * power_lost + total_lost * power)
    rest, error = two_sum(rest, tl.where(scale == 0, 0.0, moved * scale))
    return top, rest, lost + error + tl.where(scale == 0, 0.0, moved_lost * scale)

@triton.jit
def row_of(x_row, n, BLOCK: tl.constexpr):
    """The maximum, rest + lost = sum of the others' e^(x - max), scaled, and log(1 + rest + lost)."""
    each = tl.arange(0, BLOCK)
    top = tl.full([BLOCK], float("-inf"), tl.float32)
    rest, lost = tl.zeros([BLOCK], tl.float32), tl.zeros([BLOCK], tl.float32)
    for start in range(0, n, BLOCK):
        x = tl.load(x_row + start + each, mask=start + each < n, other=float("-inf")).to(tl.float32)
        top, rest, lost = merge(top, rest, lost, x, tl.zeros_like(x), tl.zeros_like(x))
    top, rest, lost = tl.reduce((top, rest, lost), 0, merge)
    return top, rest * DOWN, log_of_one_plus(rest * DOWN, lost * DOWN)

@triton.jit
def add(a, a_lost, b, b_lost):
    total, lost = two_sum(a, b)
    return two_sum(total, a_lost + b_lost + lost)

@triton.jit
def target_at(target, row, n, at, inside, label, IS_SOFT: tl.constexpr):
    if IS_SOFT:
        return tl.load(target + row * n + at, mask=inside, other=0).to(tl.float32)
    return tl.where(at == label, 1.0, 0.0)

@triton.jit
def row_kernel(x, target, out, n, keep, share, spread, ignored, z_loss, IS_SOFT: tl.constexpr,
               KIND: tl.constexpr, BLOCK: tl.constexpr):
    """The loss is within 4 ulp; the gradient of labels too, and else within 5 u of the greater of p and y."""
    row, each = tl.program_id(0).to(tl.int64), tl.arange(0, BLOCK)
    top, rest, log = row_of(x + row * n, n, BLOCK)
    zero, label = tl.zeros([BLOCK], tl.float32), 0
    head, low, sum_y, sum_lost = zero, zero, zero, zero
    if not IS_SOFT:
        label = tl.load(target + row)
    for start in range(0, n, BLOCK):
        at, inside = start + each, start + each < n
        y = target_at(target, row, n, at, inside, label, IS_SOFT)
        w = tl.where(inside, keep * y + share, 0.0)
        logit = tl.load(x + row * n + at, mask=inside, other=0).to(tl.float32)
        d, lost = two_sum(top * 0.5, logit * -0.5)  # halves, which do not overflow
        head, low = add(head, low, tl.where(w == 0, 0.0, w * d), tl.where(w == 0, 0.0, w * lost))
        sum_y, sum_lost = add(sum_y, sum_lost, y, 0.0)
    head, low = tl.reduce((head, low), 0, add)
    sum_y, sum_lost = tl.reduce((sum_y, sum_lost), 0, add)
    sum_y = sum_y + sum_lost
    total, lse, counts = keep * sum_y + (1.0 - keep), top + log, (label != ignored) | IS_SOFT
    if KIND == "loss":
        loss = 2.0 * head + (total * log + 2.0 * low) + z_loss * lse * lse
        tl.store(out + row, tl.where(counts, loss, 0.0).to(out.dtype.element_ty))
    else:
        for start in range(0, n, BLOCK):
            at, inside = start + each, start + each < n
            logit = tl.load(x + row * n + at, mask=inside, other=0).to(tl.float32)
            d, lost = two_sum(logit, -top)
            k, q = exp_parts(d, lost)
            power = (1.0 + q) * power_of_two(k + SCALE) / (1.0 + rest) * DOWN
            result = tl.where(logit == top, 1.0 / (1.0 + rest), power)  # the probability, within 5 u
            if KIND == "log-softmax":
                result = d + (lost - log)  # within 4 ulp
            if KIND == "gradient":
                y = target_at(target, row, n, at, inside, label, IS_SOFT)
                w, others = keep * y + share, keep * (sum_y - y) + spread
                near_one = others - total * (rest / (1.0 + rest))
                extra = 2.0 * z_loss * lse * result
                result = extra + tl.where((logit == top) & (2 * w > total), near_one, total * result - w)
                result = tl.where(counts, result, 0.0)
            tl.store(out + row * n + at, result.to(out.dtype.element_ty), mask=inside)

def rows(kind, x, target=None, label_smoothing=0.0, ignore_index=-100, z_loss=0.0, block=1024):
    """kind: softmax, log-softmax, or the loss or the gradient of labels [rows] or of targets like x."""
    count, n = x.shape
    is_soft = target is not None and target.dim() == 2
    target = torch.zeros(count, dtype=torch.int32, device=x.device) if target is None else target.contiguous()
    out = torch.empty(count if kind == "loss" else x.shape, dtype=x.dtype, device=x.device)
    share, block = label_smoothing / n, min(block, triton.next_power_of_2(n))
    row_kernel[(count,)](x.contiguous(), target, out, n, 1 - label_smoothing, share, label_smoothing - share,
                         ignore_index, z_loss, IS_SOFT=is_soft, KIND=kind, BLOCK=block)
    return out

def binary(kind, z, y):
    """The binary loss, within 4 ulp, or its gradient: those of the row (z, 0) and the target (y, 1 - y)."""
    x, target = torch.stack([z, torch.zeros_like(z)], 1), torch.stack([y.float(), 1 - y.float()], 1)
    return rows(kind, x, target) if kind == "loss" else rows(kind, x, target)[:, 0]
