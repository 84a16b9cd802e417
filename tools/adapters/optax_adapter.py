"""optax: its classification losses, compiled by jax.jit, gradients by jax.grad and jax.value_and_grad."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax_adapter import FORMATS, by_rows
from protocol import Entry, Request, serve

Loss = Callable[..., jax.Array]


def _focal(gamma: float, alpha: float | None) -> Loss:
    return lambda x, y: optax.sigmoid_focal_loss(x, y, alpha=alpha, gamma=gamma)


def _smoothed(smoothing: float) -> Loss:
    return lambda x, y: optax.softmax_cross_entropy(x, optax.smooth_labels(y, smoothing))


# What users write for it: optax has no reduction of its own.
REDUCTIONS = {"none": lambda losses: losses, "mean": jnp.mean, "sum": jnp.sum}


class Compiled:
    """Losses, their gradients or both, compiled once for each set of options."""

    def __init__(self, derive: Callable[[Loss], Loss]) -> None:
        self.derive = derive
        self.known: dict[object, Callable[..., Any]] = {}

    def __call__(self, key: object, loss: Loss, r: Request, target: np.ndarray) -> Any:
        key = (key, r.reduction)
        if key not in self.known:
            reduce = REDUCTIONS[r.reduction]
            function = self.derive(lambda x, y: reduce(loss(x, y)))
            # A mean is of the rows that there are, and of no others that fill them up.
            self.known[key] = by_rows(function) if r.reduction == "none" else jax.jit(function)
        return self.known[key](r.logits, target)

    def binary(self, r: Request) -> Any:
        gamma, alpha = r.number("focal_gamma"), r.number("focal_alpha")
        if gamma is None and alpha is None:
            return self("plain", optax.sigmoid_binary_cross_entropy, r, r.probabilities)
        return self((gamma, alpha), _focal(gamma or 0.0, alpha), r, r.probabilities)

    def categorical(self, r: Request) -> Any:
        if "label_smoothing" in r.options:
            smoothing = r.number("label_smoothing")
            return self(("smoothed", smoothing), _smoothed(smoothing), r, r.one_hot)
        if r.target is not None and r.target.ndim == 2:
            return self("dense", optax.softmax_cross_entropy, r, r.target)
        return self("sparse", optax.softmax_cross_entropy_with_integer_labels, r, r.labels)


def _gradient(loss: Loss) -> Loss:
    return jax.grad(lambda x, y: loss(x, y).sum())


def _both(loss: Loss) -> Callable[..., tuple[jax.Array, jax.Array]]:
    def total(x: jax.Array, y: jax.Array) -> tuple[jax.Array, jax.Array]:
        values = loss(x, y)
        return values.sum(), values

    def call(x: jax.Array, y: jax.Array) -> tuple[jax.Array, jax.Array]:
        (_, values), gradient = jax.value_and_grad(total, has_aux=True)(x, y)
        return values, gradient

    return call


LOSSES, GRADIENTS, BOTH = Compiled(lambda loss: loss), Compiled(_gradient), Compiled(_both)
BINARY = frozenset({"focal_gamma", "focal_alpha", "reduction"})
CATEGORICAL = frozenset({"label_smoothing", "reduction"})
# Without weights and ignored rows they are all the same.
ROWS = frozenset({"weights", "valid-rows", "rows", "all-weights", "nonzero-weights"})

ENTRIES = {
    "binary-cross-entropy": Entry(
        LOSSES.binary, FORMATS, BINARY, both=BOTH.binary, denominators=ROWS),
    "binary-cross-entropy-gradient": Entry(GRADIENTS.binary, FORMATS, BINARY, denominators=ROWS),
    "cross-entropy": Entry(
        LOSSES.categorical, FORMATS, CATEGORICAL, both=BOTH.categorical, denominators=ROWS),
    "cross-entropy-gradient": Entry(
        GRADIENTS.categorical, FORMATS, CATEGORICAL, denominators=ROWS),
}

if __name__ == "__main__":
    serve(ENTRIES)
