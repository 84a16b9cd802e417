"""optax: its classification losses, compiled by jax.jit, gradients by jax.grad."""

from __future__ import annotations

from collections.abc import Callable

import jax
import numpy as np
import optax
from jax_adapter import FORMATS, by_rows
from protocol import Entry, Request, serve

Loss = Callable[..., jax.Array]


def _focal(gamma: float, alpha: float | None) -> Loss:
    return lambda x, y: optax.sigmoid_focal_loss(x, y, alpha=alpha, gamma=gamma)


def _smoothed(smoothing: float) -> Loss:
    return lambda x, y: optax.softmax_cross_entropy(x, optax.smooth_labels(y, smoothing))


class Compiled:
    """Losses or their gradients, compiled once for each set of options."""

    def __init__(self, gradient: bool) -> None:
        self.gradient = gradient
        self.known: dict[object, Callable[..., np.ndarray]] = {}

    def __call__(self, key: object, loss: Loss, logits: np.ndarray, target: np.ndarray) -> np.ndarray:
        if key not in self.known:
            self.known[key] = by_rows(self._differentiated(loss) if self.gradient else loss)
        return self.known[key](logits, target)

    @staticmethod
    def _differentiated(loss: Loss) -> Loss:
        return jax.grad(lambda x, y: loss(x, y).sum())

    def binary(self, r: Request) -> np.ndarray:
        gamma, alpha = r.number("focal_gamma"), r.number("focal_alpha")
        if gamma is None and alpha is None:
            return self("plain", optax.sigmoid_binary_cross_entropy, r.logits, r.probabilities)
        return self((gamma, alpha), _focal(gamma or 0.0, alpha), r.logits, r.probabilities)

    def categorical(self, r: Request) -> np.ndarray:
        if "label_smoothing" in r.options:
            smoothing = r.number("label_smoothing")
            return self(("smoothed", smoothing), _smoothed(smoothing), r.logits, r.one_hot)
        if r.target is not None and r.target.ndim == 2:
            return self("dense", optax.softmax_cross_entropy, r.logits, r.target)
        return self("sparse", optax.softmax_cross_entropy_with_integer_labels, r.logits, r.labels)


LOSSES, GRADIENTS = Compiled(gradient=False), Compiled(gradient=True)
BINARY = frozenset({"focal_gamma", "focal_alpha"})
CATEGORICAL = frozenset({"label_smoothing"})

ENTRIES = {
    "binary-cross-entropy": Entry(LOSSES.binary, FORMATS, BINARY),
    "binary-cross-entropy-gradient": Entry(GRADIENTS.binary, FORMATS, BINARY),
    "cross-entropy": Entry(LOSSES.categorical, FORMATS, CATEGORICAL),
    "cross-entropy-gradient": Entry(GRADIENTS.categorical, FORMATS, CATEGORICAL),
}

if __name__ == "__main__":
    serve(ENTRIES)
