"""A linear layer fused with its loss: PyTorch's own, Liger's and Cut Cross-Entropy's, gradients by autograd."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import torch
import torch.nn.functional as F

from rows import Function, Layer, Unsupported, array, tensor

# Of hidden rows, weights, labels and a reduction.
Loss = Callable[[torch.Tensor, torch.Tensor, torch.Tensor, str], torch.Tensor]


def entries(loss: Loss, device: str, *, autocast: bool = False) -> dict[str, Function]:
    def call(layer: Layer, reduction: str, *, gradients: bool = False) -> tuple[torch.Tensor, ...]:
        hidden, weight = (tensor(each, device).requires_grad_(gradients) for each in (layer.hidden, layer.weight))
        casting = torch.autocast(device, dtype=hidden.dtype) if autocast else contextlib.nullcontext()
        with casting:
            value = loss(hidden, weight, tensor(layer.target, device), reduction)
        if gradients:
            value.backward()
        return value, hidden.grad, weight.grad

    return {
        "linear-cross-entropy": lambda layer: array(call(layer, "none")[0]),
        "linear-cross-entropy, mean": lambda layer: array(call(layer, "mean")[0].reshape(1)),
        "linear-cross-entropy-gradient by hidden": lambda layer: array(call(layer, "mean", gradients=True)[1]),
        "linear-cross-entropy-gradient by weight": lambda layer: array(call(layer, "mean", gradients=True)[2])}


def of_torch(h: torch.Tensor, w: torch.Tensor, t: torch.Tensor, reduction: str) -> torch.Tensor:
    return F.cross_entropy(F.linear(h, w), t, reduction=reduction)


def tf32(device: str) -> dict[str, Function]:
    """The same, where matrix products may round their factors to 11 bits."""
    torch.set_float32_matmul_precision("high")
    return entries(of_torch, device)


def fused(device: str) -> dict[str, Function]:
    if not hasattr(F, "linear_cross_entropy"):
        raise Unsupported("this PyTorch has no linear_cross_entropy")
    options = torch.nn.LinearCrossEntropyOptions()
    return entries(
        lambda h, w, t, reduction: F.linear_cross_entropy(h, w, t, reduction=reduction, options=options), device)


def liger(device: str) -> dict[str, Function]:
    from liger_kernel.ops.fused_linear_cross_entropy import LigerFusedLinearCrossEntropyFunction as Fused

    def loss(h: torch.Tensor, w: torch.Tensor, t: torch.Tensor, reduction: str) -> torch.Tensor:
        result = Fused.apply(h, w, t, None, None, -100, 0.0, 0.0, reduction)
        return result[0] if isinstance(result, tuple) else result

    return entries(loss, device)


def cut(device: str, *, filtered: bool) -> dict[str, Function]:
    """The Triton kernels. Their gradients leave out probabilities below eps / 32, unless told otherwise."""
    if device != "cuda":
        raise Unsupported("its kernels do not run in Triton's interpreter")
    from cut_cross_entropy import linear_cross_entropy

    options = {} if filtered else {"filter_eps": None}
    return entries(
        lambda h, w, t, reduction: linear_cross_entropy(h, w, t, reduction=reduction, impl="cce", **options), device)
