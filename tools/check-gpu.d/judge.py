"""What came back, held against the exact values by `loss-oracle check`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import inputs
import numpy as np
import tensors
from catalogue import BY_KEY, ROOT, Implementation
from parcel import Result, unpack

sys.path.append(str(ROOT / "tools/peers.d"))
from measurement import Measurement, read  # noqa: E402
from peer import Peer  # noqa: E402

ARTICLE = ROOT / "Sources/LossOracle/Documentation.docc/AccuracyOnGPUs.md"
# Each implies those after it, of `ulp:N` up to 16.
GRADES = (
    "correctly-rounded", "faithful", "ulp", "rounded-from:float64", "rounded-from:float32", "common", "falls-short")


@dataclass(frozen=True)
class Judgement:
    """An implementation's function from a format to a format, on all inputs."""

    implementation: Implementation
    function: str
    # "labels", "soft targets", or "" where the function has none, takes either as numbers, or is of a linear layer.
    target: str
    format: str
    output_format: str
    grade: str
    measurement: Measurement
    # The largest error over what is common; None where an output is not finite, or none is known.
    of_common: float | None = None

    @property
    def formats(self) -> str:
        return self.format if self.format == self.output_format else f"{self.format} → {self.output_format}"


def rank(grade: str) -> tuple[int, float]:
    name, _, number = grade.partition(":")
    return (GRADES.index("ulp"), float(number)) if name == "ulp" else (GRADES.index(grade), 0)


def judge(program: str, folder: Path, outputs: Path, article: Path | None) -> int:
    run = json.loads((outputs / "run.json").read_text())
    by_name = {each.name: each for each in inputs.ALL}
    reports: dict[tuple[str, ...], list[dict]] = {}
    with tempfile.TemporaryDirectory() as temporary:
        fixtures: dict[tuple[str, str, str], Path] = {}

        def fixture(result: Result) -> Path:
            """The inputs as those of the function that was asked."""
            if result.function in inputs.LAYER:
                return by_name[result.inputs].file(folder, result.format)
            key = result.function, result.inputs, result.format
            if key not in fixtures:
                metadata, found = tensors.read(by_name[result.inputs].file(folder, result.format))
                if "softmax" in result.function:
                    found.pop("targets", None)
                fixtures[key] = Path(temporary, f"{len(fixtures)}.safetensors")
                tensors.write(fixtures[key], found, metadata | {"function": result.function})
            return fixtures[key]

        def check(number: int, result: Result, file: Path) -> tuple[Result, dict]:
            path = Path(temporary, f"outputs-{number}.safetensors")
            what = (
                ["linear-cross-entropy", "--reduction", inputs.LAYER[result.function][0]]
                if result.function in inputs.LAYER else [result.function])
            ran = subprocess.run(
                [program, "check", *what, "--fixtures", str(file), "--outputs", str(path), "--report", "json"],
                capture_output=True, text=True)
            path.unlink()
            # 69 where no row has an exact value, as targets that do not sum to 1 have none.
            if ran.returncode not in (0, 1, 69) or not ran.stdout:
                raise RuntimeError(f"{result}: {ran.stderr.strip()}")
            report = json.loads(ran.stdout)
            if result.function in inputs.LAYER:
                report = of_rows(report, by_name[result.inputs])
            return result, report

        def written(results: Iterable[tuple[Result, np.ndarray]]):
            for number, (result, array) in enumerate(results):
                name = inputs.LAYER.get(result.function, ("", "outputs"))[1]
                tensors.write(Path(temporary, f"outputs-{number}.safetensors"), {name: array}, {})
                yield number, result, fixture(result)

        with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
            for result, report in pool.map(lambda each: check(*each), written(unpack(run["results"], outputs))):
                key = (
                    result.implementation, result.function, target(result), result.format, result.output_format)
                reports.setdefault(key, []).append(report)
    judgements = [merged(*key, parts, run) for key, parts in reports.items()]
    from article import write

    # A rehearsal is none for the documentation.
    is_real = "rehearsal" not in run["device"]
    path = article or (ARTICLE if is_real else outputs / ARTICLE.name)
    write(path, judgements, run)
    print(f"{path}: {len(judgements)} rows of {len(run['results'])} outputs", file=sys.stderr)
    return 0


def of_rows(report: dict, layer: inputs.Inputs) -> dict:
    """The report of a layer as that of rows, of which the outputs are one each, and the layer's family the family."""
    def case(stage: dict) -> dict:
        worst, is_finite = stage["worst"], "maximumULPs" in stage
        place = ", ".join(str(each) for each in worst["place"])
        return {
            **({"ulps": stage["maximumULPs"]} if is_finite else {}), "logits": [], "logitDecimals": [],
            "logitCount": 0, "computed": worst["computed"], "exact": worst["exact"],
            "text": f"{layer.classes:,} classes, output [{place}]: {float(worst['computedDecimal']):.7g} for "
                    f"{float(worst['exactDecimal']):.7g}"}

    stages = [
        {
            "family": layer.families[0], "cases": each["outputs"], "outputs": each["outputs"],
            "misroundedShare": each["misrounded"] / each["outputs"], "nonFinite": each["nonFinite"], "wrongSigns": 0,
            "specialAgreements": 0, "specialDifferences": 0,
            **{name: each[name] for name in ("maximumULPs", "maximumOfCommon") if name in each},
            "failuresByKind": {"inaccurate": each["failures"]} if each["failures"] else {},
            "witnesses": [case(each)] if "worst" in each else []}
        for each in report["stages"]]
    return report | {"stages": stages}


def target(result: Result) -> str:
    if not result.function.startswith("cross-entropy"):
        return ""
    return "soft targets" if result.inputs.endswith("soft-targets") else "labels"


def merged(
    key: str, function: str, target: str, format: str, output_format: str, reports: list[dict], run: dict
) -> Judgement:
    """The reports of several inputs as one: of the grades the least, since each row counts."""
    implementation = BY_KEY[key]
    versions = {name: run["versions"][name] for name in implementation.packages if name in run["versions"]}
    report = {
        "schema": reports[0]["schema"],
        **{name: [each for part in reports for each in part[name]] for name in ("stages", "findings", "diagnoses")},
        "abstentions": {}}
    measurement = read(Peer(key, implementation.name, versions, {}), function, format, by_family(report), run["date"])
    grade = max((each["grade"] for each in reports if "grade" in each), key=rank, default="")
    shares = [each.get("maximumOfCommon") for part in reports for each in part["stages"] if each["outputs"]]
    of_common = max(shares) if all(each is not None for each in shares) else None
    return Judgement(implementation, function, target, format, output_format, grade, measurement, of_common)


def by_family(report: dict) -> dict:
    """One stage for each family, where several inputs have rows of it."""
    stages: dict[str, dict] = {}
    for each in report["stages"]:
        known = stages.get(each["family"])
        if known is None:
            stages[each["family"]] = dict(each)
            continue
        share = sum(one.get("misroundedShare", 0) * one["outputs"] for one in (known, each))
        for name in ("cases", "outputs", "nonFinite", "wrongSigns", "specialAgreements", "specialDifferences"):
            known[name] += each[name]
        known["misroundedShare"] = share / known["outputs"] if known["outputs"] else 0
        for name in ("maximumULPs", "maximumFiniteULPs", "maximumOfCommon"):
            if name in each:
                known[name] = max(known.get(name, 0), each[name])
        kinds = known["failuresByKind"] | each["failuresByKind"]
        known["failuresByKind"] = {
            kind: sum(one["failuresByKind"].get(kind, 0) for one in (known, each)) for kind in kinds}
        known["witnesses"] = sorted(
            known["witnesses"] + each["witnesses"], key=lambda one: -one.get("ulps", 0))
    return report | {"stages": list(stages.values())}
