"""PyTorch, where the model ends in a sigmoid or softmax: `binary_cross_entropy`, `log` and `nll_loss`.

Asked for losses of logits, it takes the sigmoid or softmax first; of probabilities or their logarithms, not.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from protocol import Request, serve
from pytorch_adapter import losses, tensor

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


ENTRIES = {
    **losses("binary-cross-entropy", _binary, inputs=BINARY),
    **losses("cross-entropy", _cross_entropy, inputs=CATEGORICAL),
}

if __name__ == "__main__":
    serve(ENTRIES)
