"""PyTorch's own functions and the form to copy: eagerly, compiled, or under autocast; gradients by autograd."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import layer_functions
import practical_torch as practical
import torch
import torch.nn.functional as F

from rows import Function, Rows, array, tensor

FUNCTIONS = {
    "softmax": lambda x: F.softmax(x, dim=-1),
    "log-softmax": lambda x: F.log_softmax(x, dim=-1),
    "cross-entropy": lambda x, t: F.cross_entropy(x, t, reduction="none"),
    "binary-cross-entropy": lambda z, y: F.binary_cross_entropy_with_logits(z, y, reduction="none"),
}
PRACTICAL = {
    "softmax": practical.softmax,
    "log-softmax": practical.log_softmax,
    "cross-entropy": lambda x, t: practical.cross_entropy(x, t),
    "binary-cross-entropy": lambda z, y: practical.binary_cross_entropy(z, y),
}


def gradient(loss: Callable) -> Callable:
    def call(x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        x = x.clone().requires_grad_()
        values = loss(x, t)
        values.backward(torch.ones_like(values))
        return x.grad

    return call


def entries(
    functions: dict[str, Callable], device: str, *, compiled: bool = False, autocast: bool = False
) -> dict[str, Function]:
    linear = None if functions is PRACTICAL else layer_functions.of_torch
    if compiled:
        torch._dynamo.config.recompile_limit = 1000
        # For each shape anew, as is usual in training.
        functions = {name: torch.compile(each, dynamic=False) for name, each in functions.items()}
        linear = linear and torch.compile(linear, dynamic=False)
    losses = {f"{name}-gradient": gradient(functions[name]) for name in ("cross-entropy", "binary-cross-entropy")}

    def entry(function: Callable) -> Function:
        def call(rows: Rows):
            given = [tensor(each, device) for each in (rows.logits, rows.target) if each is not None]
            casting = torch.autocast(device, dtype=given[0].dtype) if autocast else contextlib.nullcontext()
            with casting:
                return array(function(*given))

        return call

    layers = layer_functions.entries(linear, device, autocast=autocast) if linear else {}
    return {name: entry(each) for name, each in (functions | losses).items()} | layers
