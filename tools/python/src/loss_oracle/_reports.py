"""What a search found."""

from __future__ import annotations

import json
import math
import os
from dataclasses import dataclass, field
from typing import Any, Optional

import numpy as np

from ._advice import in_python
from ._arrays import Library, numpy_dtype
from ._rows import BINARY


@dataclass(frozen=True)
class Case:
    """A row, what was computed of it, and the exact value of its worst output."""

    logits: Any
    """[classes] or [1], in the library and dtype of the function under test; None of a row of more than
    1024 classes, which reports leave out."""
    target: Any
    """A class index, probabilities, or None."""
    ulps: float
    """The error of the worst output; infinite where it is not finite."""
    computed: Optional[float]
    exact: Optional[float]
    text: str = field(repr=False)
    """The case in decimal and in hexadecimal."""

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Finding:
    """A way in which a function failed, and the simplest row found that shows it."""

    kind: str
    """inaccurate, wrong-sign, non-finite, special-value, output-count, crash, hang, …"""
    message: str
    family: str
    reproduction: str
    """"by itself", or under what conditions."""
    witness: dict[str, Any] = field(repr=False)
    """The case as files of witnesses hold it."""
    case: Case = field(repr=False)


@dataclass(frozen=True)
class Stage:
    """What was observed on the cases of one family."""

    family: str
    cases: int
    failures: int
    max_ulp: float
    mean_ulp: float
    median_ulp: float
    percentile_99_ulp: float
    of_common: float
    """The largest error over what is common there."""
    misrounded: float
    non_finite: int
    wrong_signs: int


class Report:
    """What a search found: the same report, bit for bit, as that of the command.

    `data` is the report as the command prints it with `--report json`.
    """

    def __init__(
        self, data: dict[str, Any], texts: dict[str, str], library: Library, device: Any
    ) -> None:
        self.data = data
        self._texts = texts
        self._library = library
        self._device = device

    def __repr__(self) -> str:
        return (
            f"<Report of {self.data['function']} in {self.data['format']}: {self.verdict}, "
            f"worst {self.max_ulp:.6g} ulp>"
        )

    def __reduce__(self) -> tuple[object, ...]:
        return (_unpickled, (self.data, self._texts, self._library.name))

    @property
    def verdict(self) -> str:
        """ "passed", "fell short", "incomplete" or "nothing could be checked"."""
        return str(self.data["verdict"])

    @property
    def passed(self) -> bool:
        return bool(self.data["passed"])

    @property
    def grade(self) -> Optional[str]:
        """The best grade that holds on every row: "correctly-rounded", "faithful", "ulp:3", …; None where
        nothing was judged."""
        grade: Optional[str] = self.data.get("grade")
        return grade

    @property
    def next_grade(self) -> Optional[str]:
        """The next better grade; None where there is none."""
        following: Optional[dict[str, Any]] = self.data.get("next")
        return following["grade"] if following else None

    @property
    def obstacle(self) -> Optional[Case]:
        """The case that keeps from the next better grade; None where there is none."""
        following: Optional[dict[str, Any]] = self.data.get("next")
        witness = following.get("witness") if following else None
        return self._case_of(witness) if witness else None

    @property
    def max_ulp(self) -> float:
        """The largest error of all; infinite where an output was not finite, or there was none."""
        return max((stage.max_ulp for stage in self.stages), default=0.0)

    @property
    def stages(self) -> list[Stage]:
        """What was observed, family by family."""
        return [_stage(stage) for stage in self.data["stages"]]

    @property
    def findings(self) -> list[Finding]:
        """The failures, each with its simplest case."""
        return [
            Finding(
                kind=finding["kind"],
                message=finding["message"],
                family=finding["family"],
                reproduction=finding["reproduction"],
                witness=finding["witness"],
                case=self._case_of(finding["witness"]),
            )
            for finding in self.data["findings"]
        ]

    @property
    def worst(self) -> Optional[Case]:
        """The case of the largest error: one that is not finite before the worst finite one."""
        cases = [
            self._case_of(witness)
            for stage in self.data["stages"]
            for witness in stage["witnesses"]
        ]
        cases += [finding.case for finding in self.findings if finding.kind == "non-finite"]
        return max(cases, key=lambda case: case.ulps, default=None)

    @property
    def witnesses(self) -> dict[str, Any]:
        """The failing cases as a file of witnesses, for `replay` and the command's `--replay`."""
        result: dict[str, Any] = json.loads(self._texts["witnesses"])
        return result

    @property
    def text(self) -> str:
        """The findings and the verdict in words."""
        return self.words(with_options=False)

    def words(self, *, with_options: bool) -> str:
        """The text, for the command where it advises options of it."""
        findings = in_python(self._texts["findings"], with_options=with_options)
        parts = [findings]
        parts += [
            f"diagnosis\n  {diagnosis['mistake']}: {diagnosis['summary']}"
            for diagnosis in self.data["diagnoses"]
            if f"  cause    {diagnosis['mistake']}" not in findings
        ]
        parts += [
            f"left out: {count} rows: {reason}"
            for reason, count in sorted(self.data["abstentions"].items())
            if not self.passed
        ]
        return "\n\n".join([part for part in parts if part] + [self._texts["verdict"]])

    def layout(self, name: str) -> str:
        """The report as "json", "markdown", "junit" or "html": the bytes of the command's."""
        if name not in ("json", "markdown", "junit", "html"):
            raise ValueError(f"there is no layout {name!r}")
        return self._texts[name]

    def save(self, folder: Any, layouts: tuple[str, ...] = ("json",)) -> list[str]:
        """Writes the report to files of a folder, named as the command names them."""
        names = {
            "json": "report.json",
            "markdown": "report.md",
            "junit": "junit.xml",
            "html": "report.html",
        }
        os.makedirs(folder, exist_ok=True)
        paths = [os.path.join(os.fspath(folder), names[layout]) for layout in layouts]
        for layout, path in zip(layouts, paths):
            with open(path, "w", encoding="utf-8") as file:
                file.write(self.layout(layout))
        return paths

    def _case_of(self, witness: dict[str, Any]) -> Case:
        return _case(witness, self.data["format"], self._library, self._device)


class BatchReport(Report):
    """What a search among batches found, each of which has one sum or mean, or the gradients of it.

    Cases are batches, in stages too: logits [rows, classes] or [rows], and targets of the rows. `denominator` says what wrong
    ones were divided by, where that explains them.
    """

    def __reduce__(self) -> tuple[object, ...]:
        return (_unpickled, (self.data, self._texts, self._library.name, True))

    @property
    def denominator(self) -> Optional[str]:
        """What wrong batches were divided by, in words; None where nothing explains them."""
        text: Optional[str] = self.data.get("denominator")
        return text

    @property
    def findings(self) -> list[Finding]:
        """The failures, each with as few rows as show it."""
        return [
            Finding(
                kind=finding["kind"],
                message=finding["message"],
                family=finding["family"],
                reproduction="by itself",
                witness=witness,
                case=self._batch_of(finding),
            )
            for finding, witness in zip(self.data["findings"], self.witnesses["witnesses"])
        ]

    @property
    def worst(self) -> Optional[Case]:
        """The batch of the largest error: one that is not finite before the worst finite one."""
        worst = self.data.get("worst")
        cases = [self._batch_of(worst)] if worst else []
        cases += [finding.case for finding in self.findings if finding.kind == "non-finite"]
        return max(cases, key=lambda case: case.ulps, default=None)

    def words(self, *, with_options: bool) -> str:
        """The text, for the command where it advises options of it."""
        findings = in_python(self._texts["findings"], with_options=with_options)
        return "\n\n".join([part for part in (findings, self._texts["verdict"]) if part])

    def _batch_of(self, finding: dict[str, Any]) -> Case:
        format, library, device = self.data["format"], self._library, self._device
        logits = _matrix(finding["logits"], format, library, device)
        if self.data["function"] in BINARY and logits is not None:
            logits = logits.reshape(-1)
        target: Any = finding.get("labels")
        if target is None:
            numbers = finding.get("probabilities") or finding.get("targetLogits")
            target = None if numbers is None else _matrix(numbers, format, library, device)
            if target is not None and self.data["function"] in BINARY:
                target = target.reshape(-1)
        ulps = finding.get("ulps")
        exact = finding["exact"]
        return Case(
            logits,
            target,
            math.inf if ulps is None else float(ulps),
            _number(finding.get("computed")),
            _number(exact[0]) if len(exact) == 1 else None,
            f"{len(finding['logits'])} rows: {finding['message']}",
        )


def _matrix(texts: list[list[str]], format: str, library: Library, device: Any) -> Any:
    from ._arrays import BITS

    if not texts:
        return None
    numbers = [[float.fromhex(text) for text in row] for row in texts]
    bits = np.array(numbers).astype(numpy_dtype(format)).view(BITS[format])
    return library.from_bits(bits, format, device)


def _unpickled(
    data: dict[str, Any], texts: dict[str, str], library: str, is_of_batches: bool = False
) -> Report:
    from ._arrays import named_library

    return (BatchReport if is_of_batches else Report)(data, texts, named_library(library), None)


def _stage(stage: dict[str, Any]) -> Stage:
    nothing = stage["outputs"] == 0
    most = stage.get("maximumULPs")
    mean = math.nan if stage.get("meanULPs") is None else stage["meanULPs"]
    return Stage(
        family=stage["family"],
        cases=stage["cases"] if "cases" in stage else stage["batches"],
        failures=stage["failures"],
        max_ulp=0.0 if nothing else math.inf if most is None else most,
        mean_ulp=mean,
        median_ulp=_or_infinite(stage, "medianULPs"),
        percentile_99_ulp=_or_infinite(stage, "percentile99ULPs"),
        of_common=_or_infinite(stage, "maximumOfCommon"),
        misrounded=stage.get("misroundedShare") or 0.0,
        non_finite=stage["nonFinite"],
        wrong_signs=stage["wrongSigns"],
    )


def _or_infinite(stage: dict[str, Any], name: str) -> float:
    """A figure of errors: NaN where no output was judged, and JSON has null for what is infinite."""
    if stage["outputs"] == 0:
        return math.nan
    value = stage.get(name)
    return math.inf if value is None else float(value)


def _number(text: Optional[str]) -> Optional[float]:
    return None if text is None else float.fromhex(text)


def _written_out(texts: list[str]) -> list[str]:
    """Numbers of which a run may stand as one text with a count, `0x0p+0*70000`."""
    parts = [text.partition("*") for text in texts]
    return [number for number, _, count in parts for _ in range(int(count or 1))]


def _case(witness: dict[str, Any], format: str, library: Library, device: Any) -> Case:
    from ._arrays import BITS

    def array(texts: list[str]) -> Any:
        numbers = np.array([float.fromhex(text) for text in texts]).astype(numpy_dtype(format))
        return library.from_bits(numbers.view(BITS[format]), format, device)

    texts = _written_out(witness["logits"])
    logits = array(texts) if texts else None
    label, probabilities = witness.get("label"), _written_out(witness.get("probabilities") or [])
    target = label if label is not None else array(probabilities) if probabilities else None
    computed, exact = _number(witness.get("computed")), _number(witness.get("exact"))
    ulps = witness.get("ulps")
    error = math.inf if ulps is None else float(ulps)
    lines = [
        "logits   " + ", ".join(f"{float.fromhex(text):.9g}" for text in texts[:16]),
        "         " + ", ".join(texts[:16]) + (f", … {len(texts)}" if len(texts) > 16 else ""),
    ]
    if not texts:
        lines = [f"logits   a row of {witness.get('logitCount')}"]
    if label is not None:
        lines.append(f"target   class {label}")
    elif probabilities:
        lines.append("target   " + ", ".join(probabilities[:16]))
    if computed is not None and exact is not None:
        lines.append(f"computed {computed:.17g}  {witness['computed']}")
        lines.append(f"exact    {exact:.17g}  {witness['exact']}")
    lines.append(f"error    {error:.6g} ulp")
    return Case(logits, target, error, computed, exact, "\n".join(lines))
