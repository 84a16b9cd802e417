"""A linear layer fused with its loss, against mpmath on exact fractions."""

from fractions import Fraction

import ml_dtypes
import mpmath
import numpy as np
import pytest

import loss_oracle as lo

mpmath.mp.dps = 60


def layer(dtype, rows=5, classes=7, width=9, seed=1):
    random = np.random.default_rng(seed)
    hidden = random.standard_normal((rows, width)).astype(dtype)
    weight = random.standard_normal((classes, width)).astype(dtype)
    return hidden, weight, np.arange(rows) % classes


def exact_logits(hidden, weight, bias=None):
    """Each logit as a fraction."""

    def fractions(array):
        return [[Fraction(float(x)) for x in row] for row in array.astype(np.float64)]

    h, w = fractions(hidden), fractions(weight)
    b = [Fraction(float(x)) for x in bias] if bias is not None else [Fraction(0)] * len(w)
    return [[sum(x * y for x, y in zip(r, c)) + z for c, z in zip(w, b)] for r in h]


def probabilities(row):
    powers = [mpmath.exp(mpmath.mpf(x.numerator) / x.denominator) for x in row]
    total = mpmath.fsum(powers)
    return [p / total for p in powers], mpmath.log(total)


def nearest(value, dtype):
    """The number of a dtype nearest to a value that is not near a midpoint."""
    return np.array(float(mpmath.nstr(value, 30)), dtype=np.float64).astype(dtype)


@pytest.mark.parametrize("dtype", [np.float16, ml_dtypes.bfloat16, np.float32])
def test_losses_and_gradients_are_correctly_rounded(dtype):
    hidden, weight, labels = layer(dtype)
    losses = lo.linear_cross_entropy(hidden, weight, labels)
    by_hidden = lo.linear_cross_entropy_gradient(hidden, weight, labels, with_respect_to="hidden")
    by_weight = lo.linear_cross_entropy_gradient(hidden, weight, labels, with_respect_to="weight")
    by_bias = lo.linear_cross_entropy_gradient(hidden, weight, labels, with_respect_to="bias")
    assert losses.dtype == hidden.dtype and by_weight.shape == weight.shape
    slopes = []
    for row, (x, t) in enumerate(zip(exact_logits(hidden, weight), labels)):
        p, log_sum = probabilities(x)
        loss = log_sum - mpmath.mpf(x[t].numerator) / x[t].denominator
        assert losses[row] == nearest(loss, dtype)
        slopes.append([q - (1 if c == t else 0) for c, q in enumerate(p)])
    for row in range(len(hidden)):
        for k in range(hidden.shape[1]):
            terms = [g * float(w) for g, w in zip(slopes[row], weight[:, k])]
            assert by_hidden[row, k] == nearest(mpmath.fsum(terms), dtype)
    for c in range(len(weight)):
        assert by_bias[c] == nearest(mpmath.fsum(g[c] for g in slopes), dtype)
        for k in range(hidden.shape[1]):
            terms = [g[c] * float(h) for g, h in zip(slopes, hidden[:, k])]
            assert by_weight[c, k] == nearest(mpmath.fsum(terms), dtype)


def test_a_mean_leaves_ignored_rows_out():
    hidden, weight, labels = layer(np.float32)
    labels = labels.copy()
    labels[1] = -100
    counted = np.delete(np.arange(len(hidden)), 1)
    mean = lo.linear_cross_entropy(hidden, weight, labels, reduction="mean", ignore_index=-100)
    assert mean == lo.linear_cross_entropy(
        hidden[counted], weight, labels[counted], reduction="mean"
    )
    by_hidden = lo.linear_cross_entropy_gradient(
        hidden, weight, labels, with_respect_to="hidden", reduction="mean", ignore_index=-100
    )
    assert not by_hidden[1].any() and by_hidden[0].any()


def test_a_mean_divides_by_what_is_named():
    hidden, weight, labels = layer(np.float32)
    labels = labels.copy()
    labels[1] = -100
    options = {"ignore_index": -100, "dtype": np.float64}
    total = lo.linear_cross_entropy(hidden, weight, labels, reduction="sum", **options)
    mean = lo.linear_cross_entropy(
        hidden, weight, labels, reduction="mean", denominator="optax", **options
    )
    assert mean == pytest.approx(total / len(labels), rel=1e-15)
    with pytest.raises(lo.InvalidInputError, match="denominator"):
        lo.linear_cross_entropy(hidden, weight, labels, reduction="sum", denominator="rows")

    def over_rows(hidden, weight, bias, target):
        losses = my_layer(hidden, weight, bias, np.maximum(target, 0))
        return np.float32(losses.astype(np.float64)[target >= 0].sum() / len(target))

    def search(**options):
        return lo.assert_accurate(
            over_rows, "linear-cross-entropy", dtype="float32", reduction="mean",
            families="ignored-rows", ignore_index=-100, **options,
        )

    search(denominator="rows")
    with pytest.raises(lo.AccuracyError, match="another-denominator"):
        search()


def test_errors_in_ulps():
    hidden, weight, labels = layer(np.float32)
    exact = lo.linear_cross_entropy(hidden, weight, labels)
    assert (lo.linear_ulp_error(exact, hidden, weight, labels) <= 0.5).all()
    rounded = (hidden @ weight.T).astype(ml_dtypes.bfloat16).astype(np.float64)
    wrong = np.log(np.exp(rounded).sum(1)) - rounded[np.arange(len(labels)), labels]
    assert lo.linear_ulp_error(wrong.astype(np.float32), hidden, weight, labels).max() > 100
    masked = np.array([0] * 6 + [-np.inf], dtype=np.float32)
    gradient = lo.linear_cross_entropy_gradient(
        hidden, weight, labels, with_respect_to="bias", bias=masked
    )
    assert gradient[-1] == 0 and gradient[0] != 0


def test_what_does_not_go_together_is_refused():
    hidden, weight, labels = layer(np.float32)
    with pytest.raises(lo.InvalidInputError):
        lo.linear_cross_entropy(hidden, weight[:, 1:], labels)
    with pytest.raises(lo.InvalidInputError):
        lo.linear_cross_entropy(hidden, weight, labels[1:])
    with pytest.raises(lo.InvalidInputError, match="focal_gamma"):
        lo.linear_cross_entropy(hidden, weight, labels, focal_gamma=2)
    with pytest.raises(TypeError):
        lo.linear_cross_entropy(hidden.astype(np.float64), weight, labels)
    with pytest.raises(lo.InvalidInputError):
        lo.linear_cross_entropy_gradient(hidden, weight, labels, with_respect_to="logits")


def test_what_stands_before_the_loss_and_grad_output():
    hidden, weight, labels = layer(np.float32)
    upstream = np.array([1, -0.5, 0, 2, 0.25], dtype=np.float32)
    options = {"softcap": 2.0, "scale": 0.5, "temperature": 0.75, "z_loss": 0.125}
    losses = lo.linear_cross_entropy(hidden, weight, labels, **options)
    by_bias = lo.linear_cross_entropy_gradient(
        hidden, weight, labels, with_respect_to="bias", grad_output=upstream, **options
    )
    sums = [mpmath.mpf(0)] * len(weight)
    for row, (x, t) in enumerate(zip(exact_logits(hidden, weight), labels)):
        tangents = [mpmath.tanh(mpmath.mpf(y.numerator) / y.denominator / 4) for y in x]
        v = [2 * y / mpmath.mpf(0.75) for y in tangents]
        log_sum = mpmath.log(mpmath.fsum(mpmath.exp(y) for y in v))
        loss = log_sum - v[t] + log_sum**2 / 8
        assert losses[row] == nearest(loss, np.float32)
        for c, y in enumerate(v):
            slope = mpmath.mpf(0.5) / mpmath.mpf(0.75) * (1 - tangents[c] ** 2)
            g = (1 + log_sum / 4) * mpmath.exp(y - log_sum) - (1 if c == t else 0)
            sums[c] += float(upstream[row]) * slope * g
    assert [*by_bias] == [nearest(g, np.float32) for g in sums]
    with pytest.raises(lo.InvalidInputError, match="reduction none"):
        lo.linear_cross_entropy_gradient(
            hidden, weight, labels, with_respect_to="bias", grad_output=upstream, reduction="sum"
        )


def my_layer(hidden, weight, bias, target, *, cast=lambda x: x, cap=None):
    """The losses in double arithmetic, in the layer's dtype."""
    logits = hidden.astype(np.float64) @ weight.astype(np.float64).T
    if bias is not None:
        logits = logits + bias.astype(np.float64)
    logits = cast(logits)
    if cap is not None:
        logits = cap * np.tanh(logits / cap)
    own = logits[np.arange(len(target)), target]
    greatest = logits.max(axis=1)
    rest = np.exp(logits - greatest[:, None])
    rest[np.arange(len(target)), logits.argmax(axis=1)] = 0
    return (greatest - own + np.log1p(rest.sum(axis=1))).astype(hidden.dtype)


def test_a_function_of_a_layer_is_checked():
    report = lo.assert_accurate(my_layer, "linear-cross-entropy", cases=4)
    assert report.passed and 0 < report.max_ulp < 100
    assert "passed" in report.text
    capped = lo.assert_accurate(
        lambda *a: my_layer(*a, cap=2.0), "linear-cross-entropy", cases=3, softcap=2.0
    )
    assert capped.passed
    assert lo.find_worst(my_layer, "linear-cross-entropy", cases=2).max_ulp > 0


def test_mistakes_of_a_function_of_a_layer_are_named():
    def narrow(logits):
        return logits.astype(ml_dtypes.bfloat16).astype(np.float64)

    with pytest.raises(lo.AccuracyError, match="logits-cast-down .bfloat16"):
        lo.assert_accurate(lambda *a: my_layer(*a, cast=narrow), "linear-cross-entropy")
    with pytest.raises(lo.AccuracyError, match="softcap-left-out"):
        lo.assert_accurate(my_layer, "linear-cross-entropy", cases=3, softcap=0.5)
    with pytest.raises(lo.AccuracyError, match="bias-left-out"):
        lo.assert_accurate(lambda h, w, b, t: my_layer(h, w, None, t), "linear-cross-entropy")
    with pytest.raises(lo.AccuracyError, match="shape"):
        lo.assert_accurate(lambda h, w, b, t: my_layer(h, w, b, t).sum(), "linear-cross-entropy")

    report = lo.find_worst(my_layer, "linear-cross-entropy", cases=2)
    assert report.worst is None
    with pytest.raises(lo.AccuracyError, match="shrunk to 1 rows, 2 classes, d = 1") as caught:
        lo.assert_accurate(my_layer, "linear-cross-entropy", cases=3, softcap=0.5)
    worst = caught.value.report.worst
    assert worst.hidden.shape == (1, 1) and worst.weight.shape == (2, 1)
    values = my_layer(worst.hidden, worst.weight, worst.bias, worst.target)
    error = lo.linear_ulp_error(
        values, worst.hidden, worst.weight, worst.target, bias=worst.bias, softcap=0.5
    )
    assert error.max() > 1

    def nothing(*arguments):
        raise lo.Unsupported("nothing")

    with pytest.raises(lo.AccuracyError, match="incomplete"):
        lo.assert_accurate(nothing, "linear-cross-entropy")
    with pytest.raises(lo.InvalidInputError):
        lo.assert_accurate(my_layer, "linear-cross-entropy", dtype="float64")
