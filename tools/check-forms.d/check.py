"""One check of one form, and what it reported."""

from __future__ import annotations

import json
import math
import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from forms import Form


@dataclass(frozen=True)
class Question:
    """A function, and what of it is asked. `title` is what the article calls it."""

    title: str
    function: str
    options: str = "{}"
    labels_only: bool = False
    # Whether the form promises 4 ulp there, or a bound by the greater of two terms.
    is_bounded: bool = True


QUESTIONS = [
    Question("softmax", "softmax"),
    Question("log-softmax", "log-softmax"),
    Question("cross-entropy", "cross-entropy"),
    Question("… label_smoothing 0.1", "cross-entropy", '{"label_smoothing": 0.1}'),
    Question("… z_loss 0.0001", "cross-entropy", '{"z_loss": 0.0001}'),
    Question("… ignore_index 1", "cross-entropy", '{"ignore_index": 1}'),
    Question("gradient of labels", "cross-entropy-gradient", labels_only=True),
    Question("gradient of all targets", "cross-entropy-gradient", is_bounded=False),
    Question("binary cross-entropy", "binary-cross-entropy"),
    Question("binary gradient of 0 and 1", "binary-cross-entropy-gradient", labels_only=True),
    Question("binary gradient of all targets", "binary-cross-entropy-gradient", is_bounded=False),
    Question("sigmoid", "sigmoid"),
    Question("softplus", "softplus"),
]


@dataclass(frozen=True)
class Answer:
    """The largest error of each family in ulps, and whether all rows are within four."""

    errors: dict[str, float]
    rows: int
    is_passed: bool
    status: int

    @property
    def error(self) -> float:
        return max(self.errors.values(), default=math.nan)


def check(oracle: str, form: Form, command: list[str], question: Question, format: str) -> Answer:
    families = [part for name in form.families for part in ("--family", name)]
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | ({"LABELS_ONLY": "1"} if question.labels_only else {})
        ran = subprocess.run(
            [oracle, "check", question.function, "--format", format, "--max-ulp",
             "4" if question.is_bounded else "inf", "--options", question.options, "--cases", str(form.cases), "--search", str(form.searched), "--classes",
             form.classes, "--timeout", "120", "--start-timeout", "300", "--budget", "900", *families,
             "--report", "json", "--output", folder, "--", *command],
            env=environment, capture_output=True, text=True)
        path = Path(folder, "report.json")
        if not path.exists():
            raise RuntimeError(ran.stderr[-2000:])
        report = json.loads(path.read_text())
    errors = {
        stage["family"]: math.inf if stage["nonFinite"] else float(stage["maximumULPs"] or 0)
        for stage in report["stages"] if stage["outputs"]}
    return Answer(errors, sum(stage["cases"] for stage in report["stages"]), report["passed"], ran.returncode)
