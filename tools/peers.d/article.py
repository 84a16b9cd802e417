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
SPECIAL_FORMAT = "float32"
SPECIALS = (
    f"The share of rows with infinite or NaN logits, in {SPECIAL_FORMAT}, for which the framework gives "
    "what <doc:Conventions> has: the limit where there is one. To differ there is no error.")
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
        return ["", "## What rounding does not explain", "", BEYOND, "", *text.table(heads, rows)]

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
