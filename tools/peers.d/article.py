"""The article of the documentation: what was found, in sentences, and the tables."""

from __future__ import annotations

import math
import os
import platform
import subprocess
from pathlib import Path

import text
from measurement import Checker, Measurement
from peer import Peer

FUNCTIONS = [
    "cross-entropy", "cross-entropy-gradient", "binary-cross-entropy", "binary-cross-entropy-gradient",
    "log-softmax", "softmax", "log-sum-exp", "log-sigmoid", "sigmoid", "softplus"]
FORMATS = ["float32", "float64", "bfloat16", "float16", "float8_e4m3fn", "float8_e5m2"]


def machine() -> str:
    processor = platform.machine()
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text().splitlines():
            if line.startswith("model name"):
                processor = line.split(":", 1)[1].strip()
                break
    elif platform.system() == "Darwin":
        brand = subprocess.run(
            ["sysctl", "-n", "machdep.cpu.brand_string"], capture_output=True, text=True)
        processor = brand.stdout.strip() or processor
    library = " ".join(platform.libc_ver()).strip()
    parts = [processor, f"{platform.system()} {platform.machine()}", library]
    parts.append(f"Python {platform.python_version()}")
    return ", ".join(part for part in parts if part)


class Article:
    def __init__(self, measurements: list[Measurement], checker: Checker, command: str, date: str):
        self.done = [each for each in measurements if each.problem is None]
        self.missing = [each for each in measurements if each.problem is not None]
        self.checker, self.command, self.date = checker, command, date
        self.peers: dict[str, Peer] = {each.peer.key: each.peer for each in measurements}

    def of(self, function: str, format: str) -> list[Measurement]:
        found = [each for each in self.done if (each.function, each.format) == (function, format)]
        return sorted(found, key=lambda each: (each.error, each.finite_error))

    def findings(self) -> list[str]:
        """What was found, in a few sentences."""
        bad = [each for each in self.done if each.non_finite]
        signs = [each for each in self.done if each.wrong_signs]
        said = [
            f"Of {text.plural(len(self.done), 'combination')} of framework, function and format, "
            f"{text.count(len(bad))} gave an infinity or NaN where the value is finite"
            + (f" ({text.joined(self.names(bad))})" if bad else "")
            + f", and {text.count(len(signs))} a value of the wrong sign"
            + (f" ({text.joined(self.names(signs))})" if signs else "") + "."]
        for function, what in (
            ("cross-entropy", "The cross-entropy of a row of logits"),
            ("binary-cross-entropy", "The binary cross-entropy of a logit"),
        ):
            ranked = self.of(function, "float32")
            if len(ranked) > 1:
                said.append(self.range(what, ranked))
        within = [each for each in self.done if each.error <= 1]
        if within:
            said.append(
                f"{text.plural(len(within), 'combination')} never left the two numbers beside the "
                f"exact value by as much as an ulp: {text.joined(self.combinations(within))}.")
        return said

    @staticmethod
    def range(what: str, ranked: list[Measurement]) -> str:
        best, worst = ranked[0], ranked[-1]
        said = f"{what}, in float32, is off by at most {text.ulps(best.error)} ulp in {best.peer.name}"
        if math.isinf(worst.error):
            return f"{said}; in {worst.peer.name} it can be infinite or NaN where it should be finite."
        return (
            f"{said}, and by up to {text.ulps(worst.error)} ulp in {worst.peer.name} "
            f"(in the family `{worst.worst.family}`).")

    @staticmethod
    def names(measurements: list[Measurement]) -> list[str]:
        return list(dict.fromkeys(each.peer.name for each in measurements))

    @staticmethod
    def combinations(measurements: list[Measurement]) -> list[str]:
        grouped: dict[tuple[str, str], list[str]] = {}
        for each in measurements:
            grouped.setdefault((each.peer.name, each.function), []).append(each.format)
        return [f"{name}'s {function} in {text.joined(f)}" for (name, function), f in grouped.items()]

    def overview(self, format: str) -> list[str]:
        keys = [k for k in self.peers if any(m.peer.key == k and m.format == format for m in self.done)]
        rows = []
        for function in FUNCTIONS:
            ranked = self.of(function, format)
            if not ranked:
                continue
            cells = {each.peer.key: text.ulps(each.error) for each in ranked}
            for each in ranked:
                if each.error == ranked[0].error and math.isfinite(each.error):
                    cells[each.peer.key] = f"**{cells[each.peer.key]}**"
            rows.append([function, *(cells.get(key, "") for key in keys)])
        return text.table(["function", *(self.peers[key].name for key in keys)], rows)

    def details(self, function: str) -> list[str]:
        rows = []
        for format in FORMATS:
            for each in self.of(function, format):
                rows.append([
                    format, each.peer.name, text.ulps(each.error), f"`{each.worst.family}`",
                    self.witness(each), text.ulps(each.finite_error), text.share(each.misrounded),
                    text.count(each.non_finite), text.count(each.wrong_signs)])
        heads = [
            "format", "framework", "max ulp", "family", "witness", "finite max ulp", "misrounded",
            "infinite or NaN", "wrong sign"]
        return text.table(heads, rows) if rows else []

    @staticmethod
    def witness(measurement: Measurement) -> str:
        """The simplest case found in the family of the worst error, of those with the largest."""
        known = [each for each in measurement.findings if each.get("witness")]
        family = measurement.worst.family
        known = [each for each in known if each.get("family") == family] or known
        if not known:
            return ""

        def size(finding: dict) -> float:
            error = finding["witness"].get("ulps")
            return math.inf if error is None else float(error)

        chosen = max(known, key=size)
        return f"{text.case(chosen['witness'])}: {text.ulps(size(chosen))}"

    def lines(self) -> list[str]:
        lines = [
            "# Accuracy of the frameworks", "",
            "How far the losses that people use are from the exact values.", "",
            "## Overview", ""]
        lines += [f"- {sentence}" for sentence in self.findings()]
        cases = max((each.cases for each in self.done), default=0)
        lines += [
            "",
            "The tables are in the manner of those of Zimmermann and others for mathematical functions: "
            "the largest known error, in units in the last place of the exact value, with the input that "
            "shows it. They are lower bounds: a larger error may be found by who looks longer. ∞ stands "
            "for an infinite or NaN output where the exact value is finite; the smallest error of a row "
            f"is bold. `{self.command}` wrote this page: {text.count(self.checker.cases)} cases of each "
            f"family (seed {self.checker.seed}) and a search for the worst, up to {text.count(cases)} "
            "rows for each function, format and framework.", ""]
        lines += [f"Run on {self.date}: {machine()}, with {os.cpu_count()} cores. Versions: {self.versions()}.", ""]
        for format in FORMATS:
            if any(each.format == format for each in self.done):
                lines += [f"### In {format}", "", *self.overview(format), ""]
        lines += [
            "## The functions one by one", "",
            "A witness is the simplest case found, of the family named, and its error. Its numbers are the "
            "shortest decimals that read back as the same numbers of the format."]
        for function in FUNCTIONS:
            if rows := self.details(function):
                lines += ["", f"### {function}", "", *rows]
        if self.missing:
            lines += ["", "## Not measured", ""]
            lines += text.table(
                ["framework", "function", "format", "why"],
                [[each.peer.name, each.function, each.format, each.problem or ""] for each in self.missing])
        return lines

    def versions(self) -> str:
        known: dict[str, str] = {}
        for peer in self.peers.values():
            known |= peer.versions
        return ", ".join(f"{name} {version}" for name, version in sorted(known.items()))
