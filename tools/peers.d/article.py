"""The article of the documentation: what was found, in sentences, and the tables."""

from __future__ import annotations

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

MANNER = (
    "The tables are in the manner of those of Zimmermann and others for mathematical functions: the "
    "largest known error in units in the last place of the exact value, and an input that shows it. "
    "They are lower bounds; who looks longer may find more. ")
CELLS = (
    f"A cell has the largest error on logits of a normal distribution (the family `{ORDINARY}`) and, in "
    "brackets, the largest on any. ∞ stands for an infinite or NaN output where the exact value is "
    "finite. What is named *from probabilities* ends the model in a sigmoid or softmax and takes the "
    "loss of that; all others take the logits. An error in ulps has no bound where the value passes "
    "through 0, as that of a gradient or of a log-sum-exp does. <doc:FamiliesOfCases> tells what the "
    "families are; `known` are the rows of `Fixtures/witnesses` and `search` those of the search.")
BEYOND = (
    "`loss-oracle check` lets errors pass that the rounding of the common form explains, with the "
    "maximum taken off the logits. It does not let these pass.")
# Read in the sources of the frameworks, and to be read again when the pinned versions change.
CAUSES = [
    "PyTorch's binary cross-entropy is (1 − y)·z − log σ(z): for y = 0 and z < 0 it takes log σ(z) ≈ z "
    "off z, and the digits below the last of z are gone. At z = −4 in bfloat16 they are most of the loss.",
    "optax's loss of integer labels and scikit-learn's of several classes are log Σ e^x − x_t: the maximum "
    "is added back before x_t is taken off, so that a common offset of the logits costs digits.",
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
SPECIALS = (
    f"The share of rows with infinite or NaN logits, in {SPECIAL_FORMAT}, for which the framework gives "
    "what <doc:Conventions> has: the limit where there is one. To differ there is no error. TensorFlow's "
    "softmax stands apart: it is NaN only at the logit that is NaN or +∞, and 0 for the other classes.")
WITNESSES = (
    "A witness is the simplest known case within a hundredth of the largest finite error. Its numbers "
    "are the shortest decimals that read back as the same numbers of the format, t is the index of the "
    "true class and y the target; what the framework gave stands before the correctly rounded value. "
    "*Misrounded* is the share of outputs that are not correctly rounded, the mean of that of all "
    "families.")


class Article:
    def __init__(self, measurements: list[Measurement], checker: Checker, command: str):
        self.done = [each for each in measurements if each.problem is None]
        self.missing = [each for each in measurements if each.problem is not None]
        self.checker, self.command = checker, command
        self.peers: dict[str, Peer] = {each.peer.key: each.peer for each in measurements}

    def of(self, function: str, format: str) -> list[Measurement]:
        return [each for each in self.done if (each.function, each.format) == (function, format)]

    def lines(self) -> list[str]:
        lines = [
            "# Accuracy of the frameworks", "",
            "How far the losses that people use are from the exact values.", "",
            "## Overview", ""]
        lines += [f"- {sentence}" for sentence in sentences(self.done, ORDINARY)]
        cases = max((each.cases for each in self.done), default=0)
        lines += ["", MANNER + self.run(), "", self.circumstances(), "", CELLS]
        for format in FORMATS:
            if any(each.format == format for each in self.done):
                lines += ["", f"### In {format}", "", *self.overview(format)]
        lines += self.beyond_rounding() + self.special_values()
        lines += ["", "## The functions one by one", "", WITNESSES]
        for function in FUNCTIONS:
            if rows := self.details(function):
                lines += ["", f"### {function}", "", *rows]
        return lines + self.left_out()

    def run(self) -> str:
        rows = max((each.cases for each in self.done), default=0)
        return (
            f"`{self.command}` wrote this page, with {text.count(self.checker.cases)} cases of each "
            f"family, of {CLASSES} classes where the family does not say otherwise, seed "
            f"{self.checker.seed}, and a search for the worst: up to {text.count(rows)} rows for each "
            "framework, function and format.")

    def circumstances(self) -> str:
        known: dict[str, str] = {}
        for peer in self.peers.values():
            known |= peer.versions
        date = min((each.date for each in self.done), default="")
        versions = ", ".join(f"{name} {version}" for name, version in sorted(known.items()))
        return f"Run on {date} on the CPU: {description()}. Versions: {versions}."

    def overview(self, format: str) -> list[str]:
        keys = [k for k in self.peers if any(m.peer.key == k and m.format == format for m in self.done)]
        rows = []
        for function in FUNCTIONS:
            cells = {}
            for each in self.of(function, format):
                ordinary = each.error_in(ORDINARY)
                first = "" if ordinary is None else text.ulps(ordinary)
                cells[each.peer.key] = f"{first} ({text.ulps(each.error)})".strip()
            if cells:
                rows.append([function, *(cells.get(key, "") for key in keys)])
        return text.table(["function", *(self.peers[key].name for key in keys)], rows)

    def beyond_rounding(self) -> list[str]:
        """The errors that the common form, from logits with the maximum taken off, would not have."""
        rows = []
        for function in FUNCTIONS:
            for format in FORMATS:
                for each in self.of(function, format):
                    if each.findings:
                        rows.append([
                            function, format, each.peer.name, self.finding(each),
                            f"{text.count(each.failed)} of {text.count(each.cases)}",
                            "".join(self.diagnosis(d) for d in each.diagnoses[:1])])
        if not rows:
            return []
        heads = ["function", "format", "framework", "simplest case", "rows", "looks like"]
        if not any(row[-1] for row in rows):
            heads, rows = heads[:-1], [row[:-1] for row in rows]
        return [
            "", "## What rounding does not explain", "", BEYOND, "", *text.table(heads, rows), "",
            "Where they come from, as far as it is known:", "", *(f"- {each}" for each in CAUSES)]

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

    def special_values(self) -> list[str]:
        """Infinite and NaN logits, for which frameworks have conventions of their own."""
        keys = list(dict.fromkeys(each.peer.key for each in self.done if each.specials))
        rows = []
        for function in FUNCTIONS:
            shares = {
                each.peer.key: text.share(each.agreements / each.specials)
                for each in self.of(function, SPECIAL_FORMAT) if each.specials}
            if shares:
                rows.append([function, *(shares.get(key, "") for key in keys)])
        if not rows:
            return []
        heads = ["function", *(self.peers[key].name for key in keys)]
        return ["", "## Infinite and NaN logits", "", SPECIALS, "", *text.table(heads, rows)]

    def details(self, function: str) -> list[str]:
        rows = []
        for format in FORMATS:
            ranked = sorted(
                self.of(function, format), key=lambda each: (each.finite_error, each.non_finite))
            for each in ranked:
                family, witness = each.worst or ("", None)
                rows.append([
                    format, each.peer.name, text.ulps(each.finite_error), family and f"`{family}`",
                    text.case(witness, format) if witness else "", text.share(each.misrounded),
                    self.non_finite(each), text.count(each.wrong_signs)])
        heads = [
            "format", "framework", "largest finite error", "family", "witness", "misrounded",
            "infinite or NaN", "wrong sign"]
        return text.table(heads, rows) if rows else []

    @staticmethod
    def non_finite(measurement: Measurement) -> str:
        number = text.count(measurement.non_finite)
        if not measurement.first_non_finite:
            return number
        family, witness = measurement.first_non_finite
        return f"{number}: `{family}`, {text.case(witness, measurement.format)}"

    def left_out(self) -> list[str]:
        rows = [
            [each.peer.name, each.function, each.format, each.problem or ""] for each in self.missing]
        rows += [
            [each.peer.name, each.function, each.format, f"{text.plural(rows, 'row')}: {reason}"]
            for each in self.done
            for reason, rows in sorted(each.abstentions.items())]
        if not rows:
            return []
        return ["", "## Left out", "", *text.table(["framework", "function", "format", "why"], rows)]
