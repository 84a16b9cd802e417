"""Softmax, cross-entropy and their gradients within 4 ulp of the exact values, in PyTorch. Copy it.

SPDX-License-Identifier: 0BSD

Against the common form: the error of each difference x - max is kept (two_sum); the greatest logit is
left out of the sum, rest = sum of e^(x - max) over the others; the loss is (max - x_t) + log(1 + rest),
terms of one sign, and the gradient at the greatest logit -rest / (1 + rest), by autograd.Function.

Eager or under torch.compile, which makes a few loops of it. 16-bit formats are computed in float32 and
rounded once. README.md derives the bounds, for an exp and a log1p within an ulp; they hold for every
finite row, on devices that keep subnormal numbers; u is half an ulp of 1. Rows lie along the last axis.
"""

import torch
from torch.autograd.function import once_differentiable

# digits, exponent bias, scale, least argument, log 2 in two parts
FLOAT32 = 23, 127, 100, -156.0, 0.693359375, -2.12194440e-4
FLOAT64 = 52, 1023, 900, -1332.0, 6.93147180369123816490e-01, 1.90821492927058770002e-10

def constants(x):
    return FLOAT64 if x.dtype == torch.float64 else FLOAT32

def wide(values):
    return values if values.dtype == torch.float64 else values.to(torch.float32)

def narrow(values, like):  # never converts to the same type: torch.compile of 2.11 makes gradients of that 0
    return values if values.dtype == like.dtype else values.to(like.dtype)

def two_sum(a, b):
    """a + b, and what its rounding lost: exactly, unless the sum overflows (Knuth)."""
    total = a + b
    addend = total - a
    return total, torch.where(total.isfinite(), (a - (total - addend)) + (b - addend), 0)

def compensated_sum(terms):
    """The sum along the last axis, in pairs and pairs of pairs: its rounded value, and what that lost."""
    lost = torch.zeros_like(terms)
    while (n := terms.shape[-1]) > 1:
        half = n // 2
        total, error = two_sum(terms[..., :half], terms[..., half : 2 * half])
        error = error + lost[..., :half] + lost[..., half : 2 * half]
        terms = torch.cat([total, terms[..., 2 * half :]], -1)
        lost = torch.cat([error, lost[..., 2 * half :]], -1)
    return two_sum(terms, lost)

def scaled_exp(a, b=0.0):
    """e^(a + b) 2^scale for a <= 0 and |b| <= ulp(a) / 2: within 2.3 u. Scaled, terms far below the least
    normal number keep their digits; what is below e^least, which no result can hold, counts as that."""
    digits, bias, scale, least, high, low = constants(a)
    b, a = torch.where(a < least, 0, b), torch.where(a < least, least, a)
    n = torch.round(a * 1.4426950408889634)
    r = (a - n * high) + (b - n * low)
    integer = torch.int64 if a.dtype == torch.float64 else torch.int32
    return torch.exp(r) * ((n.to(integer) + (bias + scale)) << digits).view(a.dtype)

class Row:
    """The greatest logit; all e^(x - max); the rest, their sum without it; and log(1 + rest)."""

    def __init__(self, x):
        self.max, self.down = x.amax(-1, keepdim=True), 2.0 ** -constants(x)[2]
        self.powers, self.is_max = scaled_exp(*two_sum(x, -self.max)), x == self.max
        total, low = compensated_sum(torch.where(self.is_max, 0, self.powers))
        ties = self.is_max.sum(-1, keepdim=True).to(x.dtype) - 1
        self.rest, lost = two_sum(ties, total * self.down)
        self.log = torch.log1p(self.rest) + (lost + low * self.down) / (1 + self.rest)

    def losses(self, x):
        """(max - x) + log(1 + rest), the loss of each class: within 4 ulp."""
        d, lost = two_sum(self.max, -x)
        return d + (self.log + lost)

    def shares(self):
        """The probabilities: within 6 u."""
        p = self.powers / (1 + self.rest) * self.down
        return torch.where(self.is_max, 1 / (1 + self.rest), p)

def softmax(logits):
    return narrow(Row(wide(logits)).shares(), logits)

def log_softmax(logits):
    return narrow(-Row(wide(logits)).losses(wide(logits)), logits)

def _weights(x, target, smoothing, ignored):
    """The target as a weight for each class, what the others have, their sum, and which rows count."""
    n = x.shape[-1]
    if target.dim() < x.dim():
        y, total = (torch.arange(n, device=x.device) == target[..., None]).to(x.dtype), x.new_ones(())
        counts = (target != ignored)[..., None]
    else:
        y, counts = wide(target), torch.ones_like(x[..., :1], dtype=torch.bool)
        total = sum(compensated_sum(y))
    others = (1 - smoothing) * (total - y) + (smoothing - smoothing / n)
    return (1 - smoothing) * y + smoothing / n, others, (1 - smoothing) * total + smoothing, counts

class CrossEntropy(torch.autograd.Function):
    """Of each row, within 4 ulp; of smoothed soft targets 5. The target is a label or a weight for each class."""

    @staticmethod
    def forward(context, logits, target, label_smoothing=0.0, ignore_index=-100, z_loss=0.0):
        context.save_for_backward(logits, target)
        context.options = label_smoothing, ignore_index, z_loss
        x = wide(logits)
        row, (w, _, total, counts) = Row(x), _weights(x, target, label_smoothing, ignore_index)
        d, lost = two_sum(row.max / 2, -x / 2)  # halves, which do not overflow
        head, low = compensated_sum(torch.where(w == 0, 0, w * d))
        loss = 2 * head + (total * row.log + 2 * (low + (w * lost).sum(-1, keepdim=True)))
        if z_loss:
            lse, low = two_sum(row.max, row.log)
            loss = loss + z_loss * lse * (lse + 2 * low)
        return narrow(torch.where(counts, loss, 0)[..., 0], logits)

    @staticmethod
    @once_differentiable
    def backward(context, upstream):
        """Of labels within 4 ulp; of soft or smoothed targets and with z-loss within 5 u of the greater of p
        and y, of which little may be left where the two are near."""
        logits, target = context.saved_tensors
        label_smoothing, ignore_index, z_loss = context.options
        x = wide(logits)
        row, (w, others, total, counts) = Row(x), _weights(x, target, label_smoothing, ignore_index)
        near_one = others - total * (row.rest / (1 + row.rest))
        gradient = torch.where(row.is_max & (2 * w > total), near_one, total * row.shares() - w)
        if z_loss:
            gradient = gradient + 2 * z_loss * (row.max + row.log) * row.shares()
        gradient = torch.where(counts, wide(upstream)[..., None] * gradient, 0)
        return narrow(gradient, logits), None, None, None, None

class BinaryCrossEntropy(torch.autograd.Function):
    """Of a logit and a target in [0, 1]: within 4 ulp. softplus(z) is that of the target 0."""

    @staticmethod
    def forward(context, logits, target):
        context.save_for_backward(logits, target)
        z, y = wide(logits), wide(target)
        wrong, tail = torch.where(z < 0, y, 1 - y), torch.log1p(torch.exp(-z.abs()))
        return narrow(torch.where(wrong == 0, tail, z.abs() * wrong + tail), logits)

    @staticmethod
    @once_differentiable
    def backward(context, upstream):
        """sigmoid(z) - y: within 4 ulp for labels and y = 0, and else within 4 u of the greater term."""
        logits, target = context.saved_tensors
        z, y, power = wide(logits), wide(target), torch.exp(-wide(logits).abs())
        others = power / (1 + power)
        gradient = torch.where(z < 0, others - y, (1 - y) - others)
        return narrow(wide(upstream) * gradient, logits), None

cross_entropy = CrossEntropy.apply
binary_cross_entropy = BinaryCrossEntropy.apply
