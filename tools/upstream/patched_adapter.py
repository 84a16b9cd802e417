"""PyTorch or optax with the patches of UpstreamPatches.md: patched_adapter.py torch|optax.

It replaces functions of the installed release, and answers like the framework's own adapter.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "adapters"))

from protocol import serve  # noqa: E402


def patch_torch() -> dict:
    import torch
    import torch.nn.functional as F

    def wide(values: torch.Tensor) -> torch.Tensor:
        return values if values.dtype == torch.float64 else values.float()

    def reduced(loss: torch.Tensor, reduction: str) -> torch.Tensor:
        return {"none": lambda: loss, "mean": loss.mean, "sum": loss.sum}[reduction]()

    def tail(z: torch.Tensor) -> torch.Tensor:
        # Not -|z|, whose derivative at 0 is 0.
        return torch.log1p(torch.exp(torch.where(z < 0, z, -z)))

    def binary_cross_entropy_with_logits(input, target, reduction="mean", pos_weight=None):
        z, y = wide(input), wide(target)
        weight = 1 if pos_weight is None else wide(pos_weight)
        share = 1 if pos_weight is None else (weight - 1) * y + 1
        loss = torch.where(z < 0, -z * y * weight, z * (1 - y)) + share * tail(z)
        return reduced(loss, reduction).to(input.dtype)

    def softplus(input, beta=1.0, threshold=20.0):
        z = wide(input) * beta
        return ((torch.where(z < 0, 0, z) + tail(z)) / beta).to(input.dtype)

    plain = F.cross_entropy

    def cross_entropy(input, target, weight=None, reduction="mean", label_smoothing=0.0, **options):
        if weight is not None or label_smoothing or options or target.dtype.is_floating_point or reduction != "none":
            return plain(
                input, target, weight=weight, reduction=reduction, label_smoothing=label_smoothing, **options)
        x = wide(input)
        greatest, index = x.max(1, keepdim=True)
        others = torch.exp(x - greatest).scatter(1, index, 0)
        loss = (greatest - x.gather(1, target[:, None])) + torch.log1p(others.sum(1, keepdim=True))
        return loss[:, 0].to(input.dtype)

    F.binary_cross_entropy_with_logits, F.softplus = binary_cross_entropy_with_logits, softplus
    F.cross_entropy = cross_entropy
    import pytorch_adapter

    return pytorch_adapter.ENTRIES


def patch_optax() -> dict:
    import jax.numpy as jnp
    import optax

    def softmax_cross_entropy_with_integer_labels(logits, labels, axis=-1, where=None):
        x = logits.astype(jnp.promote_types(logits.dtype, jnp.float32))
        greatest, index = x.max(-1, keepdims=True), x.argmax(-1)[..., None]
        others = jnp.where(jnp.arange(x.shape[-1]) == index, 0, jnp.exp(x - greatest))
        label_logits = jnp.take_along_axis(x, labels[..., None], -1)
        loss = (greatest - label_logits)[..., 0] + jnp.log1p(others.sum(-1))
        return loss.astype(logits.dtype)

    optax.softmax_cross_entropy_with_integer_labels = softmax_cross_entropy_with_integer_labels
    import optax_adapter

    return optax_adapter.ENTRIES


if __name__ == "__main__":
    serve({"torch": patch_torch, "optax": patch_optax}[sys.argv[1]]())
