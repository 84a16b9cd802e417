"""Liger's fused cross-entropy, which makes the gradient with the loss, its softmax, and its fused linear layer."""

from __future__ import annotations

import layer_functions
import torch
from liger_kernel.ops.cross_entropy import LigerCrossEntropyFunction
from liger_kernel.ops.softmax import LigerSoftmaxFunction

from rows import Function, Rows, Unsupported, array, tensor


def entries(device: str) -> dict[str, Function]:
    def losses(rows: Rows, *, gradient: bool) -> tuple[torch.Tensor, torch.Tensor]:
        if not rows.has_labels:
            raise Unsupported("targets that are no labels")
        logits = tensor(rows.logits, device).requires_grad_(gradient)
        result = LigerCrossEntropyFunction.apply(
            logits, tensor(rows.target, device), None, -100, 0.0, 0.0, "none", None, False)
        return logits, result[0] if isinstance(result, tuple) else result

    def gradient(rows: Rows):
        logits, loss = losses(rows, gradient=True)
        loss.backward(torch.ones_like(loss))
        return array(logits.grad)

    return {
        "softmax": lambda rows: array(LigerSoftmaxFunction.apply(tensor(rows.logits, device))),
        "cross-entropy": lambda rows: array(losses(rows, gradient=False)[1]),
        "cross-entropy-gradient": gradient,
    } | layer_functions.liger(device)
