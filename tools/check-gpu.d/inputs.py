"""The inputs: which rows each function is asked, and how they are made."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import tensors

FORMATS = ("float32", "bfloat16", "float16", "float64")
# Of rows of few classes, all random families that a file of one shape takes, and masks.
ORDINARY = (
    "uniform", "normal", "bit-pattern", "huge-magnitude", "ties", "near-ties", "confident", "confident-wrong",
    "overflow-edge", "underflow-edge", "saturation-edge", "argument-reduction", "large-offset",
    "alternating-signs", "sorted", "subnormals", "subnormal-results", "few-bits", "mixed")
CATEGORICAL = ("cross-entropy", "cross-entropy-gradient", "softmax", "log-softmax")
BINARY = ("binary-cross-entropy", "binary-cross-entropy-gradient")
MASKED = ("masks", "lowest-logits")
# Of a linear layer fused with its loss: the reduction, and the tensor that `loss-oracle check` knows it by.
LAYER = {
    "linear-cross-entropy": ("none", "loss"),
    "linear-cross-entropy, mean": ("mean", "loss"),
    "linear-cross-entropy-gradient by hidden": ("mean", "hidden_gradient"),
    "linear-cross-entropy-gradient by weight": ("mean", "weight_gradient"),
}
LAYER_FAMILIES = ("normal", "cancelling-sums", "huge-row", "tied-logits", "confident", "ignored-rows")
LONG = 2000


@dataclass(frozen=True)
class Inputs:
    """Rows of one shape, which all of the functions are asked."""

    name: str
    functions: tuple[str, ...]
    classes: int
    families: tuple[str, ...]
    # For each family, in all formats but float64, of which long rows weigh most.
    rows: int
    rows_in_float64: int
    # The features of a linear layer, which is one of each file; 0 where the inputs are logits.
    width: int = 0

    @property
    def formats(self) -> tuple[str, ...]:
        return FORMATS[:3] if self.width else FORMATS

    def file(self, folder: Path, format: str) -> Path:
        return folder / "inputs" / f"{self.name}-{format}.safetensors"


# What is hard lies elsewhere for each function, so of short rows each has its own.
ALL = [
    *(Inputs(f"{function}-{classes}", (function,), classes, ORDINARY + MASKED, rows, rows)
      for function in CATEGORICAL for classes, rows in ((2, 60), (10, 60))),
    *(Inputs(f"{function}-soft-targets", (function,), 10, ("soft-targets",), 400, 400)
      for function in CATEGORICAL[:2]),
    *(Inputs(function, (function,), 1, ORDINARY + ("soft-targets",), 200, 200) for function in BINARY),
    Inputs("row-of-1025", CATEGORICAL, 1025, ORDINARY + MASKED, 3, 3),
    Inputs(
        "row-of-32000", CATEGORICAL, 32000,
        ("normal", "confident", "confident-wrong", "near-ties", "large-offset", "masks", "lowest-logits"), 1, 1),
    Inputs("row-of-32000-soft-targets", CATEGORICAL[:2], 32000, ("soft-targets",), 4, 2),
    Inputs("row-of-128256", CATEGORICAL, 128256, ("normal", "confident", "masks"), 1, 1),
    *(Inputs(f"layer-of-1000-{family}", tuple(LAYER), 1000, (family,), 64, 0, width=64) for family in LAYER_FAMILIES),
    # Its gradient by the weights would have 2,048,000 numbers.
    Inputs("layer-of-32000-normal", tuple(LAYER)[:3], 32000, ("normal",), 16, 0, width=64),
]


def prepare(program: str, folder: Path, *, quick: bool) -> int:
    """Writes all inputs, and gives their bytes."""
    (folder / "inputs").mkdir(parents=True, exist_ok=True)
    return sum(
        _write(program, each, format, folder, quick)
        for format in FORMATS for each in ALL if format in each.formats and (each.classes < LONG or not quick))


def _write(program: str, inputs: Inputs, format: str, folder: Path, quick: bool) -> int:
    rows = inputs.rows_in_float64 if format == "float64" else inputs.rows
    rows = max(rows // 20, 1) if quick else rows
    with tempfile.TemporaryDirectory() as temporary:
        path = Path(temporary, "inputs.safetensors")
        families = [part for name in inputs.families for part in ("--family", name)]
        what = (
            ["linear-cross-entropy", "--rows", str(rows), "--width", str(inputs.width)] if inputs.width
            else ["--function", inputs.functions[0], "--count", str(rows * len(inputs.families))])
        subprocess.run(
            [program, "generate", *what, "--format", format, "--classes", str(inputs.classes), *families,
             "--output", str(path)],
            check=True)
        metadata, found = tensors.read(path)
    # What is expected is not needed: the judge computes it again.
    found = {name: tensor for name, tensor in found.items() if name != "expected"}
    return tensors.write(inputs.file(folder, format), found, metadata)


def of(folder: Path, format: str) -> Iterator[Inputs]:
    """Those that are there, the short rows first."""
    yield from (each for each in ALL if each.file(folder, format).exists())
