"""TensorFlow: `tf.nn` and `tf.math`, executed eagerly on the CPU, gradients by GradientTape."""

from __future__ import annotations

import os
from collections.abc import Callable

os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import tensorflow as tf
from protocol import Entry, Request, serve

FORMATS = frozenset({"float16", "bfloat16", "float32", "float64"})
BINARY = frozenset({"pos_weight"})


def _activation(function: Callable[[tf.Tensor], tf.Tensor]) -> Entry:
    return Entry(lambda r: function(tf.constant(r.logits)).numpy(), FORMATS)


def _binary(r: Request, logits: tf.Tensor) -> tf.Tensor:
    if "pos_weight" in r.options:
        return tf.nn.weighted_cross_entropy_with_logits(
            labels=r.probabilities,
            logits=logits,
            pos_weight=tf.constant(r.number("pos_weight"), logits.dtype),
        )
    return tf.nn.sigmoid_cross_entropy_with_logits(labels=r.probabilities, logits=logits)


def _cross_entropy(r: Request, logits: tf.Tensor) -> tf.Tensor:
    if r.target is not None and r.target.ndim == 2:
        return tf.nn.softmax_cross_entropy_with_logits(labels=r.target, logits=logits)
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels=r.labels, logits=logits)


Loss = Callable[[Request, tf.Tensor], tf.Tensor]


def _both(loss: Loss) -> Callable[[Request], tuple[np.ndarray, np.ndarray]]:
    def call(r: Request) -> tuple[np.ndarray, np.ndarray]:
        logits = tf.constant(r.logits)
        with tf.GradientTape() as tape:
            tape.watch(logits)
            losses = loss(r, logits)
        return losses.numpy(), tape.gradient(losses, logits).numpy()

    return call


def _losses(name: str, loss: Loss, options: frozenset[str] = frozenset()) -> dict[str, Entry]:
    """A loss, beside its gradient or by itself, and the gradient."""
    return {
        name: Entry(
            lambda r: loss(r, tf.constant(r.logits)).numpy(), FORMATS, options, both=_both(loss)),
        f"{name}-gradient": Entry(lambda r: _both(loss)(r)[1], FORMATS, options),
    }


ENTRIES = {
    "sigmoid": _activation(tf.math.sigmoid),
    "log-sigmoid": _activation(tf.math.log_sigmoid),
    "softplus": _activation(tf.math.softplus),
    "log-sum-exp": _activation(lambda x: tf.math.reduce_logsumexp(x, axis=1)),
    "softmax": _activation(lambda x: tf.nn.softmax(x, axis=1)),
    "log-softmax": _activation(lambda x: tf.nn.log_softmax(x, axis=1)),
    **_losses("binary-cross-entropy", _binary, BINARY),
    **_losses("cross-entropy", _cross_entropy),
}

if __name__ == "__main__":
    serve(ENTRIES)
