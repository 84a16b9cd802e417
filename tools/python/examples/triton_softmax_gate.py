"""May this Triton softmax replace PyTorch's? Three planted faults, and what the gate says of each.

Without a GPU: TRITON_INTERPRET=1 python triton_softmax_gate.py
"""

import json
import os
import sys

if "--gpu" not in sys.argv:
    os.environ.setdefault("TRITON_INTERPRET", "1")

import torch
import triton
import triton.language as tl

import loss_oracle as lo

DEVICE = "cuda" if "--gpu" in sys.argv else "cpu"


@triton.jit
def softmax_kernel(
    logits, outputs, class_count, SHIFT: tl.constexpr, MASK: tl.constexpr, BLOCK: tl.constexpr
):
    row = tl.program_id(0)
    start = row * class_count
    # Two passes over blocks of classes: one for the greatest and the sum, one for the values.
    greatest = tl.full((), float("-inf"), tl.float32)
    total = tl.full((), 0.0, tl.float32)
    for first in range(0, class_count, BLOCK):
        places = first + tl.arange(0, BLOCK)
        x = tl.load(logits + start + places, mask=places < class_count, other=float("-inf"))
        x = x.to(tl.float32)
        if SHIFT:
            new = tl.maximum(greatest, tl.max(x, axis=0))
            total = total * tl.exp(greatest - new) + tl.sum(tl.exp(x - new), axis=0)
            greatest = new
        else:
            greatest = tl.full((), 0.0, tl.float32)
            total += tl.sum(tl.exp(x), axis=0)
    last = class_count if MASK else (class_count // BLOCK) * BLOCK
    for first in range(0, class_count, BLOCK):
        places = first + tl.arange(0, BLOCK)
        x = tl.load(logits + start + places, mask=places < class_count, other=float("-inf"))
        value = tl.exp(x.to(tl.float32) - greatest) / total
        tl.store(outputs + start + places, value, mask=places < last)


def kernel(shift: bool = True, mask: bool = True, rows: int = 1 << 30):
    """The kernel, whole or with a fault: no shift, no last block, or the first rows only."""

    def softmax(x: torch.Tensor) -> torch.Tensor:
        x = x.contiguous()
        outputs = torch.zeros_like(x)
        block = 128 if mask else min(128, triton.next_power_of_2(x.shape[1] // 2 + 1))
        softmax_kernel[(min(rows, x.shape[0]),)](
            x, outputs, x.shape[1], SHIFT=shift, MASK=mask, BLOCK=block
        )
        return outputs

    return softmax


CANDIDATES = {
    "right": kernel(),
    "does not take the greatest logit off": kernel(shift=False),
    "leaves out the classes after the last whole block": kernel(mask=False),
    "computes the first 256 rows only": kernel(rows=256),
}


def verdicts(cases: int = 20) -> dict[str, lo.GateVerdict]:
    """The gate's verdict on each candidate."""
    return {
        name: lo.gate(
            candidate,
            lambda x: torch.softmax(x, dim=1),
            "softmax",
            dtype=torch.float32,
            device=DEVICE,
            cases=cases,
            classes=(2, 6),
            families=["uniform", "normal", "huge-magnitude", "overflow-edge", "ties"],
        )
        for name, candidate in CANDIDATES.items()
    }


if __name__ == "__main__":
    for name, verdict in verdicts().items():
        print(f"{name}: {'accepted' if verdict else 'refused'} in {verdict.seconds:.1f} s")
        for reason in verdict.reasons[:3]:
            print(f"  {reason}")
        if "--json" in sys.argv:
            print(json.dumps(json.loads(verdict.json())["reasons"]))
