"""Losses with and without faults, for the tests."""

import os
import time

import numpy as np


def shifted(logits, target):
    """The common form."""
    rows = np.arange(len(logits))
    x = logits - logits.max(axis=1, keepdims=True)
    return np.log(np.exp(x).sum(axis=1)) - x[rows, target]


def unshifted(logits, target):
    """It overflows."""
    return np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(len(logits)), target]


def softmax(logits):
    x = np.exp(logits - logits.max(axis=1, keepdims=True))
    return x / x.sum(axis=1, keepdims=True)


def softmax_last(logits):
    """Over the last axis, wherever the classes are."""
    x = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return x / x.sum(axis=-1, keepdims=True)


def aborting(logits, target):
    if (logits > 60).any():
        os.abort()
    return shifted(logits, target)


def hanging(logits, target):
    if (logits > 100).any():
        time.sleep(60)
    return shifted(logits, target)


def softplus(logits):
    return np.maximum(logits, 0) + np.log1p(np.exp(-np.abs(logits)))
