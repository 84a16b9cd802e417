"""The page on what was found, and its table as a CSV file."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

import catalogue
import inputs
import text

if TYPE_CHECKING:
    from judge import Judgement

TABLE = "accuracy-on-gpus"
# Each with the kind of target, and how a column of the page is called.
FUNCTIONS = {
    ("cross-entropy", "labels"): "cross-entropy", ("cross-entropy", "soft targets"): "of soft targets",
    ("cross-entropy-gradient", "labels"): "its gradient",
    ("cross-entropy-gradient", "soft targets"): "gradient of soft targets",
    ("binary-cross-entropy", ""): "binary cross-entropy", ("binary-cross-entropy-gradient", ""): "its gradient",
    ("log-softmax", ""): "log-softmax", ("softmax", ""): "softmax"}
# Of a linear layer fused with its loss.
LAYER = dict(zip(inputs.LAYER, ["losses", "their mean", "gradient by hidden", "gradient by weight"], strict=True))
COLUMNS = [
    "function", "target", "format", "implementation", "versions", "device", "grade", "worst on normal logits", "worst",
    "largest finite error", "of common", "family", "witness", "misrounded", "infinite or NaN", "first infinite or NaN", "wrong sign",
    "beyond rounding", "of rows"]

HEAD = """# Accuracy on a GPU

How far losses, softmaxes and their gradients on a GPU are from the exact values.

## Overview
"""
COMPILED_NOTES = """The practical form in PyTorch was compiled by the backends `inductor`, `eager`, `aot_eager` and
`aot_eager_decomp_partition`, of which `eager` runs what Dynamo has traced and no more. In PyTorch 2.11 Dynamo gives an
`autograd.Function` the gradient 0 where its `forward` ends with a conversion to the type that the numbers have already:

    class Double(torch.autograd.Function):
        @staticmethod
        def forward(context, x):
            return (2 * x).to(x.dtype)

        @staticmethod
        def backward(context, upstream):
            return 2 * upstream

On a CPU it does so, too; PyTorch 2.15 does not. The form ended so once, in float32 alone, and all its compiled gradients
were 0 on this GPU. It converts no more to the type it has. *a product* is a function that ends otherwise."""
LAYER_NOTES = """In float32 the factors of a matrix product keep their 24 bits in PyTorch, unless
`torch.set_float32_matmul_precision("high")` asks for TF32, which rounds them to 11, and in Liger and Cut Cross-Entropy.
JAX takes TF32 by default: its errors are those of PyTorch's. In 16 bits PyTorch, Liger and JAX round the logits before
the softmax, and autocast and Liger return a loss in float32 of such logits. Cut Cross-Entropy keeps its logits in float32
for the sum, but multiplies the label's hidden row and weights in 16 bits, before they are added (`e * c` in
`indexed_dot.py`), and adds blocks of gradients in 16 bits. Its filter leaves out probabilities below eps / 32; in these
layers the errors are as large without it."""
HOW = """
`tools/check-gpu` made the inputs, computed the outputs on the GPU, held them against the exact values elsewhere, and
wrote this page. The rows have 2, 10, 1,025, 32,000 and 128,256 classes and are of all usual
[families of cases](FamiliesOfCases.md), with masked classes too. No search climbed these errors: they are the largest
of at most {rows:,} rows each, and larger ones may be found.

*PyTorch (autocast)* has 16-bit logits and gives losses, softmaxes and log-softmaxes in float32, gradients in 16 bits.
*PyTorch (compiled)* is `torch.compile` of the same functions, so kernels that Inductor writes in Triton. JAX has no
losses; what is called so here is the usual line over `jax.nn.log_softmax` or `jax.nn.log_sigmoid`. *Triton tutorial* is
a fused softmax as Triton's documentation teaches it. The forms called *practical* are those of [Forms to
copy](FormsInOtherLanguages.md).

## How to read it

The error is in units in the last place (ulp) of the exact value. [Accuracy of the frameworks](Accuracy.md) says what
such numbers mean, and [What passes](WhatPasses.md) what a grade says. The first number is the worst error on normally
distributed logits, and the one in brackets the worst on any row. ∞ is an infinite or NaN output where the exact value
is finite.
"""


def summary(judgements: list[Judgement]) -> list[str]:
    """What the tables of rows come to, in three sentences."""
    def names(found: list[Judgement]) -> str:
        return "; ".join(dict.fromkeys(each.implementation.name for each in found))

    judgements = [each for each in judgements if each.function not in LAYER]
    short = [each for each in judgements if each.grade == "falls-short"]
    best = [each for each in judgements if each.grade in ("correctly-rounded", "faithful")]
    # Of a soft target near the probability little may be left: no bound in ulps is promised there.
    broken = [
        each for each in judgements
        if each.implementation.is_form and each.formats == "float32" and each.measurement.error > 4
        and each.target != "soft targets" and each.function != "binary-cross-entropy-gradient"]
    return [
        f"{len(judgements)} combinations of implementation, function and format were checked. {len(best)} are faithful or "
        f"correctly rounded on every row tried ({names(best)}).",
        f"{len(short)} fall short of what the common form brings, {names(short)}. A 16-bit framework that rounds "
        "between its steps does so by definition.",
        "The practical forms promise 4 ulp in float32, but for gradients where the target is near the probability. "
        + (f"All keep it but {names(broken)}." if broken else "All keep it.")]


def overview(judgements: list[Judgement], formats: str) -> list[str]:
    found = [each for each in judgements if each.formats == formats and each.function not in LAYER]
    names = list(dict.fromkeys(each.implementation.name for each in found))
    rows = []
    for name in names:
        cells = [name]
        for function in FUNCTIONS:
            cells += [
                cell(each) for each in found
                if (each.implementation.name, each.function, each.target) == (name, *function)] or [""]
        rows.append(cells)
    return text.table(["", *FUNCTIONS.values()], rows)


def cell(judgement: Judgement) -> str:
    measurement = judgement.measurement
    ordinary = measurement.error_in("normal")
    worst = text.ulps(measurement.error)
    return f"({worst})" if ordinary is None else f"{text.ulps(ordinary)} ({worst})"


def row(judgement: Judgement, device: str) -> list[str]:
    each = judgement.measurement
    ordinary, (family, witness) = each.error_in("normal"), each.worst or ("", None)
    first = each.first_non_finite
    versions = ", ".join(f"{name} {version}" for name, version in each.peer.versions.items())
    return [
        judgement.function, judgement.target, judgement.formats, judgement.implementation.name, versions, device, judgement.grade,
        "" if ordinary is None else text.ulps(ordinary), text.ulps(each.error), text.ulps(each.finite_error),
        share(judgement.of_common), family, shown(witness, judgement) if witness else "", text.share(each.misrounded),
        text.count(each.non_finite), f"{first[0]}: {shown(first[1], judgement)}" if first else "",
        text.count(each.wrong_signs), text.count(each.failed), text.count(each.cases)]


def shown(witness: dict, judgement: Judgement) -> str:
    return witness["text"] if judgement.function in LAYER else text.case(witness, judgement.format)


def share(of_common: float | None) -> str:
    if of_common is None:
        return ""
    return f"{of_common:.2g}" if of_common < 100 else f"{of_common:.0f}" if of_common < 1e4 else text.ulps(of_common)


def layers(judgements: list[Judgement]) -> list[str]:
    """The linear layers fused with their loss: the largest error over what is common."""
    found = [each for each in judgements if each.function in LAYER]
    if not found:
        return []
    rows = []
    for name, formats in dict.fromkeys((each.implementation.name, each.format) for each in found):
        own = [each for each in found if (each.implementation.name, each.format) == (name, formats)]
        cells = [name, formats]
        for function in LAYER:
            cells += [layer_cell(each) for each in own if each.function == function] or [""]
        rows.append(cells)
    rows.sort(key=lambda each: inputs.FORMATS.index(each[1]))
    short: dict[str, dict[str, None]] = {}
    for each in found:
        if each.grade == "falls-short":
            short.setdefault(each.implementation.name, {})[each.format] = None
    return [
        "", "## A linear layer fused with its loss", "",
        "Six layers of 64 rows and 1,000 classes, one of each [family](FusedLinear.md), and one of 16 rows and 32,000 "
        "classes, whose gradient by the weights is left out; 64 features. A number is the largest error over what is "
        "[common](FusedLinear.md): above 1 it is more than a matrix product that is summed in float32 explains. An "
        "output that is infinite or NaN where the exact value is finite is ∞.", "",
        *text.table(["", "layer in", *LAYER.values()], rows), "", LAYER_NOTES,
        "", "Short of common fall " + "; ".join(f"{name} ({', '.join(formats)})" for name, formats in short.items()) + "."]


def layer_cell(judgement: Judgement) -> str:
    return "∞" if judgement.measurement.non_finite else share(judgement.of_common)


def case(witness: str) -> str:
    """The decimals of a case that the package shows in decimals and in hexadecimal."""
    parts = dict(line.split(maxsplit=1) for line in witness.splitlines() if line[:1].strip())
    logits, computed, exact = parts["logits"], *(parts[name].split()[0] for name in ("computed", "exact"))
    row = logits if logits.startswith("a row") else text.values(logits.split(", "))
    label = parts["target"].replace("class ", ", t = ") if "target" in parts else ""
    return f"{row}{label}: {float(computed):.7g} for {float(exact):.7g}"


def searches(run: dict) -> list[str]:
    """What the Python package's search on the GPU's tensors found."""
    found = [each for each in run["searches"] if "worst" in each]
    if not found:
        return []
    rows = [
        [f"`{each['call']}`", each["format"], each["verdict"], each["grade"] or "",
         text.ulps(float(each["worst"])), case(each["witness"]), text.count(each["rows"]), f"{each['seconds']:.1f} s"]
        for each in found]
    return [
        "", "## Searched on the GPU itself", "",
        "The Python package asked PyTorch's `cross_entropy` and `softmax` on CUDA tensors, batch by batch, and climbed "
        "the worst errors:", "",
        *text.table(["call", "format", "verdict", "grade", "worst", "its row", "rows", "took"], rows)]


def compiled(run: dict) -> list[str]:
    """Whether torch.compile loses the gradients of the practical form, and under which backends."""
    found = [each for each in run.get("compiled", []) if "zeros" in each]
    if not found:
        return []
    kinds = dict.fromkeys((each["format"], each["function"]) for each in found)
    lines = ["", "## Gradients under torch.compile", "", COMPILED_NOTES, ""]
    for format, name in kinds:
        own = [each for each in found if (each["format"], each["function"]) == (format, name)]
        lost = dict.fromkeys(each["backend"] for each in own if each["zeros"])
        lines.append(f"- {name} in {format}: " + (f"0 under {', '.join(lost)}" if lost else "right under all"))
    return lines


def problems(run: dict) -> list[str]:
    """What was not measured, and why; the same reason of one implementation once."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for each in run["problems"]:
        where = " ".join(each[name] for name in ("function", "inputs") if name in each)
        reasons.setdefault((each["implementation"], each["problem"]), []).append(f"{each['format']} {where}".strip())
    names = {each.key: each.name for each in catalogue.ALL}
    rows = [
        [names.get(key, key), places[0] + (f" and {len(places) - 1} more" if len(places) > 1 else ""), problem]
        for (key, problem), places in reasons.items()]
    return ["", "## Left out", "", *text.table(["implementation", "where", "why"], rows)] if rows else []


def write(path: Path, judgements: list[Judgement], run: dict) -> None:
    """The page, and its table in the folder Tables beside it."""
    places = [*FUNCTIONS, *((each, "") for each in LAYER)]
    judgements = sorted(judgements, key=lambda each: places.index((each.function, each.target)))
    formats = list(dict.fromkeys(each.formats for each in judgements))
    order = ["float32", "bfloat16", "bfloat16 → float32", "float16", "float16 → float32", "float64"]
    formats.sort(key=lambda each: order.index(each) if each in order else len(order))
    rows = [row(each, run["device"]) for format in formats for each in judgements if each.formats == format]
    folder = path.parent / "Tables"
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / f"{TABLE}.csv", "w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([COLUMNS, *rows])
    most = max((each.measurement.cases for each in judgements if each.function not in LAYER), default=0)
    versions = ", ".join(f"{name} {version}" for name, version in run["versions"].items())
    lines = [HEAD, *(f"- {each}" for each in summary(judgements)), HOW.format(rows=most)]
    for format in formats:
        if any(each.formats == format and each.function not in LAYER for each in judgements):
            lines += [f"## In {format}", "", *overview(judgements, format), ""]
    lines += [
        f"[The table](Tables/{TABLE}.csv) has a row for each function, format and implementation: the grade, the worst "
        "errors with a *witness*, and how many outputs are misrounded, infinite or of the wrong sign.",
        *layers(judgements), *searches(run), *compiled(run), *problems(run), "", "## What was run", "",
        f"Run on {run['date']} on {run['device']}, {run['host']}. Versions: {versions}."]
    path.write_text("\n".join(lines) + "\n")
