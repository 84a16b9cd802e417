"""Searches among batches, and losses whose gradient one call gives with them."""

import json
import pickle

import numpy as np
import pytest

import loss_oracle as lo

import losses

QUICK = {"cases": 60, "search": 320, "families": ["normal", "uneven-sums"], "classes": (3, 3)}


def mean(x, t):
    return losses.shifted(x, t).mean()


def weighted(x, t):
    """A mean over all rows, though classes have weights."""
    return (losses.shifted(x, t) * np.array([1, 3, 0.5], x.dtype)[t]).mean()


def gradient(x, t):
    """By the mean of the losses."""
    g = losses.softmax(x)
    g[np.arange(len(t)), t] -= 1
    return g / np.float32(max(len(t), 1))


def empty_too(f):
    """Of a batch without rows NumPy takes no maximum."""
    return lambda x, t: f(x, t) if len(x) else np.float32("nan")


def test_batches_are_whole_and_the_worst_is_told():
    sizes = set()

    def counted(x, t):
        sizes.add(len(x))
        return mean(x, t)

    report = lo.find_worst(empty_too(counted), "cross-entropy", reduction="mean", **QUICK)
    assert {1, 2, 3, 7} <= sizes
    assert isinstance(report, lo.BatchReport) and report.passed
    worst = report.worst
    assert worst is not None and worst.ulps == report.max_ulp > 0
    assert worst.logits.shape == (len(worst.target), 3) and worst.logits.dtype == np.float32
    value = mean(worst.logits, np.array(worst.target))
    error = lo.ulp_error(value, "cross-entropy", worst.logits, worst.target, reduction="mean")
    assert float(error) == pytest.approx(worst.ulps, abs=0.01)
    assert [stage.family for stage in report.stages][-1] == "search"
    assert pickle.loads(pickle.dumps(report)).worst.ulps == worst.ulps


def test_the_search_climbs():
    def running(x, t):
        total = np.float32(0)
        for loss in losses.shifted(x, t) if len(x) else ():
            total = np.float32(total + loss)
        return total

    arguments = dict(QUICK, families=["uneven-sums"])
    few, more = (
        lo.find_worst(
            running, "cross-entropy", reduction="sum", **dict(arguments, search=search)
        )
        for search in (0, 3200)
    )
    assert few.max_ulp < more.max_ulp < float("inf")


def test_a_wrong_denominator_is_told_kept_and_replayed(tmp_path):
    weights = {"class_weights": [1, 3, 0.5]}
    with pytest.raises(lo.AccuracyError, match="over all rows") as caught:
        lo.assert_accurate(
            empty_too(weighted), "cross-entropy", reduction="mean", **weights, **QUICK
        )
    report = caught.value.report
    assert report.denominator is not None and report.findings[0].witness["reduction"] == "mean"
    assert report.findings[0].case.logits.shape[1] == 3
    path = tmp_path / "witnesses.json"
    path.write_text(json.dumps(report.witnesses))
    with pytest.raises(lo.AccuracyError, match="known"):
        lo.replay(weighted, path)

    def right(x, t):
        w = np.array([1, 3, 0.5], x.dtype)[t]
        return (losses.shifted(x, t) * w).sum() / w.sum()

    assert lo.replay(right, path).passed


def test_gradients_of_a_mean_are_those_of_the_rows():
    report = lo.assert_accurate(gradient, "cross-entropy-gradient", reduction="mean", **QUICK)
    assert report.passed
    with pytest.raises(lo.AccuracyError):
        lo.assert_accurate(
            lambda x, t: gradient(x, t) * len(t),
            "cross-entropy-gradient",
            reduction="mean",
            **QUICK,
        )


def test_batches_of_another_shape_and_exceptions_are_findings():
    with pytest.raises(AssertionError, match="for one number"):
        lo.assert_accurate(losses.shifted, "cross-entropy", reduction="mean", **QUICK)

    def raising(x, t):
        if len(x) == 7:
            raise RuntimeError("seven")
        return mean(x, t)

    with pytest.raises(lo.AccuracyError, match="seven"):
        lo.assert_accurate(empty_too(raising), "cross-entropy", reduction="mean", **QUICK)
    with pytest.raises(lo.InvalidInputError, match="softmax is no loss"):
        lo.find_worst(lambda x: np.float32(0), "softmax", reduction="mean")


def test_classes_of_batches_may_be_first_or_in_the_middle():
    def first(x, t):
        return mean(x.T, t)

    def middle(x, t):
        return mean(np.moveaxis(x, 1, -1).reshape(-1, x.shape[1]), t.reshape(-1))

    for f, axis in ((first, 0), (middle, 1)):
        report = lo.assert_accurate(
            lambda x, t: f(x, t) if x.size else np.float32("nan"),
            "cross-entropy",
            reduction="mean",
            axis=axis,
            **QUICK,
        )
        assert report.passed


SMALL = {"cases": 40, "search": 80, "families": ["normal"], "classes": (2, 6)}


def both(scale_of_loss=1.0, scale_of_gradient=1.0):
    def f(x, t):
        inner = losses.softmax(x * np.float32(scale_of_gradient))
        inner[np.arange(len(t)), t] -= 1
        return losses.shifted(x * np.float32(scale_of_loss), t), inner

    return f


def test_loss_and_gradient_of_one_call_are_held_against_each_other():
    loss, gradient = lo.assert_loss_and_gradient(both(), "cross-entropy", **SMALL)
    assert loss.passed and gradient.passed and "gradient" in gradient.data["function"]
    for scales, text in (
        ((1, 0.5), "the loss is right, and the gradient is not that of it"),
        ((0.5, 1), "the gradient is right, and another loss is given"),
        ((0.5, 0.5), "both are of another: logits-scaled"),
    ):
        with pytest.raises(lo.AccuracyError, match=text):
            lo.assert_loss_and_gradient(both(*scales), "cross-entropy", **SMALL)
    with pytest.raises(AssertionError, match="not a loss and a gradient"):
        lo.assert_loss_and_gradient(losses.shifted, "cross-entropy", **SMALL)


def test_loss_and_gradient_may_be_of_a_batch():
    def f(x, t):
        return empty_too(mean)(x, t), gradient(x, t)

    lo.assert_loss_and_gradient(f, "cross-entropy", reduction="mean", **QUICK)
    with pytest.raises(lo.AccuracyError, match="inconsistent: the loss is right"):
        lo.assert_loss_and_gradient(
            lambda x, t: (empty_too(mean)(x, t), gradient(x, t) * len(t)),
            "cross-entropy",
            reduction="mean",
            **QUICK,
        )


def test_a_mean_divides_by_what_is_said():
    x = np.array([[1, 2, 0.5], [0, -1, 3], [2, 2, 2], [0, 1, 0]], np.float32)
    t, w = np.array([1, 0, -100, 2]), np.array([1, 3, 0], np.float32)
    given = {"class_weights": w, "ignore_index": -100}
    total = lo.cross_entropy(x, t, reduction="sum", dtype="float64", **given)
    divisors = {
        "weights": 4, "pytorch": 4, "valid-rows": 3, "keras": 3, "rows": 4, "optax": 4, "burn": 4,
        "nonzero-weights": 2, "values": 12, "liger": 4,
    }  # fmt: skip
    for name, divisor in divisors.items():
        value = lo.cross_entropy(
            x, t, reduction="mean", denominator=name, dtype="float64", **given
        )
        assert float(value) == pytest.approx(float(total) / divisor, rel=1e-14), name
    for reduction, name in (("sum", "rows"), ("none", "rows"), ("mean", "median")):
        with pytest.raises(lo.InvalidInputError, match="denominator"):
            lo.cross_entropy(x, t, reduction=reduction, denominator=name, **given)
    with pytest.raises(lo.InvalidInputError, match="denominator"):
        lo.find_worst(losses.shifted, "cross-entropy", denominator="rows", **QUICK)


def test_a_search_takes_the_denominator_that_is_said():
    weights = {"class_weights": [1, 3, 0.5]}
    for name in ("rows", "optax"):
        report = lo.assert_accurate(
            empty_too(weighted),
            "cross-entropy",
            reduction="mean",
            denominator=name,
            **weights,
            **QUICK,
        )
        assert report.passed and report.denominator is None
        assert '"denominator": "rows"' in report.data["options"]


def test_batches_are_reported_in_every_layout(tmp_path):
    report = lo.find_worst(empty_too(mean), "cross-entropy", reduction="mean", **QUICK)
    paths = report.save(tmp_path, ("json", "markdown", "junit", "html"))
    assert len(paths) == 4
    for path in paths[1:]:
        text = open(path, encoding="utf-8").read()
        assert "mean of batches" in text and "uneven-sums" in text
    stage = report.stages[0]
    assert stage.cases > 0 and 0 <= stage.median_ulp <= stage.max_ulp and stage.misrounded >= 0


def test_witnesses_of_two_outputs_say_so_and_are_replayed():
    wrong = both(1, 0.5)
    with pytest.raises(lo.AccuracyError, match="loss_oracle.replay\\(f, ") as caught:
        lo.assert_loss_and_gradient(wrong, "cross-entropy", **SMALL)
    kept = caught.value.report.witnesses
    witness = kept["witnesses"][0]
    assert witness["outputs"] == ["loss", "gradient"]
    assert witness["function"] == "cross-entropy-gradient"
    with pytest.raises(lo.AccuracyError, match="cross-entropy-gradient"):
        lo.replay(wrong, kept)
    assert lo.replay(both(), kept).data["function"] == "cross-entropy-gradient"


def command_witness(function, logits, label, **more):
    """As `loss-oracle check --outputs loss,gradient --save-witness` writes it."""
    row = {"logits": logits, "label": label}
    return {
        "decimals": [str(float.fromhex(number)) for number in logits], "failure": "inaccurate",
        "format": "float32", "function": function, "message": "output 1 is 1, exact 0.5",
        "origin": "normal, seed 1", "outputs": ["loss", "gradient"], "subject": "./my-loss",
        "ulps": 8388608, **row, **({"batch": [row], **more} if more else {}),
    }  # fmt: skip


@pytest.mark.parametrize("reduction", ["none", "mean"])
def test_witnesses_of_the_command_are_replayed(tmp_path, reduction):
    more = {} if reduction == "none" else {"reduction": reduction}
    path = tmp_path / "witnesses.json"
    kept = [
        command_witness(name, ["0x1p+0", "0x0p+0", "-0x1.8p+1"], 2, **more)
        for name in ("cross-entropy", "cross-entropy-gradient")
    ]

    def f(scales):
        def call(x, t):
            loss, inner = both()(x, t)
            if reduction == "mean":
                loss, inner = loss.mean(), inner / np.float32(len(t))
            return loss * np.float32(scales[0]), inner * np.float32(scales[1])

        return call

    for witnesses in (kept, kept[1:]):
        path.write_text(json.dumps({"schema": 1, "witnesses": witnesses}))
        assert lo.replay(f((1, 1)), path).passed
        for scales in ((1, 2), (2, 2)):
            with pytest.raises(lo.AccuracyError) as caught:
                lo.replay(f(scales), path)
            wrong = "cross-entropy in" in str(caught.value)
            assert wrong == (scales[0] == 2 and len(witnesses) == 2)
            assert "cross-entropy-gradient in" in str(caught.value)


def test_witnesses_of_two_outputs_have_the_fields_of_the_command():
    with pytest.raises(lo.AccuracyError) as caught:
        lo.assert_loss_and_gradient(both(1, 0.5), "cross-entropy", **SMALL)
    witness = caught.value.report.witnesses["witnesses"][0]
    theirs = command_witness("cross-entropy-gradient", ["0x0p+0"], 0)
    assert set(witness) <= set(theirs) | {"claim", "outputFormat", "options"}
    assert {name: witness[name] for name in ("format", "outputs")} == {
        name: theirs[name] for name in ("format", "outputs")
    }
