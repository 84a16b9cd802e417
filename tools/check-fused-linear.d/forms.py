"""The forms of a linear layer fused with its cross-entropy, and the mistakes that such forms have had.

Each takes hidden, weight and labels, and gives the mean of the losses of the rows that count.
"""

from __future__ import annotations

import os
from typing import Callable

os.environ.setdefault("TRITON_INTERPRET", "1")

import torch
import torch.nn.functional as F

Form = Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]


def plain(h: torch.Tensor, w: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
    return F.cross_entropy(F.linear(h, w), t)


def torch_fused(h: torch.Tensor, w: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
    return F.linear_cross_entropy(h, w, t)


def torch_chunked(h: torch.Tensor, w: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
    return F.linear_cross_entropy(h, w, t, options=torch.nn.LinearCrossEntropyOptions())


def liger(h: torch.Tensor, w: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
    from liger_kernel.ops.fused_linear_cross_entropy import LigerFusedLinearCrossEntropyFunction

    result = LigerFusedLinearCrossEntropyFunction.apply(h, w, t)
    return result[0] if isinstance(result, tuple) else result


def cut(h: torch.Tensor, w: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
    from cut_cross_entropy import linear_cross_entropy

    return linear_cross_entropy(h, w, t, impl="torch_compile")


FORMS: dict[str, Form] = {
    "F.cross_entropy(F.linear)": plain,
    "F.linear_cross_entropy": torch_fused,
    "F.linear_cross_entropy, chunked": torch_chunked,
    "Liger, Triton interpreter": liger,
    "Cut Cross-Entropy, torch_compile": cut,
}

# --- Mistakes ---


def rounded_logits(h: torch.Tensor, w: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
    """The logits are stored in bfloat16 before the softmax."""
    return F.cross_entropy(F.linear(h, w).bfloat16().float(), t)


def padded_vocabulary(h: torch.Tensor, w: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
    """The weights are padded to a multiple of 64 classes, and the zeros are counted."""
    return F.cross_entropy(F.linear(h, F.pad(w, (0, 0, 0, -w.shape[0] % 64))), t)


def ignored_in_mean(h: torch.Tensor, w: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
    """The sum is divided by the number of all rows."""
    return F.cross_entropy(F.linear(h, w), t, reduction="sum") / len(t)


class NarrowAccumulator(torch.autograd.Function):
    """The gradient by the weights is summed over chunks of rows in bfloat16."""

    @staticmethod
    def forward(ctx, h, w, t):  # noqa: D102
        ctx.save_for_backward(h, w, t)
        return plain(h, w, t)

    @staticmethod
    def backward(ctx, upstream):  # noqa: D102
        h, w, t = ctx.saved_tensors
        counted = (t != -100).sum()
        gradients, by_weight = [], torch.zeros_like(w, dtype=torch.bfloat16)
        for rows in torch.arange(len(h)).split(4):
            p = F.linear(h[rows], w).softmax(1)
            for place, row in enumerate(rows):
                if t[row] >= 0:
                    p[place, t[row]] -= 1
                else:
                    p[place] = 0
            p = p * upstream / counted
            gradients.append(p @ w)
            by_weight += (p.T @ h[rows]).bfloat16()
        return torch.cat(gradients), by_weight.float(), None


def narrow_accumulator(h: torch.Tensor, w: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
    """The gradient by the weights is summed over chunks of rows in bfloat16."""
    return NarrowAccumulator.apply(h, w, t)


def wrapped_index(h: torch.Tensor, w: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
    """The place row * classes + class is kept in 16 bits, as it would overflow 32 in a layer of 2^31 logits."""
    logits = F.linear(h, w)
    places = torch.arange(logits.numel()) & 0xFFFF
    return F.cross_entropy(logits.flatten()[places].reshape(logits.shape), t)


MISTAKES: dict[str, Form] = {
    "logits rounded to bfloat16": rounded_logits,
    "padded vocabulary counted": padded_vocabulary,
    "ignored rows in the mean": ignored_in_mean,
    "weight gradient summed in bfloat16": narrow_accumulator,
    "index that wraps": wrapped_index,
}
