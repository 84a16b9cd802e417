"""PyTorch, where the model ends in a sigmoid or softmax: `binary_cross_entropy`, `log` and `nll_loss`.

Asked for losses of logits, it takes the sigmoid or softmax first; of probabilities or their logarithms, not.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from protocol import Entry, Request, serve
from pytorch_adapter import FORMATS, array, gradient, tensor

BINARY = frozenset({"logits", "probabilities"})
CATEGORICAL = frozenset({"logits", "probabilities", "log-probabilities"})


def _binary(r: Request, numbers: torch.Tensor) -> torch.Tensor:
    p = torch.sigmoid(numbers) if r.input == "logits" else numbers
    return F.binary_cross_entropy(p, tensor(r.probabilities), reduction="none")


def _cross_entropy(r: Request, numbers: torch.Tensor) -> torch.Tensor:
    # There is no loss that takes the probabilities of classes: this is what is written for want of it.
    p = F.softmax(numbers, dim=1) if r.input == "logits" else numbers
    logarithms = numbers if r.input == "log-probabilities" else torch.log(p)
    return F.nll_loss(logarithms, tensor(r.labels), reduction="none")


def _entries(loss, inputs: frozenset[str]) -> tuple[Entry, Entry]:
    value = Entry(lambda r: array(loss(r, tensor(r.logits))), FORMATS, inputs=inputs)
    return value, Entry(gradient(loss), FORMATS, inputs=inputs)


ENTRIES = dict(zip(
    ("binary-cross-entropy", "binary-cross-entropy-gradient", "cross-entropy", "cross-entropy-gradient"),
    _entries(_binary, BINARY) + _entries(_cross_entropy, CATEGORICAL),
))

if __name__ == "__main__":
    serve(ENTRIES)
