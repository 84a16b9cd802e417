"""The search: what it finds, what it lets go up, and that it says the same twice."""

import json
import pickle
import unittest

import losses
import numpy as np
import pytest

import loss_oracle as lo

QUICK = {"cases": 100, "search": 100}


def test_the_common_form_passes_and_the_naive_one_falls_short():
    report = lo.assert_accurate(losses.shifted, "cross-entropy", **QUICK)
    assert report.passed and report.verdict == "passed"
    with pytest.raises(lo.AccuracyError) as error:
        lo.assert_accurate(losses.unshifted, "cross-entropy", **QUICK)
    text = str(error.value)
    assert "cause    missing-max-shift" in text
    assert "loss_oracle.replay(unshifted, r'''" in text and "fell short" in text
    assert "missing-max-shift" in text
    found = error.value.report
    assert found.max_ulp == np.inf and found.grade == "falls-short"
    case = found.findings[0].case
    assert case.logits.dtype == np.float32 and len(case.logits) <= 2
    computed = losses.unshifted(case.logits[None], [case.target])
    assert lo.ulp_error(computed, "cross-entropy", case.logits[None], [case.target]) > 5


def exact(logits, target):
    return lo.cross_entropy(logits, target)


def rounded_twice(logits, target):
    return lo.cross_entropy(logits, target, dtype="float64").astype(logits.dtype)


@pytest.mark.parametrize(
    ("f", "claim", "passes"),
    [
        (exact, "correctly-rounded", True),
        (rounded_twice, "correctly-rounded", False),
        (rounded_twice, "faithful", True),
        (rounded_twice, "rounded-from:float64", True),
        (losses.shifted, "faithful", False),
        (losses.shifted, "ulp:3", False),
        (losses.shifted, "rounded-from:float32", True),
        (losses.shifted, "rounded-from:float64", False),
        (losses.shifted, "common", True),
    ],
)
def test_the_grades_of_the_command_are_claims(f, claim, passes):
    arguments = dict(QUICK, cases=300, claim=claim)
    if passes:
        report = lo.assert_accurate(f, "cross-entropy", **arguments)
        assert report.text.endswith(f"passed as {claim}")
        return
    with pytest.raises(lo.AccuracyError, match=f"fell short of {claim}") as error:
        lo.assert_accurate(f, "cross-entropy", **arguments)
    report = error.value.report
    assert report.next_grade is not None
    assert lo.ulp_error(
        f(report.obstacle.logits[None], [report.obstacle.target]),
        "cross-entropy",
        report.obstacle.logits[None],
        [report.obstacle.target],
    ) == pytest.approx(report.obstacle.ulps, rel=1e-4)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_an_exact_function_is_within_half_an_ulp_in_every_format(dtype):
    report = lo.assert_accurate(lo.softmax, "softmax", dtype=dtype, max_ulp=0.5, **QUICK)
    assert report.max_ulp <= 0.5


def test_the_worst_case_is_where_it_says():
    report = lo.find_worst(losses.softmax, "softmax", dtype="float16", **QUICK)
    worst = report.worst
    assert worst.ulps == report.max_ulp > 1
    again = lo.ulp_error(losses.softmax(worst.logits[None]), "softmax", worst.logits[None])
    assert again.max() == pytest.approx(worst.ulps, abs=2**-14)


def test_the_same_seed_says_the_same():
    first = lo.find_worst(losses.shifted, "cross-entropy", seed=7, **QUICK)
    second = lo.find_worst(losses.shifted, "cross-entropy", seed=7, **QUICK)
    other = lo.find_worst(losses.shifted, "cross-entropy", seed=8, **QUICK)
    assert first.layout("json") == second.layout("json") != other.layout("json")
    assert pickle.loads(pickle.dumps(first)).max_ulp == first.max_ulp


def test_failures_are_replayed():
    with pytest.raises(lo.AccuracyError) as error:
        lo.assert_accurate(losses.unshifted, "cross-entropy", **QUICK)
    witnesses = error.value.report.witnesses
    with pytest.raises(lo.AccuracyError):
        lo.replay(losses.unshifted, witnesses)
    assert lo.replay(losses.shifted, json.dumps(witnesses)).passed


def test_exceptions_are_findings_with_the_row_that_raised():
    def raising(logits, target):
        if (logits > 40).any():
            raise ZeroDivisionError("no\nway")
        return losses.shifted(logits, target)

    with pytest.raises(lo.AccuracyError) as error:
        lo.assert_accurate(raising, "cross-entropy", **QUICK)
    finding = error.value.report.findings[0]
    assert finding.kind == "crash" and finding.message == "raised ZeroDivisionError: no way"
    assert finding.case.logits.max() > 40


@pytest.mark.parametrize("kind", [KeyboardInterrupt, MemoryError, unittest.SkipTest, SystemExit])
def test_what_is_no_fault_of_the_function_goes_up(kind):
    calls = []

    def interrupted(logits, target):
        calls.append(len(logits))
        if len(calls) > 20:
            raise kind
        return losses.shifted(logits, target)

    with pytest.raises(kind):
        lo.assert_accurate(interrupted, "cross-entropy", **QUICK)
    assert len(calls) == 21


def test_a_skip_of_pytest_goes_up():
    with pytest.raises(pytest.skip.Exception):
        lo.find_worst(lambda logits: pytest.skip("not here"), "softmax")


def test_what_the_first_call_raises_goes_up_as_it_is():
    with pytest.raises(TypeError, match="positional"):
        lo.assert_accurate(lambda logits: logits, "cross-entropy")


@pytest.mark.parametrize(
    ("f", "text"),
    [
        (lambda x, t: losses.shifted(x, t).mean(), 'reduction="mean"'),
        (lambda x, t: losses.shifted(x, t)[:, None], r"shape \(4, 1\)"),
        (lambda x, t: "loss", "no array"),
        (lambda x, t: t, "it gave int64"),
    ],
)
def test_outputs_of_another_shape_or_kind_are_told(f, text):
    with pytest.raises(AssertionError, match=text):
        lo.assert_accurate(f, "cross-entropy")


def test_another_answer_to_the_same_rows_is_a_finding():
    random = np.random.default_rng(1)

    def unsteady(logits):
        return losses.softmax(logits) * np.float32(1 + 1e-7 * random.integers(0, 2))

    with pytest.raises(lo.AccuracyError, match="not-deterministic"):
        lo.assert_accurate(unsteady, "softmax", **QUICK)


def test_rows_may_be_padded_and_left_out():
    sizes = set()

    def padded(logits):
        sizes.add(len(logits))
        return losses.softmax(logits)

    assert lo.assert_accurate(padded, "softmax", pad_rows=True, **QUICK).passed
    assert sizes <= {4, 32, 512, 4096}

    def partial(logits, target):
        if logits.shape[1] == 1:
            raise lo.Unsupported("needs two classes")
        return losses.shifted(logits, target)

    report = lo.assert_accurate(partial, "cross-entropy", **QUICK)
    assert "needs two classes" in report.data["abstentions"]


def test_a_function_may_write_into_what_it_gets():
    def in_place(logits):
        values = losses.softmax(logits)
        logits[:] = 0
        return values

    assert lo.assert_accurate(in_place, "softmax", **QUICK).passed


def test_subnormal_numbers_may_be_flushed():
    def flushed(z):
        values = lo.softplus(z)
        return np.where(values < np.finfo(np.float32).tiny, 0, values).astype(np.float32)

    arguments = dict(QUICK, claim="correctly-rounded", families=["uniform", "underflow-edge"])
    with pytest.raises(lo.AccuracyError, match="flushed"):
        lo.assert_accurate(flushed, "softplus", **arguments)
    assert lo.assert_accurate(flushed, "softplus", subnormals="flush", **arguments).passed


def test_special_values_count_when_they_are_asked_to():
    assert lo.assert_accurate(losses.softplus, "softplus", **QUICK).passed
    with pytest.raises(lo.AccuracyError, match="special-value"):
        lo.assert_accurate(
            lambda z: np.where(np.isnan(z), np.float32(0), losses.softplus(z)),
            "softplus",
            special_values="strict",
            **QUICK,
        )


def test_options_reach_both_sides():
    def smoothed(logits, target):
        x = logits - logits.max(axis=1, keepdims=True)
        logs = x - np.log(np.exp(x).sum(axis=1, keepdims=True))
        rows = np.arange(len(logits))
        share = np.float32(0.1) / np.float32(logits.shape[1])
        return -(np.float32(0.9) * logs[rows, target] + (share * logs).sum(axis=1))

    assert lo.assert_accurate(smoothed, "cross-entropy", label_smoothing=0.1, **QUICK).passed
    with pytest.raises(lo.AccuracyError):
        lo.assert_accurate(losses.shifted, "cross-entropy", label_smoothing=0.1, **QUICK)


def test_a_crash_and_a_hang_in_a_process_of_its_own_are_findings(monkeypatch):
    # Each crash starts a process anew, so the search ends early.
    monkeypatch.setattr("loss_oracle._trial._SECONDS_FOR_FAILURES", 3.0)
    with pytest.raises(lo.AccuracyError, match="killed by signal 6"):
        lo.assert_accurate(
            losses.aborting, "cross-entropy", isolate=True, cases=30, families=["uniform", "normal"]
        )
    # A hang is one that hangs again when it is asked again.
    monkeypatch.undo()
    with pytest.raises(lo.AccuracyError, match="hang"):
        lo.assert_accurate(
            losses.hanging,
            "cross-entropy",
            isolate=True,
            timeout=0.5,
            cases=3,
            search=0,
            families=["normal", "huge-magnitude"],
        )


def test_reports_are_written(tmp_path):
    lo.assert_accurate(losses.softplus, "softplus", report=tmp_path / "out", **QUICK)
    assert json.loads((tmp_path / "out" / "report.json").read_text())["passed"] is True
    assert (tmp_path / "out" / "junit.xml").read_text().startswith("<?xml")


def along(axis):
    """The cross-entropy with the classes on an axis."""

    def loss(logits, target):
        x = logits - logits.max(axis=axis, keepdims=True)
        target = np.expand_dims(target, axis)
        chosen = np.take_along_axis(x, target, axis=axis).squeeze(axis)
        return np.log(np.exp(x).sum(axis=axis)) - chosen

    return loss


@pytest.mark.parametrize("axis", [-1, 0, 1])
def test_the_classes_may_be_on_another_axis(axis):
    seen = set()

    def loss(logits, target):
        seen.add((logits.ndim, target.ndim, logits.shape[-1]))
        return along(axis)(logits, target)

    assert lo.assert_accurate(loss, "cross-entropy", axis=axis, **QUICK).passed
    assert {shape[:2] for shape in seen} == {(3, 2) if axis == 1 else (2, 1)}
    if axis == 1:
        assert {shape[2] for shape in seen} == {3}
    softmax = lambda x: np.exp(x - x.max(axis, keepdims=True)) / np.exp(
        x - x.max(axis, keepdims=True)
    ).sum(axis, keepdims=True)
    assert lo.assert_accurate(softmax, "softmax", axis=axis, **QUICK).passed


def test_a_softmax_over_the_last_axis_for_that_of_the_classes_falls_short():
    with pytest.raises(lo.AccuracyError) as error:
        lo.assert_accurate(losses.softmax_last, "softmax", axis=1, **QUICK)
    text = str(error.value)
    assert ", axis=1)" in text
    # A row alone stands beside itself, so that one is enough to show it.
    finding = error.value.report.findings[0]
    with pytest.raises(lo.AccuracyError):
        lo.replay(losses.softmax_last, {"schema": 1, "witnesses": [finding.witness]}, axis=1)


def test_an_axis_that_there_is_not_is_refused():
    for function, axis in (("softmax", 2), ("sigmoid", 1)):
        with pytest.raises(lo.InvalidInputError, match="axis is"):
            lo.assert_accurate(losses.softmax, function, axis=axis)
