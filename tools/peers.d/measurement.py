"""One check of one function of one framework in one format, and what it reported."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
from dataclasses import dataclass, field
from typing import Any

from peer import Peer


@dataclass(frozen=True)
class Stage:
    """What was seen in a family of cases. An error is infinite where an output is."""

    family: str
    cases: int
    error: float
    finite_error: float
    misrounded: float
    non_finite: int
    wrong_signs: int


@dataclass(frozen=True)
class Measurement:
    """What a check reported; `problem` tells why there is nothing."""

    peer: Peer
    function: str
    format: str
    stages: list[Stage] = field(default_factory=list)
    findings: list[dict[str, Any]] = field(default_factory=list)
    diagnoses: list[Any] = field(default_factory=list)
    problem: str | None = None

    @property
    def cases(self) -> int:
        return sum(stage.cases for stage in self.stages)

    @property
    def worst(self) -> Stage:
        """The family of the largest error; of infinite ones that with the most of them."""
        return max(self.stages, key=lambda stage: (stage.error, stage.non_finite, stage.finite_error))

    @property
    def error(self) -> float:
        return max((stage.error for stage in self.stages), default=math.nan)

    @property
    def finite_error(self) -> float:
        return max((stage.finite_error for stage in self.stages), default=math.nan)

    @property
    def misrounded(self) -> float:
        return sum(stage.misrounded * stage.cases for stage in self.stages) / max(self.cases, 1)

    @property
    def non_finite(self) -> int:
        return sum(stage.non_finite for stage in self.stages)

    @property
    def wrong_signs(self) -> int:
        return sum(stage.wrong_signs for stage in self.stages)


@dataclass(frozen=True)
class Checker:
    """How `loss-oracle check` is called."""

    program: str
    cases: int
    seed: int
    limit: float

    def arguments(self, function: str, format: str) -> list[str]:
        # Half an ulp is what a correctly rounded output may be off: all else has its witness.
        return [
            "check", function, "--format", format, "--cases", str(self.cases),
            "--seed", str(self.seed), "--max-ulp", "0.5", "--timeout", "30", "--report", "json"]

    def check(self, peer: Peer, function: str, format: str) -> Measurement:
        process = subprocess.Popen(
            [self.program, *self.arguments(function, format), "--", *peer.command],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, start_new_session=True)
        try:
            output, errors = process.communicate(timeout=self.limit)
        except BaseException as reason:
            # The adapter ends as well: its input does.
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            if isinstance(reason, subprocess.TimeoutExpired):
                problem = f"not done after {self.limit:.0f} s"
                return Measurement(peer, function, format, problem=problem)
            raise
        try:
            report = json.loads(output)
            return read(peer, function, format, report)
        except (ValueError, KeyError, TypeError) as reason:
            last = (errors.strip().splitlines() or [f"no report: {reason!r}"])[-1]
            problem = f"exit status {process.returncode}: {last}"
            return Measurement(peer, function, format, problem=problem)


def read(peer: Peer, function: str, format: str, report: dict[str, Any]) -> Measurement:
    """A report of `loss-oracle check --report json`."""
    if report["schema"] != 1:
        raise ValueError(f"schema {report['schema']!r}")
    stages = [
        Stage(
            family=each["family"],
            cases=each["cases"],
            error=math.inf if each["maximumULPs"] is None else each["maximumULPs"],
            finite_error=each["maximumFiniteULPs"] or 0.0,
            misrounded=each["misroundedShare"] or 0.0,
            non_finite=each["nonFinite"],
            wrong_signs=each["wrongSigns"],
        )
        for each in report["stages"]
        if each["cases"]
    ]
    if not stages:
        return Measurement(peer, function, format, problem="nothing was asked")
    return Measurement(
        peer, function, format, stages, report.get("findings", []), report.get("diagnoses", []))
