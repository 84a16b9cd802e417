"""What an implementation is asked, and tensors of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Rows:
    """Logits [rows, classes], or [rows] of the binary functions; the target is labels [rows], or like the logits."""

    logits: np.ndarray
    target: np.ndarray | None

    @property
    def has_labels(self) -> bool:
        return self.target is not None and self.target.dtype == np.int64


class Unsupported(Exception):
    """The implementation has no such function, format or target; the text says which."""


Function = Callable[[Rows], np.ndarray]


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
