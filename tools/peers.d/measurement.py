"""One check of one function of one framework in one format, and what it reported."""

from __future__ import annotations

import datetime
import json
import math
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from peer import Peer


@dataclass(frozen=True)
class Stage:
    """What was seen in a family of cases. An error is infinite where an output is."""

    family: str
    cases: int
    error: float
    misrounded: float
    non_finite: int
    wrong_signs: int
    failures: dict[str, int]
    # The cases of the largest finite error and of the first output that is not finite.
    worst: dict[str, Any] | None
    first_non_finite: dict[str, Any] | None

    @property
    def finite_error(self) -> float:
        return self.worst["ulps"] if self.worst else 0.0


@dataclass(frozen=True)
class Measurement:
    """What a check reported; `problem` tells why there is nothing."""

    peer: Peer
    function: str
    format: str
    stages: list[Stage] = field(default_factory=list)
    findings: list[dict[str, Any]] = field(default_factory=list)
    diagnoses: list[dict[str, Any]] = field(default_factory=list)
    abstentions: dict[str, int] = field(default_factory=dict)
    # Rows with infinite or NaN logits that agree with the conventions, and all of them.
    agreements: int = 0
    specials: int = 0
    date: str = ""
    problem: str | None = None

    @property
    def cases(self) -> int:
        return sum(stage.cases for stage in self.stages)

    @property
    def error(self) -> float:
        return max((stage.error for stage in self.stages), default=math.nan)

    @property
    def finite_error(self) -> float:
        return max((stage.finite_error for stage in self.stages), default=math.nan)

    def error_in(self, family: str) -> float | None:
        return next((stage.error for stage in self.stages if stage.family == family), None)

    @property
    def worst(self) -> tuple[str, dict[str, Any]] | None:
        """The simplest of the known cases whose error is within a hundredth of the largest."""
        near = [
            (stage.family, stage.worst)
            for stage in self.stages
            if stage.worst and stage.worst["ulps"] >= 0.99 * self.finite_error
        ]
        return min(near, key=lambda each: complexity(each[1]), default=None)

    @property
    def first_non_finite(self) -> tuple[str, dict[str, Any]] | None:
        known = [(s.family, s.first_non_finite) for s in self.stages if s.first_non_finite]
        return min(known, key=lambda each: complexity(each[1]), default=None)

    @property
    def misrounded(self) -> float:
        # Not that of all outputs: the longest rows would have the say.
        return sum(stage.misrounded for stage in self.stages) / max(len(self.stages), 1)

    @property
    def loses_all(self) -> bool:
        """Whether an output is off by half of its value: not one bit is right."""
        return any(relative_error(stage.worst) >= 0.5 for stage in self.stages if stage.worst)

    @property
    def non_finite(self) -> int:
        return sum(stage.non_finite for stage in self.stages)

    @property
    def wrong_signs(self) -> int:
        return sum(stage.wrong_signs for stage in self.stages)

    @property
    def failed(self) -> int:
        """The rows with errors that rounding does not explain."""
        return sum(sum(stage.failures.values()) for stage in self.stages)


def complexity(case: dict[str, Any]) -> tuple[int, int]:
    return case["logitCount"], sum(len(each) for each in case["logitDecimals"])


# The loss of one class is 0, off which every error counts as beyond measure.
CLASSES = "2-10"


def relative_error(case: dict[str, Any]) -> float:
    computed, exact = float.fromhex(case["computed"]), float.fromhex(case["exact"])
    return abs(computed - exact) / abs(exact) if exact else 0.0


@dataclass(frozen=True)
class Checker:
    """How `loss-oracle check` is called, and where its reports are kept."""

    program: str
    cases: int
    seed: int
    limit: float
    reports: Path
    reuse: bool

    def arguments(self, function: str, format: str) -> list[str]:
        return [
            "check", function, "--format", format, "--cases", str(self.cases), "--classes", CLASSES,
            "--seed", str(self.seed), "--timeout", "30", "--report", "json"]

    def check(self, peer: Peer, function: str, format: str) -> Measurement:
        """What was measured, or why nothing was: a framework's failure is not the end of the others."""
        arguments = self.arguments(function, format)
        kept = self.reports / f"{peer.key}-{function}-{format}.json"
        # What a report depends on, but for the machine.
        origin = {"arguments": arguments, "versions": peer.versions}
        if self.reuse and kept.exists():
            known = json.loads(kept.read_text())
            if known["origin"] == origin:
                return read(peer, function, format, known["report"], known["date"])
        try:
            report = self.run([self.program, *arguments, "--", *peer.command])
            date = datetime.date.today().isoformat()
            measurement = read(peer, function, format, report, date)
        except CheckFailure as reason:
            return Measurement(peer, function, format, problem=str(reason))
        except (KeyError, TypeError, ValueError) as reason:
            return Measurement(peer, function, format, problem=f"an unknown report: {reason!r}")
        self.reports.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps({"origin": origin, "date": date, "report": report}))
        return measurement

    def run(self, command: list[str]) -> dict[str, Any]:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True)
        try:
            output, errors = process.communicate(timeout=self.limit)
        except subprocess.TimeoutExpired as reason:
            process.kill()  # the adapter ends as well: its input does
            process.communicate()
            raise CheckFailure(f"not done after {self.limit:.0f} s") from reason
        try:
            return json.loads(output)
        except ValueError as reason:
            last = (errors.strip().splitlines() or ["no message"])[-1]
            # The article is for others' machines.
            last = last.replace(" ".join(command[command.index("--") + 1:]), "the adapter")
            raise CheckFailure(f"exit status {process.returncode}: {last}") from reason


class CheckFailure(Exception):
    """Why there is no report."""


def read(
    peer: Peer, function: str, format: str, report: dict[str, Any], date: str
) -> Measurement:
    """A report of `loss-oracle check --report json`."""
    if report["schema"] != 1:
        raise ValueError(f"schema {report['schema']!r}")
    # What is null is left out.
    stages = [
        Stage(
            family=each["family"],
            cases=each["cases"],
            error=math.inf if each["nonFinite"] else each["maximumULPs"],
            misrounded=each["misroundedShare"],
            non_finite=each["nonFinite"],
            wrong_signs=each["wrongSigns"],
            failures=each["failuresByKind"],
            worst=next((w for w in each["witnesses"] if "ulps" in w), None),
            first_non_finite=next((w for w in each["witnesses"] if "ulps" not in w), None),
        )
        for each in report["stages"]
        if each["outputs"]
    ]
    agreements = sum(each["specialAgreements"] for each in report["stages"])
    differences = sum(each["specialDifferences"] for each in report["stages"])
    if not stages:
        return Measurement(peer, function, format, problem="nothing was compared")
    return Measurement(
        peer, function, format, stages, report["findings"], report["diagnoses"],
        report["abstentions"], agreements, agreements + differences, date)
