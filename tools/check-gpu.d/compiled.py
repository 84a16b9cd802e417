"""Gradients of the practical form under each of torch.compile's backends, in a process of its own.

On one GPU all that Inductor made in float32 were 0, with the sign of the gradient. This tells which part of
torch.compile does that, if any does, and keeps the program that it wrote.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable

import catalogue

# The backend, what the gradient of each row is multiplied by, and whether losses without gradients come first.
PROBES = [
    ("inductor", "ones", False), ("eager", "ones", False), ("aot_eager", "ones", False),
    ("aot_eager_decomp_partition", "ones", False), ("inductor", "ones", True), ("inductor", "threes", False),
    ("inductor", "sum", False)]


def main() -> None:
    format, device, path = sys.argv[1:]
    sys.path[:0] = [str(catalogue.HERE / "implementations"), str(catalogue.ROOT / "tools/forms")]
    import practical_torch as practical
    import torch
    from torch._inductor.utils import run_and_get_code

    class Triple(torch.autograd.Function):
        """The least that has a gradient of its own."""

        @staticmethod
        def forward(context, x, t):
            context.save_for_backward(x)
            return 2 * x[..., 0]

        @staticmethod
        def backward(context, upstream):
            return upstream[..., None] * (3 + 0 * context.saved_tensors[0]), None

    torch.manual_seed(1)
    dtype = getattr(torch, format)
    logits, labels = torch.randn(6, 10), torch.arange(6)
    questions: dict[str, tuple[Callable, torch.Tensor, torch.Tensor]] = {
        "cross-entropy": (lambda x, t: practical.cross_entropy(x, t), logits, labels),
        "binary-cross-entropy": (
            lambda z, y: practical.binary_cross_entropy(z, y), logits[:, 0], (labels % 2).to(dtype)),
        "a product": (Triple.apply, logits, labels)}

    def gradient(loss: Callable, x: torch.Tensor, t: torch.Tensor, upstream: str, after: bool):
        x, t = x.to(device, dtype, copy=True), t.to(device)
        if after:
            loss(x, t)
        values = loss(x.requires_grad_(), t)
        if upstream == "sum":
            values.sum().backward()
        else:
            values.backward(torch.full_like(values, 3 if upstream == "threes" else 1))
        return values.detach().cpu().double(), x.grad.cpu().double()

    found: list[dict] = []
    for name, (loss, x, t) in questions.items():
        for backend, upstream, after in PROBES:
            began = time.monotonic()
            line: dict[str, object] = {
                "function": name, "format": format, "backend": backend, "upstream": upstream, "after losses": after}
            try:
                values, wanted = gradient(loss, x, t, upstream, False)
                counters = torch._dynamo.utils.counters
                counters.clear()
                compiled = torch.compile(loss, backend=backend, dynamic=False)
                # It forgets what was compiled before, too.
                (losses, result), codes = run_and_get_code(gradient, compiled, x, t, upstream, after)
                line |= {
                    "zeros": int((result == 0).sum()), "numbers": result.numel(),
                    "other signs": int((result.signbit() != wanted.signbit()).sum()),
                    "largest difference": float((result - wanted).abs().max()),
                    "of losses": float((losses - values).abs().max()),
                    "first": result.flatten()[:3].tolist(), "eagerly": wanted.flatten()[:3].tolist(),
                    "graphs": counters["stats"].get("unique_graphs"), "breaks": dict(counters["graph_break"])}
                if 2 * line["zeros"] > line["numbers"]:
                    line |= {"code": [each[:20000] for each in codes]}
            except Exception as reason:
                line |= {"problem": f"{type(reason).__name__}: {str(reason).strip()[:300]}"}
            found.append(line | {"seconds": round(time.monotonic() - began, 2)})
            with open(path, "w") as file:
                json.dump(found, file)


if __name__ == "__main__":
    main()
