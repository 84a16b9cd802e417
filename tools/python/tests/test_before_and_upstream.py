"""What stands before a loss, and gradients times what comes after: values, searches, fixtures."""

import json

import mpmath
import numpy as np
import pytest

import loss_oracle as lo

BEFORE = {"scale": 1.5, "softcap": 4.0, "temperature": 2.0}
BIAS = np.array([0.25, -0.5, 1.0])
QUICK = {"cases": 30, "search": 60, "families": ["normal", "uniform"], "classes": (3, 3)}


def before(x, softcap=4.0):
    """((c tanh(s x / c)) + b) / T of float64 logits."""
    z = 1.5 * x
    z = softcap * np.tanh(z / softcap) if softcap else z
    return (z + BIAS) / 2.0


def loss(x, target, softcap=4.0):
    z = before(x, softcap)
    m = z.max(axis=1, keepdims=True)
    picked = np.take_along_axis(z, target[:, None], axis=1)
    return (m - picked + np.log(np.exp(z - m).sum(axis=1, keepdims=True)))[:, 0]


def tensors(path):
    """The tensors of a safetensors file, and its metadata."""
    data = path.read_bytes()
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    metadata = header.pop("__metadata__", {})
    kinds = {"F64": "<f8", "F32": "<f4", "I32": "<i4", "I64": "<i8"}
    arrays = {}
    for name, entry in header.items():
        start, end = (8 + size + offset for offset in entry["data_offsets"])
        numbers = np.frombuffer(data[start:end], kinds[entry["dtype"]])
        arrays[name] = numbers.reshape(entry["shape"])
    return arrays, metadata


def test_what_stands_before_is_computed_as_the_formula_says():
    x = np.array([[3.0, -1.25, 0.5], [-20.0, 0.125, 9.0]])
    target = np.array([2, 0])
    values = lo.cross_entropy(x, target, logit_bias=BIAS, **BEFORE)
    mpmath.mp.prec = 400
    for row, label, value in zip(x, target, values):
        z = [
            (4 * mpmath.tanh(mpmath.mpf(float(n)) * 1.5 / 4) + mpmath.mpf(float(b))) / 2
            for n, b in zip(row, BIAS)
        ]
        exact = mpmath.log(sum(mpmath.exp(n) for n in z)) - z[label]
        assert value == float(exact)
    # Of every function of logits: of one logit, the bias is one number.
    assert lo.sigmoid(np.array([2.0]), temperature=2.0) == lo.sigmoid(np.array([1.0]))
    assert (lo.softmax(x, scale=2.0) == lo.softmax(2 * x)).all()


def test_it_stands_before_derivatives_distributions_and_shards():
    x = np.array([[3.0, -1.25, 0.5], [-20.0, 0.125, 9.0]])
    y = np.array([[0.5, 2.0, -1.0], [4.0, 0.25, -3.0]])
    options = {"logit_bias": BIAS, **BEFORE}
    z, w = before(x), before(y)
    # The derivative of z by x.
    slope = 1.5 / 2.0 * (1 - np.tanh(1.5 * x / 4.0) ** 2)
    p = np.exp(z - z.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    q = np.exp(w - w.max(axis=1, keepdims=True))
    q /= q.sum(axis=1, keepdims=True)
    close = {"rtol": 1e-9, "atol": 1e-12}
    assert np.allclose(lo.entropy(x, **options), -(p * np.log(p)).sum(axis=1), **close)
    kl = lo.kl_divergence(x, y, **options)
    assert np.allclose(kl, (q * np.log(q / p)).sum(axis=1), **close)
    gradient = lo.kl_divergence_gradient(x, y, **options)
    assert np.allclose(gradient, (p - q) * slope, **close)
    g = np.array([[1.0, -0.5, 2.0], [0.25, 1.0, -1.0]])
    product = p * (g - (p * g).sum(axis=1, keepdims=True)) * slope
    assert np.allclose(lo.softmax_gradient(x, g, **options), product, **close)
    one = lo.log_sum_exp_gradient(x, np.array([2.0, -1.0]), **options)
    assert np.allclose(one, np.array([[2.0], [-1.0]]) * p * slope, **close)
    u = np.array([2.0, -3.0])
    s = lo.sigmoid(u, softcap=2.0)
    capped = 1 - np.tanh(u / 2.0) ** 2
    assert np.allclose(lo.sigmoid_gradient(u, u, softcap=2.0), u * s * (1 - s) * capped, **close)
    parts = lo.shard_partials(x, np.array([1, 2]), **options)
    assert np.allclose(parts[:, 0], z.max(axis=1), **close)
    assert np.allclose(parts[:, 2], [z[0, 1], z[1, 2]], **close)
    loss = parts[:, 0] + np.log(parts[:, 1]) - parts[:, 2]
    assert np.allclose(loss, lo.cross_entropy(x, np.array([1, 2]), **options), **close)
    with pytest.raises(lo.InvalidInputError, match="softcap"):
        lo.evaluate("merged-cross-entropy", x, grad_output=np.ones((2, 6)), softcap=2.0)


def test_the_search_applies_it_and_names_what_is_left_out():
    lo.assert_accurate(
        loss, "cross-entropy", dtype="float64", logit_bias=BIAS, max_ulp=1e9, **BEFORE, **QUICK
    )
    with pytest.raises(lo.AccuracyError, match="softcap-left-out"):
        lo.assert_accurate(
            lambda x, t: loss(x, t, softcap=None),
            "cross-entropy",
            dtype="float64",
            logit_bias=BIAS,
            **BEFORE,
            **QUICK,
        )


def test_fixtures_tell_the_options(tmp_path):
    path = tmp_path / "capped.safetensors"
    lo.write_fixtures(
        str(path),
        "cross-entropy",
        dtype="float64",
        families=["normal"],
        count=20,
        classes=3,
        logit_bias=BIAS,
        **BEFORE,
    )
    arrays, metadata = tensors(path)
    options = json.loads(metadata["options"])
    assert sorted(options) == ["logit_bias", "scale", "softcap", "temperature"]
    values = lo.cross_entropy(arrays["logits"], arrays["targets"], logit_bias=BIAS, **BEFORE)
    assert (values == arrays["expected"]).all()


def test_gradients_take_what_comes_after():
    x = np.array([[0.5, -2.0, 3.0]])
    g = np.array([[1.0, -0.5, 2.0]])
    p = lo.softmax(x)
    assert np.allclose(lo.softmax_gradient(x, g), p * (g - (p * g).sum()), rtol=1e-14)
    assert np.allclose(lo.log_softmax_gradient(x, g), g - p * g.sum(), rtol=1e-14)
    z, u = np.array([0.75]), np.array([-3.0])
    s = lo.sigmoid(z)
    assert np.allclose(lo.sigmoid_gradient(z, u), u * s * (1 - s), rtol=1e-14)
    softplus = lo.softplus_gradient(z, u, beta=2.0)
    assert np.allclose(softplus, u * lo.sigmoid(2 * z), rtol=1e-14)


def vjp(x, g):
    p = np.exp(x - x.max(axis=1, keepdims=True))
    p = p / p.sum(axis=1, keepdims=True)
    return (p * (g - (p * g).sum(axis=1, keepdims=True))).astype(x.dtype)


def test_the_search_gives_grad_output_in_the_place_of_a_target():
    report = lo.find_worst(vjp, "softmax-gradient", dtype="float64", **QUICK)
    assert report.max_ulp > 0 and report.worst is not None
    with pytest.raises(lo.AccuracyError, match="upstream-left-out"):
        lo.assert_accurate(
            lambda z, g: lo.sigmoid(z) * (1 - lo.sigmoid(z)),
            "sigmoid-gradient",
            dtype="float64",
            cases=30,
            search=60,
            families=["normal"],
        )


def test_fixtures_hold_grad_output(tmp_path):
    path = tmp_path / "vjp.safetensors"
    lo.write_fixtures(
        str(path), "log-softmax-gradient", dtype="float64", families=["normal"], count=12, classes=5
    )
    arrays, _ = tensors(path)
    assert arrays["grad_output"].shape == arrays["logits"].shape == (12, 5)
    values = lo.log_softmax_gradient(arrays["logits"], arrays["grad_output"])
    assert (values == arrays["expected"]).all()


def test_fixtures_may_have_the_classes_in_the_middle(tmp_path):
    path = tmp_path / "middle.safetensors"
    for function in ("cross-entropy", "cross-entropy-gradient"):
        lo.write_fixtures(
            str(path), function, families=["normal"], count=24, classes=5, axis=1, inner=4
        )
        arrays, metadata = tensors(path)
        assert metadata["class_axis"] == "1"
        assert arrays["logits"].shape == (6, 5, 4) and arrays["targets"].shape == (6, 4)
        values = lo.evaluate(function, arrays["logits"], arrays["targets"], axis=1)
        assert (values == arrays["expected"]).all()
    for arguments in ({"axis": 2}, {"axis": 1, "inner": 5}, {"inner": 3}, {"axis": 1, "inner": 0}):
        with pytest.raises(lo.InvalidInputError):
            lo.write_fixtures(
                str(path), "cross-entropy", families=["normal"], count=24, **arguments
            )
    with pytest.raises(lo.InvalidInputError):
        lo.write_fixtures(str(tmp_path / "cases.json"), "cross-entropy", axis=1)


def test_the_gradients_of_losses_take_a_number_for_each_row():
    x = np.array([[3.0, -1.25, 0.5], [-20.0, 0.125, 9.0]])
    target, g = np.array([2, 0]), np.array([-0.75, 3.0])
    values = lo.cross_entropy_gradient(x, target, grad_output=g, label_smoothing=0.125)
    mpmath.mp.prec = 400
    for row, label, number, derivatives in zip(x, target, g, values):
        total = sum(mpmath.exp(mpmath.mpf(float(n))) for n in row)
        for index, (n, value) in enumerate(zip(row, derivatives)):
            share = (mpmath.mpf(0.875) if index == label else 0) + mpmath.mpf(0.125) / 3
            exact = float(number) * (mpmath.exp(mpmath.mpf(float(n))) / total - share)
            assert value == float(exact)
    plain = lo.binary_cross_entropy_gradient(x, np.full(x.shape, 0.25))
    twice = lo.binary_cross_entropy_gradient(x, np.full(x.shape, 0.25), grad_output=np.full(x.shape, 2.0))
    assert (twice == 2 * plain).all()
    p = lo.cross_entropy_gradient(np.exp(x), target, grad_output=g, input="probabilities")
    assert p.shape == x.shape
    assert (lo.kl_divergence_gradient(x, -x, grad_output=np.zeros(2)) == 0).all()
    with pytest.raises(lo.InvalidInputError, match="grad_output has shape"):
        lo.entropy_gradient(x, grad_output=x)


def gradient(x, target, g):
    p = np.exp(x - x.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    return (p - np.eye(x.shape[1], dtype=x.dtype)[target]) * g[:, None]


def test_the_search_hands_it_to_the_function_and_names_what_is_left_out():
    lo.assert_accurate(
        gradient, "cross-entropy-gradient", grad_output="row", max_ulp=1e9, **QUICK
    )
    with pytest.raises(lo.AccuracyError, match="upstream-left-out"):
        lo.assert_accurate(
            lambda x, t, g: gradient(x, t, np.ones_like(g)),
            "cross-entropy-gradient",
            grad_output="row",
            **QUICK,
        )
