"""The live search of the Python package on the GPU's tensors, in a process of its own."""

from __future__ import annotations

import json
import sys
import time


def main() -> None:
    format, device, path = sys.argv[1:]
    found: list[dict] = []
    import loss_oracle as lo
    import torch
    import torch.nn.functional as F

    def cross_entropy(x, t):
        return F.cross_entropy(x, t, reduction="none")

    def questions():
        common = {"dtype": getattr(torch, format), "device": device}
        yield "find_worst", lambda: lo.find_worst(cross_entropy, "cross-entropy", **common)
        yield "assert_accurate", lambda: lo.assert_accurate(cross_entropy, "cross-entropy", **common)
        yield "assert_accurate, gradient", lambda: lo.assert_accurate(
            cross_entropy, "cross-entropy", gradient=True, **common)
        yield "find_worst, softmax", lambda: lo.find_worst(lambda x: torch.softmax(x, 1), "softmax", **common)

    for name, ask in questions():
        began = time.monotonic()
        line: dict[str, object] = {"call": name, "format": format}
        try:
            report = ask()
        except Exception as reason:
            # A loss that falls short is one with a report.
            report = getattr(reason, "report", None)
            if report is None:
                line |= {"problem": f"{type(reason).__name__}: {str(reason).strip()[:300]}"}
        if report is not None:
            line |= {
                "verdict": report.verdict, "grade": report.data.get("grade"), "worst": repr(report.max_ulp),
                "rows": sum(each.cases for each in report.stages), "witness": str(report.worst)}
        found.append(line | {"seconds": round(time.monotonic() - began, 2)})
        with open(path, "w") as file:
            json.dump(found, file)


if __name__ == "__main__":
    main()
