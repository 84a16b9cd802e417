"""The Triton form to copy, and the fused softmax that tutorials write."""

from __future__ import annotations

import torch
import triton
import triton.language as tl

from rows import Function, Rows, array, tensor


@triton.jit
def fused_softmax_kernel(x, out, n, BLOCK: tl.constexpr):
    """One program takes one row, which it holds at once."""
    row, each = tl.program_id(0).to(tl.int64), tl.arange(0, BLOCK)
    logits = tl.load(x + row * n + each, mask=each < n, other=float("-inf")).to(tl.float32)
    powers = tl.exp(logits - tl.max(logits, axis=0))
    tl.store(out + row * n + each, powers / tl.sum(powers, axis=0), mask=each < n)


def fused_softmax(x: torch.Tensor) -> torch.Tensor:
    out, block = torch.empty_like(x), triton.next_power_of_2(x.shape[1])
    warps = 4 if block < 2048 else 8 if block < 16384 else 16
    fused_softmax_kernel[(len(x),)](x, out, x.shape[1], BLOCK=block, num_warps=warps)
    return out


def fused(device: str) -> dict[str, Function]:
    return {"softmax": lambda rows: array(fused_softmax(tensor(rows.logits, device)))}


def practical(device: str) -> dict[str, Function]:
    import practical_triton as form

    # In the interpreter, which takes its time, several blocks to a row all the same.
    block = 1024 if device == "cuda" else 64

    def of_rows(kind: str) -> Function:
        def call(rows: Rows):
            given = [tensor(each, device) for each in (rows.logits, rows.target) if each is not None]
            return array(form.rows(kind, *given, ignore_index=-(2**31), block=block))

        return call

    def binary(kind: str) -> Function:
        return lambda rows: array(form.binary(kind, tensor(rows.logits, device), tensor(rows.target, device)))

    return {
        "softmax": of_rows("softmax"), "log-softmax": of_rows("log-softmax"), "cross-entropy": of_rows("loss"),
        "cross-entropy-gradient": of_rows("gradient"), "binary-cross-entropy": binary("loss"),
        "binary-cross-entropy-gradient": binary("gradient")}
