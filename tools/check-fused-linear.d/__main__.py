"""Judges the public fused forms and the planted mistakes by the oracle, and writes the page's table."""

from __future__ import annotations

import argparse
import importlib.metadata
import tempfile
import warnings
from pathlib import Path

import torch

from forms import FORMS, MISTAKES, Form
from layers import generate, judge, read, write

FAMILIES = [
    "normal",
    "cancelling-sums",
    "huge-row",
    "tied-logits",
    "confident",
    "ignored-rows",
]


def computed(form: Form, layer: Path) -> dict[str, torch.Tensor]:
    tensors = read(layer)
    hidden = tensors["hidden"].clone().requires_grad_()
    weight = tensors["weight"].clone().requires_grad_()
    loss = form(hidden, weight, tensors["targets"].long())
    loss.backward()
    return {"loss": loss, "hidden_gradient": hidden.grad, "weight_gradient": weight.grad}


def worst(report: dict) -> list[str]:
    """The largest error of the loss in ulps, and of each tensor over what is common."""
    stages = report["stages"]
    figures = [stages[0].get("maximumULPs")] + [stage.get("maximumOfCommon") for stage in stages]
    return ["inf" if figure is None else f"{figure:.3g}" for figure in figures]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--oracle", required=True, help="the command loss-oracle")
    parser.add_argument("--rows", type=int, default=96)
    parser.add_argument("--classes", type=int, default=1000)
    parser.add_argument("--width", type=int, default=128)
    options = parser.parse_args()
    warnings.filterwarnings("ignore")
    torch.manual_seed(1)
    versions = [f"torch {torch.__version__}"]
    for package in ("triton", "liger-kernel", "cut-cross-entropy"):
        try:
            versions.append(f"{package} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            versions.append(f"{package} is not installed")
    print("; ".join(versions))
    shape = (options.rows, options.classes, options.width)
    missed = []
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        for format in ("float32", "bfloat16"):
            for family in FAMILIES:
                layer = place / f"{family}-{format}.safetensors"
                generate(options.oracle, layer, family, format, shape)
        for format in ("float32", "bfloat16"):
            print(f"\n{format}: the loss in ulps; loss, hidden and weight gradient over what is common\n")
            for name, form in FORMS.items():
                rows = []
                for family in FAMILIES:
                    layer = place / f"{family}-{format}.safetensors"
                    outputs = place / "outputs.safetensors"
                    try:
                        write(outputs, computed(form, layer))
                    except Exception as error:  # what a form does not take is said, not hidden
                        rows.append(f"  {family:16} {type(error).__name__}: {str(error)[:80]}")
                        continue
                    report = judge(options.oracle, layer, outputs, "mean")
                    figures = " ".join(f"{value:>9}" for value in worst(report))
                    rows.append(f"  {family:16} {figures}  {'common' if report['passed'] else 'falls short'}")
                print(name, *rows, sep="\n", flush=True)
        print("\nMistakes, in float32: the family that finds them\n")
        for name, form in MISTAKES.items():
            found = []
            for family in FAMILIES:
                layer, outputs = place / f"{family}-float32.safetensors", place / "outputs.safetensors"
                write(outputs, computed(form, layer))
                if not judge(options.oracle, layer, outputs, "mean")["passed"]:
                    found.append(family)
            print(f"  {name:36} {', '.join(found) or 'NOT FOUND'}", flush=True)
            if not found:
                missed.append(name)
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
