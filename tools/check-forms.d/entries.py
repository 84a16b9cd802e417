"""What a form answers over the live protocol, for all forms in Python and those compiled from C."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

TOOLS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TOOLS / "adapters"), str(TOOLS / "forms")]

from protocol import Entry, Request, Unsupported  # noqa: E402

OPTIONS = frozenset({"label_smoothing", "ignore_index", "z_loss"})


def options(r: Request) -> dict[str, Any]:
    """The options of a request as arguments of a form. No label is ignored unless one is named."""
    return {
        "label_smoothing": r.number("label_smoothing", 0.0),
        "ignore_index": int(r.number("ignore_index", -(2**31))),
        "z_loss": r.number("z_loss", 0.0),
    }


def target(r: Request) -> np.ndarray:
    """The target; with LABELS_ONLY in the environment, one with other numbers than 0 and 1 is not taken."""
    if "LABELS_ONLY" in os.environ and r.target.ndim == 2 and ((r.target != 0) & (r.target != 1)).any():
        raise Unsupported("soft targets")
    return r.target


def entries(
    form: Any,
    formats: frozenset[str],
    given: Callable[[np.ndarray], Any] = lambda values: values,
    taken: Callable[[Any], np.ndarray] = np.asarray,
) -> dict[str, Entry]:
    """A table for a module with the forms' names. `given` makes its arrays, and `taken` NumPy's of them."""

    def row(name: str) -> Entry:
        function = getattr(form, name)
        return Entry(lambda r: taken(function(given(r.logits), given(target(r)), **options(r))), formats, OPTIONS)

    def binary(name: str) -> Entry:
        function = getattr(form, name)
        return Entry(lambda r: taken(function(given(r.logits), given(target(r)))), formats)

    def activation(name: str) -> Entry:
        function = getattr(form, name)
        return Entry(lambda r: taken(function(given(r.logits))), formats)

    def of_label(label: int, sign: int, name: str) -> Entry:
        function = getattr(form, name)
        return Entry(
            lambda r: sign * taken(function(given(r.logits), given(np.full_like(r.logits, label)))), formats)

    table = {
        "softmax": activation("softmax"),
        "cross-entropy": row("cross_entropy"),
        "cross-entropy-gradient": row("cross_entropy_gradient"),
        "binary-cross-entropy": binary("binary_cross_entropy"),
        "binary-cross-entropy-gradient": binary("binary_cross_entropy_gradient"),
        "sigmoid": of_label(0, 1, "binary_cross_entropy_gradient"),
        "softplus": of_label(0, 1, "binary_cross_entropy"),
        "log-sigmoid": of_label(1, -1, "binary_cross_entropy"),
    }
    return table | ({"log-softmax": activation("log_softmax")} if hasattr(form, "log_softmax") else {})
