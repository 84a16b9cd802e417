"""Keras on TensorFlow: `keras.losses` with from_logits=True and `keras.ops`."""

from __future__ import annotations

import os
from collections.abc import Callable

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import tensorflow as tf
from keras import losses, ops
from protocol import Entry, Request, serve

FORMATS = frozenset({"float16", "bfloat16", "float32", "float64"})
BINARY = frozenset({"label_smoothing", "focal_gamma", "focal_alpha"})
CATEGORICAL = BINARY | {"ignore_index"}


def _activation(function: Callable[[tf.Tensor], tf.Tensor]) -> Entry:
    return Entry(lambda r: function(tf.constant(r.logits)).numpy(), FORMATS)


def _binary(r: Request, logits: tf.Tensor) -> tf.Tensor:
    smoothing = r.number("label_smoothing", 0.0)
    if "focal_gamma" in r.options or "focal_alpha" in r.options:
        return losses.binary_focal_crossentropy(
            r.probabilities,
            logits,
            apply_class_balancing="focal_alpha" in r.options,
            alpha=r.number("focal_alpha", 1.0),
            gamma=r.number("focal_gamma", 0.0),
            from_logits=True,
            label_smoothing=smoothing,
        )
    return losses.binary_crossentropy(
        r.probabilities, logits, from_logits=True, label_smoothing=smoothing
    )


def _cross_entropy(r: Request, logits: tf.Tensor) -> tf.Tensor:
    smoothing = r.number("label_smoothing", 0.0)
    if "focal_gamma" in r.options or "focal_alpha" in r.options:
        return losses.categorical_focal_crossentropy(
            r.one_hot,
            logits,
            alpha=r.number("focal_alpha", 1.0),
            gamma=r.number("focal_gamma", 0.0),
            from_logits=True,
            label_smoothing=smoothing,
        )
    if smoothing or (r.target is not None and r.target.ndim == 2):
        return losses.categorical_crossentropy(
            r.one_hot, logits, from_logits=True, label_smoothing=smoothing
        )
    ignored = int(r.number("ignore_index")) if "ignore_index" in r.options else None
    return losses.sparse_categorical_crossentropy(
        r.labels, logits, from_logits=True, ignore_class=ignored
    )


Loss = Callable[[Request, tf.Tensor], tf.Tensor]


def _both(loss: Loss) -> Callable[[Request], tuple[np.ndarray, np.ndarray]]:
    def call(r: Request) -> tuple[np.ndarray, np.ndarray]:
        logits = tf.constant(r.logits)
        with tf.GradientTape() as tape:
            tape.watch(logits)
            values = loss(r, logits)
        return values.numpy(), tape.gradient(values, logits).numpy()

    return call


def _losses(name: str, loss: Loss, options: frozenset[str] = frozenset()) -> dict[str, Entry]:
    """A loss, beside its gradient or by itself, and the gradient."""
    return {
        name: Entry(
            lambda r: loss(r, tf.constant(r.logits)).numpy(), FORMATS, options, both=_both(loss)),
        f"{name}-gradient": Entry(lambda r: _both(loss)(r)[1], FORMATS, options),
    }


ENTRIES = {
    "sigmoid": _activation(ops.sigmoid),
    "log-sigmoid": _activation(ops.log_sigmoid),
    "softplus": _activation(ops.softplus),
    "log-sum-exp": _activation(lambda x: ops.logsumexp(x, axis=1)),
    "softmax": _activation(lambda x: ops.softmax(x, axis=1)),
    "log-softmax": _activation(lambda x: ops.log_softmax(x, axis=1)),
    **_losses("binary-cross-entropy", _binary, BINARY),
    **_losses("cross-entropy", _cross_entropy, CATEGORICAL),
}

if __name__ == "__main__":
    serve(ENTRIES)
