"""Entropies, divergences, and soft labels that are given as logits."""

import numpy as np
import pytest

import loss_oracle as lo

X = np.array([[1, 2, 3.5], [3, 3, 3]])
Y = np.array([[0, 2, 1], [4, 4, 4]], float)


def log_softmax(x):
    shifted = x - x.max(-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))


def kl_divergence(x, y):
    a, b = log_softmax(x), log_softmax(y)
    return (np.exp(b) * (b - a)).sum(-1)


def test_values_are_those_of_the_definitions():
    # mpmath's, at 1,200 digits.
    assert lo.kl_divergence(X, Y).tolist() == [float.fromhex("0x1.5056881e263bfp-1"), 0]
    assert lo.js_divergence(X, Y)[0] == float.fromhex("0x1.32e00335c2a2ap-3")
    assert lo.entropy(X)[0] == float.fromhex("0x1.5c2bdb6bc2d66p-1")
    loss = lo.evaluate("cross-entropy", X, target_logits=Y)
    assert loss[0] == float.fromhex("0x1.7d432488697fcp+0")
    gradient = lo.kl_divergence_gradient(X.T, Y.T, axis=0)
    assert gradient[2, 0] == float.fromhex("0x1.0af8b50c58f82p-1") and not gradient[:, 1].any()
    assert lo.kl_divergence(X, Y, reduction="mean") == lo.kl_divergence(X, Y)[0] / 2


def test_target_logits_are_asked_for_and_refused():
    with pytest.raises(lo.InvalidInputError, match="needs target_logits"):
        lo.evaluate("kl-divergence", X, [0, 1])
    with pytest.raises(lo.InvalidInputError, match="not both"):
        lo.evaluate("cross-entropy", X, [0, 1], target_logits=Y)
    with pytest.raises(lo.InvalidInputError, match="has no target"):
        lo.evaluate("softmax", X, target_logits=Y)
    with pytest.raises(lo.InvalidInputError, match="shape"):
        lo.kl_divergence(X, Y[:, :2])


def test_the_search_takes_two_rows_and_finds_them_in_each_others_place():
    lo.assert_accurate(kl_divergence, "kl-divergence", dtype="float32", cases=30)
    with pytest.raises(AssertionError):
        lo.assert_accurate(
            lambda x, y: kl_divergence(y, x), "kl-divergence", dtype="float32", cases=30
        )
