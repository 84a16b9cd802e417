"""What an implementation is asked, and tensors of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


HAS_VALUE_PER_CLASS = ("softmax", "log-softmax", "cross-entropy-gradient")


@dataclass(frozen=True)
class Rows:
    """Logits [rows, classes], or [rows] of the binary functions; the target is labels [rows], or like the logits."""

    logits: np.ndarray
    target: np.ndarray | None

    @property
    def has_labels(self) -> bool:
        return self.target is not None and self.target.dtype == np.int64

    def shape(self, function: str) -> tuple[int, ...]:
        """That of the outputs."""
        return self.logits.shape if function in HAS_VALUE_PER_CLASS else self.logits.shape[:1]


@dataclass(frozen=True)
class Layer:
    """Hidden rows [rows, d], weights [classes, d] and labels [rows], of which -100 is ignored."""

    hidden: np.ndarray
    weight: np.ndarray
    target: np.ndarray

    def shape(self, function: str) -> tuple[int, ...]:
        """That of the outputs."""
        if function.endswith("hidden"):
            return self.hidden.shape
        if function.endswith("weight"):
            return self.weight.shape
        return (1,) if function.endswith("mean") else self.target.shape


class Unsupported(Exception):
    """The implementation has no such function, format or target; the text says which."""


# Of rows, or of a layer, as its name says.
Function = Callable[..., np.ndarray]


def tensor(values: np.ndarray, device: str):
    import torch

    values = values.copy()
    if values.dtype.name == "bfloat16":  # which torch does not take from NumPy
        return torch.from_numpy(values.view(np.int16)).view(torch.bfloat16).to(device)
    return torch.from_numpy(values).to(device)


def array(values) -> np.ndarray:
    import ml_dtypes
    import torch

    values = values.detach().cpu().contiguous()
    if values.dtype == torch.bfloat16:
        return values.view(torch.int16).numpy().view(ml_dtypes.bfloat16)
    return values.numpy()
