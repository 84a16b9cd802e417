"""NumPy: the forms its users write, with `logaddexp` and the shift by the maximum."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from protocol import Entry, Request, serve

FORMATS = frozenset({"float16", "float32", "float64"})


def _log_softmax(x: np.ndarray) -> np.ndarray:
    shifted = x - x.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def _softmax(x: np.ndarray) -> np.ndarray:
    powers = np.exp(x - x.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def _log_sum_exp(x: np.ndarray) -> np.ndarray:
    greatest = x.max(axis=1, keepdims=True)
    return (greatest + np.log(np.exp(x - greatest).sum(axis=1, keepdims=True)))[:, 0]


def _sigmoid(z: np.ndarray) -> np.ndarray:
    return np.exp(-np.logaddexp(z.dtype.type(0), -z))


def _binary(r: Request) -> np.ndarray:
    z, y, none = r.logits, r.probabilities, r.logits.dtype.type(0)
    return y * np.logaddexp(none, -z) + (1 - y) * np.logaddexp(none, z)


def _labels(r: Request) -> np.ndarray:
    if ((r.labels < 0) | (r.labels >= r.logits.shape[1])).any():
        raise ValueError("a target index is out of range")
    return r.labels


def _cross_entropy(r: Request) -> np.ndarray:
    logs = _log_softmax(r.logits)
    if r.target is not None and r.target.dtype.kind != "i":
        return -(r.target * logs).sum(axis=1)
    return -np.take_along_axis(logs, _labels(r)[:, None], axis=1)[:, 0]


def _cross_entropy_gradient(r: Request) -> np.ndarray:
    gradient = _softmax(r.logits)
    if r.target is not None and r.target.dtype.kind != "i":
        return gradient * r.target.sum(axis=1, keepdims=True) - r.target
    labels = _labels(r)[:, None]
    chosen = np.take_along_axis(gradient, labels, axis=1)
    np.put_along_axis(gradient, labels, chosen - 1, axis=1)
    return gradient


def _shard_partials(r: Request) -> np.ndarray:
    """The maximum, the sum and the target's logit of a shard, 0 and -inf where there is nothing."""
    x, labels = r.logits, r.labels
    greatest = x.max(axis=1)
    gaps = np.where(x > -np.inf, x - greatest[:, None], -np.inf)
    own = np.take_along_axis(x, np.maximum(labels, 0)[:, None], axis=1)[:, 0]
    return np.stack([greatest, np.exp(gaps).sum(axis=1), np.where(labels < 0, -np.inf, own)], axis=1)


def _merged(r: Request) -> np.ndarray:
    """Shards k with maxima m, sums s and the target's logits t, all brought to the greatest m."""
    sums, targets = np.split(r.grad_output, 2, axis=1)
    greatest = r.logits.max(axis=1, keepdims=True)
    total = (sums * np.exp(r.logits - greatest)).sum(axis=1)
    return np.log(total) - (targets.max(axis=1) - greatest[:, 0])


def _losses(
    name: str, loss: Callable[[Request], np.ndarray], slope: Callable[[Request], np.ndarray],
    **more: object,
) -> dict[str, Entry]:
    """A loss, beside its gradient or by itself, and the gradient."""
    return {
        name: Entry(loss, FORMATS, both=lambda r: (loss(r), slope(r)), **more),
        f"{name}-gradient": Entry(slope, FORMATS, **more),
    }


ENTRIES = {
    "shard-partials": Entry(_shard_partials, FORMATS),
    "merged-cross-entropy": Entry(_merged, FORMATS),
    "sigmoid": Entry(lambda r: _sigmoid(r.logits), FORMATS),
    "log-sigmoid": Entry(lambda r: -np.logaddexp(r.logits.dtype.type(0), -r.logits), FORMATS),
    "softplus": Entry(lambda r: np.logaddexp(r.logits.dtype.type(0), r.logits), FORMATS),
    "log-sum-exp": Entry(lambda r: _log_sum_exp(r.logits), FORMATS, takes_axes=True),
    "softmax": Entry(lambda r: _softmax(r.logits), FORMATS, takes_axes=True),
    "log-softmax": Entry(lambda r: _log_softmax(r.logits), FORMATS, takes_axes=True),
    **_losses("binary-cross-entropy", _binary, lambda r: _sigmoid(r.logits) - r.probabilities),
    **_losses("cross-entropy", _cross_entropy, _cross_entropy_gradient, takes_axes=True),
}

if __name__ == "__main__":
    serve(ENTRIES)
