"""PyTorch, where the model ends in a sigmoid or softmax: `binary_cross_entropy`, and the logarithm."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from protocol import Entry, Request, serve
from pytorch_adapter import FORMATS, array, gradient, tensor


def _binary(r: Request, logits: torch.Tensor) -> torch.Tensor:
    return F.binary_cross_entropy(torch.sigmoid(logits), tensor(r.probabilities), reduction="none")


def _cross_entropy(r: Request, logits: torch.Tensor) -> torch.Tensor:
    # There is no loss that takes the probabilities of classes: this is what is written for want of it.
    logarithms = torch.log(F.softmax(logits, dim=1))
    return F.nll_loss(logarithms, tensor(r.labels), reduction="none")


ENTRIES = {
    "binary-cross-entropy": Entry(lambda r: array(_binary(r, tensor(r.logits))), FORMATS),
    "binary-cross-entropy-gradient": Entry(gradient(_binary), FORMATS),
    "cross-entropy": Entry(lambda r: array(_cross_entropy(r, tensor(r.logits))), FORMATS),
    "cross-entropy-gradient": Entry(gradient(_cross_entropy), FORMATS),
}

if __name__ == "__main__":
    serve(ENTRIES)
