"""Whether one kernel may replace another."""

from __future__ import annotations

import json
import math
import time
from dataclasses import asdict, dataclass, field
from typing import Any, Callable, Optional, Sequence

import numpy as np

from . import _search
from ._arrays import BITS, numpy_dtype
from ._errors import UndecidedWarning
from ._rows import BINARY, CATEGORICAL, COMPARING, PER_CLASS, WITH_TARGET
from ._subject import Subject, goes_up, make_subject
from ._ulps import ulp_error

#: Rows and classes at which kernels' blocks begin, end and are left over.
SHAPES = ((1, 1), (1, 2), (3, 7), (4, 128), (5, 129), (257, 31), (64, 1000), (3, 4097), (1031, 8))


@dataclass(frozen=True)
class FamilyErrors:
    """The errors of both kernels on a family of cases, or a shape."""

    name: str
    candidate: float
    baseline: float
    accepted: bool


@dataclass(frozen=True)
class GateVerdict:
    """Whether a candidate may replace a baseline, and why not."""

    accepted: bool
    function: str
    format: str
    reasons: list[str]
    """Why not, one line each."""
    families: list[FamilyErrors]
    """The largest error of each family of cases, in ulps."""
    shapes: list[FamilyErrors]
    """The same of batches of ordinary rows."""
    seconds: float
    texts: list[str] = field(repr=False, default_factory=list)
    """The failing cases in words."""

    def json(self) -> str:
        """The verdict as JSON; an error that is infinite is null."""

        def finite(value: Any) -> Any:
            if isinstance(value, float) and not math.isfinite(value):
                return None
            if isinstance(value, dict):
                return {name: finite(member) for name, member in value.items()}
            if isinstance(value, list):
                return [finite(member) for member in value]
            return value

        return json.dumps(finite(asdict(self)), indent=2, sort_keys=True) + "\n"

    def __bool__(self) -> bool:
        return self.accepted

    def __str__(self) -> str:
        verdict = "accepted" if self.accepted else "refused"
        lines = [f"{self.function} in {self.format}: {verdict}"]
        lines += [f"  {reason}" for reason in self.reasons]
        return "\n".join(lines + self.texts[:2])


def gate(
    candidate: Callable[..., Any],
    baseline: Callable[..., Any],
    function: str,
    *,
    dtype: Any = "float32",
    factor: float = 1.25,
    margin: float = 0.5,
    shapes: Sequence[tuple[int, int]] = SHAPES,
    cases: int = 200,
    seed: int = 1,
    **arguments: Any,
) -> GateVerdict:
    """Says whether a candidate kernel may replace a baseline.

    It may where on every family of cases, and on batches of every shape, its largest error is at most
    `factor` times the baseline's and `margin` ulps (another order of the same sum differs by as much),
    or below 1 ulp; where it is not finite or has the wrong sign no more often; and where it gives the
    same outputs for the same rows. Outputs that were left at zero or not written at all show as errors
    of the rows that they are of.

    Args:
        candidate, baseline: Called as `assert_accurate` calls a function.
        shapes: (rows, classes) of batches beside the families'.
        factor, margin: How much worse than the baseline's an error may be, the margin in ulps.
        cases, seed, arguments: As for `assert_accurate`.

    Returns:
        The verdict, which is true where the candidate is accepted.
    """
    began = time.monotonic()
    reasons: list[str] = []
    reports = []
    for name, f in (("candidate", candidate), ("baseline", baseline)):
        try:
            reports.append(
                _search.find_worst(
                    f, function, dtype=dtype, cases=cases, search=cases, seed=seed, **arguments
                )
            )
        except AssertionError as error:
            if name == "baseline":
                raise
            return GateVerdict(
                False, function, str(dtype), [f"the candidate: {error}"], [], [], 0.0
            )
    new, old = reports
    families = []
    for ours, theirs in zip(new.stages, old.stages):
        # The search climbs from the worst of each kernel: it is of other cases.
        accepted = _is_no_worse(ours.max_ulp, theirs.max_ulp, factor, margin)
        families.append(FamilyErrors(ours.family, ours.max_ulp, theirs.max_ulp, accepted))
        if not accepted:
            reasons.append(
                f"{ours.family}: {ours.max_ulp:.4g} ulp, the baseline {theirs.max_ulp:.4g}"
            )
        for what, count, other in (
            ("not finite", ours.non_finite, theirs.non_finite),
            ("of the wrong sign", ours.wrong_signs, theirs.wrong_signs),
        ):
            if count > other and ours.family != "search":
                reasons.append(f"{ours.family}: {count} outputs {what}, of the baseline {other}")
    if old.data["abstentions"] != new.data["abstentions"]:
        reasons.append(f"left out other rows than the baseline: {new.data['abstentions']}")
    old_kinds = {finding.kind for finding in old.findings}
    for finding in new.findings:
        if finding.kind not in ("inaccurate", "wrong-sign", "non-finite", *old_kinds):
            reasons.append(f"{finding.family}: {finding.kind}: {finding.message}")
    shape_errors = _shape_errors(
        candidate,
        baseline,
        new.data["function"],
        dtype,
        shapes,
        seed,
        factor,
        margin,
        reasons,
        arguments,
    )
    texts = [finding.case.text for finding in new.findings]
    return GateVerdict(
        not reasons,
        new.data["function"],
        new.data["format"],
        reasons,
        families,
        shape_errors,
        time.monotonic() - began,
        texts,
    )


def _is_no_worse(ours: float, theirs: float, factor: float, margin: float) -> bool:
    return ours < 1 or ours <= factor * theirs + margin


def _shape_errors(
    candidate: Callable[..., Any],
    baseline: Callable[..., Any],
    name: str,
    dtype: Any,
    shapes: Sequence[tuple[int, int]],
    seed: int,
    factor: float,
    margin: float,
    reasons: list[str],
    arguments: dict[str, Any],
) -> list[FamilyErrors]:
    settings: dict[str, Any] = {
        key: arguments.get(key) for key in ("framework", "device", "pad_rows", "output_dtype")
    }
    options = {
        key: value
        for key, value in arguments.items()
        if key not in (*settings, "axis", "gradient", "targets", "reduction", "families", "classes")
        and key not in ("subnormals", "special_values", "isolate", "timeout", "known", "search")
    }
    base = name.replace("-gradient", "") if arguments.get("gradient") else name
    subjects = [
        make_subject(
            f,
            base,
            dtype,
            gradient=bool(arguments.get("gradient")),
            targets=arguments.get("targets", "index"),
            reduction="none",
            axis=arguments.get("axis", -1),
            **settings,
        )
        for f in (candidate, baseline)
    ]
    if arguments.get("reduction", "none") != "none" or arguments.get("isolate"):
        return []
    random = np.random.default_rng(seed)
    weights = options.get("class_weights", options.get("logit_bias"))
    errors = []
    for row_count, class_count in shapes:
        if weights is not None and len(weights) != class_count:
            continue
        shape = (row_count,) if name in BINARY else (row_count, class_count)
        format = subjects[0].format
        logits = (3 * random.standard_normal(shape)).astype(numpy_dtype(format))
        labels = probabilities = None
        target: Optional[np.ndarray] = None
        if name in COMPARING:
            target = (3 * random.standard_normal(shape)).astype(numpy_dtype(format))
            probabilities = target.view(BITS[format])
        elif name in WITH_TARGET and name in CATEGORICAL and subjects[0].targets != "probabilities":
            target = labels = random.integers(0, class_count, row_count).astype(np.int32)
        elif name in WITH_TARGET:
            share = (
                random.integers(0, 2, shape)
                if name in BINARY
                else np.eye(class_count)[random.integers(0, class_count, row_count)]
            )
            target = share.astype(numpy_dtype(format))
            probabilities = target.view(BITS[format])
        worst = []
        title = f"{row_count} rows" + ("" if name in BINARY else f" of {class_count} classes")
        for place, subject in enumerate(subjects):
            outputs = []
            try:
                for _ in range(2):
                    _poison(subject, shape)
                    value = subject.call(logits.view(BITS[format]), labels, probabilities)
                    outputs.append(
                        subject.outputs(value, shape if name in PER_CLASS else shape[:1])
                    )
            except Exception as error:
                if goes_up(error) or place == 1:
                    raise
                reasons.append(f"{title}: {type(error).__name__}: {error}")
                worst.append(math.inf)
                continue
            if place == 0 and (outputs[0] != outputs[1]).any():
                reasons.append(f"{title}: not deterministic: other outputs for the same rows")
            computed = outputs[0].view(numpy_dtype(subject.output_format or format))
            ulps = _errors(computed, name, logits, target, options)
            worst.append(float(np.nanmax(ulps, initial=0)))
            if place == 0:
                _describe(title, ulps, computed, reasons)
        accepted = _is_no_worse(worst[0], worst[1], factor, margin)
        if not accepted:
            reasons.append(f"{title}: {worst[0]:.4g} ulp, the baseline {worst[1]:.4g}")
        errors.append(FamilyErrors(title, worst[0], worst[1], accepted))
    return errors


def _errors(
    computed: np.ndarray, name: str, logits: np.ndarray, target: Any, options: dict[str, Any]
) -> np.ndarray:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UndecidedWarning)
        return ulp_error(computed, name, logits, target, **options)


def _poison(subject: Subject, shape: tuple[int, ...]) -> None:
    """Leaves NaN in the memory that the next outputs are likely to be put into."""
    nan = np.full(shape, np.nan).astype(numpy_dtype(subject.format))
    subject.library.from_bits(nan.view(BITS[subject.format]), subject.format, subject.device)


def _describe(title: str, ulps: np.ndarray, computed: np.ndarray, reasons: list[str]) -> None:
    """Says so where outputs of ordinary rows are left at zero, or are not written."""
    plain = computed.astype(np.float64)
    for what, left in (("left at zero", plain == 0), ("not finite", ~np.isfinite(plain))):
        count = int((~(ulps <= 1) & left).sum())
        if count > 0:
            reasons.append(f"{title}: {count} of {ulps.size} outputs {what}")
