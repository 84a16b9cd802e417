"""Keras on JAX, as by default: the model ends in a sigmoid or softmax, the loss takes probabilities.

Asked for losses of logits, it takes the sigmoid or softmax first; of probabilities, not. On TensorFlow the loss
would find the logits behind the activation and take those.
"""

from __future__ import annotations

import os
from collections.abc import Callable

os.environ["KERAS_BACKEND"] = "jax"

import jax
import numpy as np
from jax_adapter import FORMATS, by_rows
from keras import activations, losses
from protocol import Entry, Request, serve

Loss = Callable[..., jax.Array]
INPUTS = frozenset({"logits", "probabilities"})


def _binary(p: jax.Array, target: jax.Array) -> jax.Array:
    return losses.binary_crossentropy(target, p)


def _dense(p: jax.Array, target: jax.Array) -> jax.Array:
    return losses.categorical_crossentropy(target, p)


def _sparse(p: jax.Array, target: jax.Array) -> jax.Array:
    return losses.sparse_categorical_crossentropy(target, p)


def _value(loss: Loss) -> Loss:
    return loss


def _gradient(loss: Loss) -> Loss:
    return jax.grad(lambda numbers, target: loss(numbers, target).sum())


def _compiled(loss: Loss, activation: Loss, of: Callable[[Loss], Loss]) -> dict[str, Loss]:
    """By what the numbers of a row are."""
    return {
        "logits": by_rows(of(lambda logits, target: loss(activation(logits), target))),
        "probabilities": by_rows(of(loss)),
    }


def _of_two(of: Callable[[Loss], Loss]) -> Entry:
    compiled = _compiled(_binary, activations.sigmoid, of)
    return Entry(lambda r: compiled[r.input](r.logits, r.probabilities), FORMATS, inputs=INPUTS)


def _of_classes(of: Callable[[Loss], Loss]) -> Entry:
    dense = _compiled(_dense, activations.softmax, of)
    sparse = _compiled(_sparse, activations.softmax, of)

    def call(r: Request) -> np.ndarray:
        if r.target is not None and r.target.ndim == 2:
            return dense[r.input](r.logits, r.target)
        return sparse[r.input](r.logits, r.labels)

    return Entry(call, FORMATS, inputs=INPUTS)


ENTRIES = {
    "binary-cross-entropy": _of_two(_value),
    "binary-cross-entropy-gradient": _of_two(_gradient),
    "cross-entropy": _of_classes(_value),
    "cross-entropy-gradient": _of_classes(_gradient),
}

if __name__ == "__main__":
    serve(ENTRIES)
