"""Keras on JAX, as by default: the model ends in a sigmoid or softmax, the loss takes probabilities.

On TensorFlow the loss would find the logits behind the activation and take those.
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


def _binary(logits: jax.Array, target: jax.Array) -> jax.Array:
    return losses.binary_crossentropy(target, activations.sigmoid(logits))


def _dense(logits: jax.Array, target: jax.Array) -> jax.Array:
    return losses.categorical_crossentropy(target, activations.softmax(logits))


def _sparse(logits: jax.Array, target: jax.Array) -> jax.Array:
    return losses.sparse_categorical_crossentropy(target, activations.softmax(logits))


def _gradient(loss: Callable[..., jax.Array]) -> Callable[..., jax.Array]:
    return jax.grad(lambda logits, target: loss(logits, target).sum())


def _categorical(dense: Callable[..., jax.Array], sparse: Callable[..., jax.Array]) -> Entry:
    by_probabilities, by_indices = by_rows(dense), by_rows(sparse)

    def call(r: Request) -> np.ndarray:
        if r.target is not None and r.target.ndim == 2:
            return by_probabilities(r.logits, r.target)
        return by_indices(r.logits, r.labels)

    return Entry(call, FORMATS)


def _of_logits(function: Callable[..., jax.Array]) -> Entry:
    compiled = by_rows(function)
    return Entry(lambda r: compiled(r.logits, r.probabilities), FORMATS)


ENTRIES = {
    "binary-cross-entropy": _of_logits(_binary),
    "binary-cross-entropy-gradient": _of_logits(_gradient(_binary)),
    "cross-entropy": _categorical(_dense, _sparse),
    "cross-entropy-gradient": _categorical(_gradient(_dense), _gradient(_sparse)),
}

if __name__ == "__main__":
    serve(ENTRIES)
