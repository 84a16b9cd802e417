"""PyTorch: a linear layer and its cross-entropy, `F.cross_entropy(F.linear(…))`, gradients by autograd.

With `--fused` it is `F.linear_cross_entropy`, where PyTorch has one, and with `--chunked` the chunked form of it.
"""

from __future__ import annotations

import sys

import numpy as np
import torch
import torch.nn.functional as F
from layer_protocol import Layer, serve
from protocol import Unsupported
from pytorch_adapter import array, tensor

OPTIONS = {"ignore_index", "label_smoothing", "class_weights", "softcap", "scale", "temperature", "z_loss"}


def losses(layer: Layer, hidden: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
    labels = torch.from_numpy(layer.labels)
    ignored = int(layer.options.get("ignore_index", -100))
    if len(sys.argv) > 1:
        beyond = sorted(set(layer.options) - {"ignore_index", "denominator"}) + ["bias"] * (bias is not None)
        if beyond:
            raise Unsupported(f"{beyond[0]} of linear_cross_entropy")
        more = {"options": torch.nn.LinearCrossEntropyOptions()} if "--chunked" in sys.argv else {}
        return F.linear_cross_entropy(
            hidden, weight, labels, reduction=layer.reduction, ignore_index=ignored, **more)
    logits = F.linear(hidden, weight, bias) * layer.number("scale", 1.0)
    if (cap := layer.number("softcap")) is not None:
        logits = cap * torch.tanh(logits / cap)
    logits = logits / layer.number("temperature", 1.0)
    weights = layer.options.get("class_weights")
    if weights is not None:
        weights = torch.tensor([float(each) for each in weights], dtype=logits.dtype)
    values = F.cross_entropy(
        logits, labels, weights, ignore_index=ignored, reduction="none",
        label_smoothing=layer.number("label_smoothing", 0.0))
    if (z_loss := layer.number("z_loss")) is not None:
        values = values + (labels != ignored) * z_loss * torch.logsumexp(logits, 1) ** 2
    if layer.reduction == "none":
        return values
    if layer.reduction == "sum":
        return values.sum()
    counted = labels[labels != ignored]
    return values.sum() / (len(counted) if weights is None else weights[counted].sum())


def compute(layer: Layer) -> np.ndarray:
    hidden, weight = tensor(layer.hidden).requires_grad_(), tensor(layer.weight).requires_grad_()
    bias = None if layer.bias is None else tensor(layer.bias).requires_grad_()
    values = losses(layer, hidden, weight, bias)
    if layer.with_respect_to is None:
        return array(values.detach().reshape(-1))
    upstream = torch.ones_like(values)
    if layer.grad_output is not None:
        upstream = tensor(layer.grad_output).to(values.dtype)
    values.backward(upstream)
    by = {"hidden": hidden, "weight": weight, "bias": bias}[layer.with_respect_to]
    if by is None:
        raise Unsupported("a gradient by no bias")
    return array(by.grad)


if __name__ == "__main__":
    serve(compute, {"float16", "bfloat16", "float32"}, OPTIONS, {"weights"})
