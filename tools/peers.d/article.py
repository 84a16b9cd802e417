"""The article of the documentation: what was found, in sentences, and its tables as CSV files."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import text
from machine import description
from measurement import CLASSES, Checker, Measurement, complexity
from peer import Peer
from summary import sentences

FUNCTIONS = [
    "cross-entropy", "cross-entropy-gradient", "binary-cross-entropy", "binary-cross-entropy-gradient",
    "log-softmax", "softmax", "log-sum-exp", "log-sigmoid", "sigmoid", "softplus"]
FORMATS = ["float32", "float64", "bfloat16", "float16", "float8_e4m3fn", "float8_e5m2"]
ORDINARY = "normal"
MAIN, BEYOND = "accuracy", "accuracy-beyond-rounding"

HOW_TO_READ = """## How to read it

The error is in units in the last place (ulp) of the exact value: 0.5 is the best that a rounded result can do,
and a few ulp are the price of a few roundings. In float32, 1.7e7 ulp mean that no digit is right. Most often
the framework then returned 0 where about 6e−8 is right. For the mean loss of a batch that does not matter. It
matters for a sum over many confident rows, for ranking rows by their loss, and where a gradient of 0 stops
learning.

An error in ulps has no bound where the exact value passes through 0, as a gradient or a log-sum-exp can. ∞ is
an infinite or NaN output where the exact value is finite. What is called *from probabilities* ends the model in
a sigmoid or softmax and takes the loss of that. All others take the logits.

These are the largest errors *found*. A longer search may find larger ones.
"""
COLUMNS = """The tables are in files, which the site shows with a filter and sorts by any column:

- [Accuracy](Tables/accuracy.csv), one row for each framework, function and format: the worst error on normally
  distributed logits, the worst anywhere, and the largest finite one with its *witness*, the simplest known row
  within a hundredth of it. In a witness t is the index of the true class and y a target; then stands what the
  framework gave and what is right. [Families of cases](FamiliesOfCases.md) says what the families are; `known` are the rows of
  `Fixtures/witnesses`, `search` those of a search for the worst. *Misrounded* is the share of outputs
  that are not the correctly rounded value, the mean over the families.
- [Errors beyond rounding](Tables/accuracy-beyond-rounding.csv): the rows that `loss-oracle check` rejects, with the
  simplest case, and the known mistake that it looks like.
- [Infinite and NaN logits](Tables/accuracy-special-values.csv): the share of such rows, in float32, for which the framework
  gives the limit that [Conventions](Conventions.md) has. To differ there is no error.
- [Left out](Tables/accuracy-left-out.csv): what a framework does not offer, and why."""
# Read in the sources of the frameworks, and to be read again when the pinned versions change.
CAUSES = [
    "PyTorch's binary cross-entropy is (1 − y)·z − log σ(z): for y = 0 and z < 0 it takes log σ(z) ≈ z "
    "off z, and the digits below the last of z are gone. At z = −4 in bfloat16 they are most of the loss.",
    "optax's loss of integer labels and scikit-learn's of several classes are log Σ e^x − x_t: the maximum "
    "is added back before x_t is taken off, so that a common offset of the logits costs digits. So does a great "
    "logit of the label: of x = [8, 0], t = 0 in float32 optax's loss of integer labels is 0.00033569336, and "
    "0.00033540637 is right (9,861 ulp; its loss of one-hot labels takes the other form).",
    "TensorFlow's gradient, and with it that of Keras, is softmax(x) − y. That is the gradient of its "
    "loss where y sums to 1, and not where it does not.",
    "TensorFlow, Keras, JAX and optax flush what lies below the normal range, or near its end, to 0.",
    "ONNX Runtime's sigmoid keeps its absolute error small and not the relative one, and is not monotone "
    "where it nears 0.",
    "NumPy's sigmoid here is e^−log(1 + e^−z), whose exponent is rounded: its error grows with |z|.",
    "PyTorch's softplus is z beyond the threshold of 20, in float64 as well.",
    "From probabilities, Keras clips at 1e−7 and PyTorch's binary loss takes no logarithm below −100: "
    "there the loss ends, and on the rows that are most wrong the gradient is 0.",
]
SPECIAL_FORMAT = "float32"


def page(tables: dict[str, list[list[str]]], run: str, circumstances: str) -> str:
    """The article, which says no more than the tables do."""
    found, beyond = (text.records(tables.get(name)) for name in (MAIN, BEYOND))
    lines = [
        "# Accuracy of the frameworks", "",
        "How far the losses that people use are from the exact values.", "", "## Overview", "",
        *(f"- {sentence}" for sentence in sentences(found, beyond)), "", run, "", circumstances, "",
        HOW_TO_READ, "## In float32", "",
        "The worst error in ulps on normally distributed logits and, in brackets, the worst on any:", "",
        *overview(found, "float32"), "", "## The tables", "", COLUMNS]
    if beyond:
        lines += [
            "", "## Where errors beyond rounding come from", "",
            "`loss-oracle check` lets pass what the rounding of the common form explains, with the maximum taken "
            "off the logits. What it does not let pass has these causes, as far as they are known:",
            "", *(f"- {each}" for each in CAUSES)]
    return "\n".join(lines) + "\n"


def overview(found: list[dict[str, str]], format: str) -> list[str]:
    names = list(dict.fromkeys(each["framework"] for each in found if each["format"] == format))
    names.sort(key=[each["framework"] for each in found].index)
    rows = []
    for function in FUNCTIONS:
        cells = {
            each["framework"]: f"{each['worst on normal logits']} ({each['worst']})".strip()
            for each in found if (each["function"], each["format"]) == (function, format)}
        if cells:
            rows.append([function, *(cells.get(name, "") for name in names)])
    return text.table(["function", *names], rows)


class Article:
    def __init__(self, measurements: list[Measurement], checker: Checker, command: str):
        self.done = [each for each in measurements if each.problem is None]
        self.missing = [each for each in measurements if each.problem is not None]
        self.checker, self.command = checker, command
        self.peers: dict[str, Peer] = {each.peer.key: each.peer for each in measurements}

    def of(self, function: str, format: str) -> list[Measurement]:
        return [each for each in self.done if (each.function, each.format) == (function, format)]

    def write(self, output: Path) -> None:
        """The article, and its tables beside it."""
        tables = {
            MAIN: self.details(), BEYOND: self.beyond_rounding(),
            "accuracy-special-values": self.special_values(), "accuracy-left-out": self.left_out()}
        folder = output.parent / "Tables"
        folder.mkdir(parents=True, exist_ok=True)
        for name, rows in tables.items():
            with open(folder / f"{name}.csv", "w", newline="") as file:
                csv.writer(file, lineterminator="\n").writerows(rows)
        output.write_text(page(tables, self.run(), self.circumstances()))

    def run(self) -> str:
        rows = max((each.cases for each in self.done), default=0)
        return (
            f"`{self.command}` wrote this page and its tables. It took {text.count(self.checker.cases)} cases of "
            f"each family with seed {self.checker.seed}, of {CLASSES} classes where the family does not say "
            f"otherwise, and searched for the worst: up to {text.count(rows)} rows for each framework, "
            "function and format.")

    def circumstances(self) -> str:
        known: dict[str, str] = {}
        for peer in self.peers.values():
            known |= peer.versions
        date = min((each.date for each in self.done), default="")
        versions = ", ".join(f"{name} {version}" for name, version in sorted(known.items()))
        return (
            f"Run on {date} on the CPU: {description()}. Versions: {versions}. Another page has [the accuracy on a "
            "GPU](AccuracyOnGPUs.md).")

    def beyond_rounding(self) -> list[list[str]]:
        """The errors that the common form, from logits with the maximum taken off, would not have."""
        rows = [["function", "format", "framework", "simplest case", "wrong rows", "of rows", "looks like"]]
        for function in FUNCTIONS:
            for format in FORMATS:
                for each in self.of(function, format):
                    if each.findings:
                        rows.append([
                            function, format, each.peer.name, self.finding(each),
                            text.count(each.failed), text.count(each.cases),
                            "".join(self.diagnosis(d) for d in each.diagnoses[:1])])
        return rows

    @staticmethod
    def finding(measurement: Measurement) -> str:
        def size(finding: dict[str, Any]) -> tuple[int, int]:
            decimals = finding["witness"]["decimals"]
            return complexity({"logitCount": len(decimals), "logitDecimals": decimals})

        chosen = min(measurement.findings, key=size)
        witness = chosen["witness"]
        case = text.row(
            witness["decimals"], witness.get("label"), witness.get("probabilities"),
            measurement.format)
        return f"{case}: {chosen['message']}"

    @staticmethod
    def diagnosis(diagnosis: dict[str, Any]) -> str:
        return f"{diagnosis['summary']} ({text.share(diagnosis['share'])})"

    def special_values(self) -> list[list[str]]:
        """Infinite and NaN logits, for which frameworks have conventions of their own."""
        return [["function", "framework", "rows that agree"]] + [
            [function, each.peer.name, text.share(each.agreements / each.specials)]
            for function in FUNCTIONS for each in self.of(function, SPECIAL_FORMAT) if each.specials]

    def details(self) -> list[list[str]]:
        rows = [[
            "function", "format", "framework", "worst on normal logits", "worst", "largest finite error",
            "family", "witness", "misrounded", "infinite or NaN", "first infinite or NaN", "wrong sign"]]
        for function in FUNCTIONS:
            for format in FORMATS:
                for each in self.of(function, format):
                    ordinary = each.error_in(ORDINARY)
                    family, witness = each.worst or ("", None)
                    rows.append([
                        function, format, each.peer.name, "" if ordinary is None else text.ulps(ordinary),
                        text.ulps(each.error), text.ulps(each.finite_error), family,
                        text.case(witness, format) if witness else "", text.share(each.misrounded),
                        text.count(each.non_finite), self.first_non_finite(each),
                        text.count(each.wrong_signs)])
        return rows

    @staticmethod
    def first_non_finite(measurement: Measurement) -> str:
        if not measurement.first_non_finite:
            return ""
        family, witness = measurement.first_non_finite
        return f"{family}: {text.case(witness, measurement.format)}"

    def left_out(self) -> list[list[str]]:
        rows = [["framework", "function", "format", "rows", "why"]]
        rows += [
            [each.peer.name, each.function, each.format, "all", each.problem or ""] for each in self.missing]
        rows += [
            [each.peer.name, each.function, each.format, text.count(count), reason]
            for each in self.done
            for reason, count in sorted(each.abstentions.items())]
        return rows
