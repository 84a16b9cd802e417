"""The gate: a right candidate passes, and each planted fault is refused for what it is."""

import json

import losses
import numpy as np
import pytest

import loss_oracle as lo


def blocked(logits):
    """A softmax that takes its sum in blocks of 128 classes, as kernels do."""
    greatest = logits.max(axis=1, keepdims=True)
    terms = np.exp(logits - greatest)
    total = sum(
        terms[:, start : start + 128].sum(axis=1, keepdims=True)
        for start in range(0, logits.shape[1], 128)
    )
    return terms / total


def forgets_the_last_block(logits):
    """The classes that are left over after whole blocks stay at zero."""
    values = np.zeros_like(logits)
    count = logits.shape[1] - logits.shape[1] % 128 if logits.shape[1] > 128 else logits.shape[1]
    terms = np.exp(logits[:, :count] - logits[:, :count].max(axis=1, keepdims=True))
    values[:, :count] = terms / terms.sum(axis=1, keepdims=True)
    return values


def forgets_to_shift(logits):
    terms = np.exp(logits)
    return terms / terms.sum(axis=1, keepdims=True)


def sums_in_half(logits):
    terms = np.exp(logits - logits.max(axis=1, keepdims=True))
    return terms / terms.astype(np.float16).sum(axis=1, keepdims=True).astype(np.float32)


def returns_zeros(logits):
    return np.zeros_like(logits)


def computes_some_rows(logits):
    values = np.full_like(logits, np.nan)
    values[:256] = losses.softmax(logits[:256])
    return values


class Racing:
    def __init__(self):
        self.random = np.random.default_rng(1)

    def __call__(self, logits):
        order = self.random.permutation(logits.shape[1])
        terms = np.exp(logits - logits.max(axis=1, keepdims=True))
        total = np.zeros((len(logits), 1), np.float32)
        for c in order:
            total += terms[:, c : c + 1]
        return terms / total


def test_a_kernel_that_is_as_good_is_accepted():
    verdict = lo.gate(blocked, losses.softmax, "softmax", cases=50)
    assert verdict and not verdict.reasons, str(verdict)
    assert json.loads(verdict.json())["accepted"] is True


@pytest.mark.parametrize(
    ("candidate", "reason"),
    [
        (forgets_the_last_block, "outputs left at zero"),
        (forgets_to_shift, "not finite"),
        (sums_in_half, "the baseline"),
        (returns_zeros, "outputs left at zero"),
        (computes_some_rows, "outputs not finite"),
        (Racing(), "not deterministic"),
        (lambda logits: logits.sum(), "shape"),
    ],
)
def test_a_fault_is_refused_for_what_it_is(candidate, reason):
    verdict = lo.gate(candidate, losses.softmax, "softmax", cases=50)
    assert not verdict.accepted
    assert any(reason in line for line in verdict.reasons), str(verdict)
    assert json.loads(verdict.json())["accepted"] is False


def test_losses_pass_the_gate_too():
    assert lo.gate(lo.cross_entropy, losses.shifted, "cross-entropy", cases=50)
    assert not lo.gate(losses.unshifted, losses.shifted, "cross-entropy", cases=50)
