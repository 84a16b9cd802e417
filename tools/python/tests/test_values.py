"""Values against an independent library: mpmath, in 100 digits."""

import time

import ml_dtypes
import mpmath
import numpy as np
import pytest

import loss_oracle as lo

mpmath.mp.dps = 100
FORMATS = ["float16", "bfloat16", "float32", "float64", "float8_e4m3fn", "float8_e5m2"]
LEAST = {
    "float16": (-14, 11),
    "bfloat16": (-126, 8),
    "float32": (-126, 24),
    "float64": (-1022, 53),
    "float8_e4m3fn": (-6, 4),
    "float8_e5m2": (-14, 3),
}


def ulp(exact, format):
    least, precision = LEAST[format]
    exponent = least if exact == 0 else max(int(mpmath.floor(mpmath.log(abs(exact), 2))), least)
    return mpmath.mpf(2) ** (exponent - precision + 1)


def logits(format, shape, seed=1):
    dtype = getattr(ml_dtypes, format, None) or format
    return (3 * np.random.default_rng(seed).standard_normal(shape)).astype(dtype)


def exact_rows(function, x, target):
    rows = []
    for row, t in zip(x.astype(np.float64), target):
        powers = [mpmath.exp(mpmath.mpf(float(v))) for v in row]
        total = mpmath.fsum(powers)
        if function == "log-sum-exp":
            rows.append([mpmath.log(total)])
        elif function == "cross-entropy":
            rows.append([mpmath.log(total) - mpmath.mpf(float(row[t]))])
        elif function == "softmax":
            rows.append([p / total for p in powers])
        elif function == "log-softmax":
            rows.append([mpmath.mpf(float(v)) - mpmath.log(total) for v in row])
        else:
            rows.append([p / total - (1 if i == t else 0) for i, p in enumerate(powers)])
    return rows


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize(
    "function",
    ["log-sum-exp", "softmax", "log-softmax", "cross-entropy", "cross-entropy-gradient"],
)
def test_rows_are_correctly_rounded(function, format):
    x = logits(format, (50, 5))
    target = np.arange(50) % 5
    arguments = (target,) if function.startswith("cross") else ()
    values = lo.evaluate(function, x, *arguments)
    lower, upper = lo.enclosure(function, x, *arguments)
    ulps = lo.ulp_error(values, function, x, *arguments)
    assert values.dtype == x.dtype
    per_row = values.reshape(50, -1).astype(np.float64)
    for row, exact in enumerate(exact_rows(function, x, target)):
        for place, e in enumerate(exact):
            distance = abs(mpmath.mpf(float(per_row[row, place])) - e) / ulp(e, format)
            assert distance <= 0.5 + 1e-30
            assert abs(distance - ulps.reshape(50, -1)[row, place]) < 2**-14
            assert float(lower.reshape(50, -1)[row, place]) <= e
            assert float(upper.reshape(50, -1)[row, place]) >= e


@pytest.mark.parametrize("format", FORMATS)
def test_functions_of_one_logit_are_correctly_rounded(format):
    z = logits(format, (60,))
    y = (np.arange(60) % 2).astype(z.dtype)
    one = mpmath.mpf(1)
    for name, values, exact in [
        ("sigmoid", lo.sigmoid(z), lambda z, y: one / (1 + mpmath.exp(-z))),
        ("log-sigmoid", lo.log_sigmoid(z), lambda z, y: -mpmath.log1p(mpmath.exp(-z))),
        ("softplus", lo.softplus(z), lambda z, y: mpmath.log1p(mpmath.exp(z))),
        (
            "binary-cross-entropy",
            lo.binary_cross_entropy(z, y),
            lambda z, y: mpmath.log1p(mpmath.exp(z)) - y * z,
        ),
        (
            "binary-cross-entropy-gradient",
            lo.binary_cross_entropy_gradient(z, y),
            lambda z, y: one / (1 + mpmath.exp(-z)) - y,
        ),
    ]:
        for logit, target, value in zip(z, y, values):
            e = exact(mpmath.mpf(float(logit)), mpmath.mpf(float(target)))
            assert abs(mpmath.mpf(float(value)) - e) / ulp(e, format) <= 0.5 + 1e-30, name


def test_options_and_reductions():
    x, t = logits("float64", (20, 4)), np.arange(20) % 4
    rows = exact_rows("cross-entropy", x, t)
    mean = mpmath.fsum(row[0] for row in rows) / 20
    value = mpmath.mpf(float(lo.cross_entropy(x, t, reduction="mean")))
    assert abs(value - mean) <= ulp(mean, "float64") / 2
    total = lo.cross_entropy(x, t, reduction="sum", dtype="float32")
    assert total.dtype == np.float32 and total.shape == ()
    smooth = [
        mpmath.fsum(
            (mpmath.mpf(0.1) / 4 + (1 - mpmath.mpf(0.1)) * (c == label)) * -value
            for c, value in enumerate(row)
        )
        for row, label in zip(exact_rows("log-softmax", x, t), t)
    ]
    values = lo.cross_entropy(x, t, label_smoothing=0.1)
    for value, exact in zip(values, smooth):
        assert abs(mpmath.mpf(float(value)) - exact) / ulp(exact, "float64") <= 0.5 + 1e-30
    weights = np.array([1, 2, 0.5, 1])
    weighted = lo.cross_entropy(x, t, class_weights=weights, ignore_index=3)
    assert (weighted[t == 3] == 0).all()
    gradient = lo.cross_entropy_gradient(x, t, reduction="mean")
    np.testing.assert_allclose(gradient * 20, lo.cross_entropy_gradient(x, t), rtol=1e-15)


def test_losses_of_probabilities_are_of_the_probability_that_is_given():
    p = np.array([0.9999999, 1e-30, 0.25])
    y = np.array([1.0, 0, 0.5])
    exact = [
        -b * mpmath.log(mpmath.mpf(float(a))) - (1 - b) * mpmath.log(1 - mpmath.mpf(float(a)))
        for a, b in zip(p, y.tolist())
    ]
    computed = lo.evaluate("binary-cross-entropy", p, y, input="probabilities")
    assert computed.tolist() == [float(value) for value in exact]
    gradient = lo.evaluate(
        "cross-entropy-gradient", np.array([[0.25, 0.75]]), np.array([0]), input="probabilities"
    )
    assert gradient.tolist() == [[-4, 0]]
    loss = lo.evaluate(
        "cross-entropy", np.array([[-1.5, -2]]), np.array([1]), input="log-probabilities"
    )
    assert loss.tolist() == [2]


def test_a_million_rows_are_what_they_are_one_by_one():
    x = logits("float32", (100_000, 10))
    t = np.arange(100_000) % 10
    values = lo.cross_entropy(x, t)
    for row in range(0, 100_000, 9973):
        assert lo.cross_entropy(x[row], t[row]) == values[row]


def adversarial_shares(count, seed):
    """Numbers in [0, 1] of float32: any, of all binades, next to 1 and to 1/2, and both ends."""
    draw = np.random.default_rng(seed)
    p = draw.random(count).astype(np.float32)
    p[::7] = np.ldexp(1 + draw.random(p[::7].size), -draw.integers(1, 150, p[::7].size))
    p[1::7] = 1 - draw.integers(0, 40, p[1::7].size) * 2.0**-24
    p[2::7] = 0.5 + draw.integers(-40, 40, p[2::7].size) * 2.0**-25
    p[3::7] = draw.integers(0, 2, p[3::7].size)
    return p


@pytest.mark.parametrize("function", ["binary-cross-entropy", "binary-cross-entropy-gradient"])
@pytest.mark.parametrize("kind", ["hard", "soft", "mixed"])
def test_numbers_as_targets_of_many_rows_give_the_values_of_float64(function, kind):
    count = 30_000
    soft, hard = adversarial_shares(count, 2), np.arange(count, dtype=np.float32) % 2
    y = {"hard": hard, "soft": soft, "mixed": np.where(np.arange(count) % 5 < 3, hard, soft)}[kind]
    draw = np.random.default_rng(3)
    z = (draw.standard_normal(count) * draw.choice([0.1, 1, 8], count)).astype(np.float32)
    for x, options in [(z, {}), (adversarial_shares(count, 4), {"input": "probabilities"})]:
        values = lo.evaluate(function, x, y, **options)
        # Other arithmetic, rounded twice: of these logits no tail is too small for float64.
        with np.errstate(over="ignore"):
            wide = lo.evaluate(function, x.astype(np.float64), y.astype(np.float64), **options)
            assert np.array_equal(values, wide.astype(np.float32), equal_nan=True)
        assert np.array_equal(np.signbit(values), np.signbit(wide))
    if kind == "hard":
        assert np.array_equal(lo.evaluate(function, z, y), lo.evaluate(function, z, y.astype(int)))
        assert np.array_equal(lo.evaluate(function, z, y), lo.evaluate(function, z, y == 1))


@pytest.mark.parametrize("function", ["cross-entropy", "cross-entropy-gradient"])
@pytest.mark.parametrize("input", ["probabilities", "log-probabilities"])
def test_labels_beside_many_probabilities_give_the_values_of_float64(function, input):
    p = adversarial_shares(30_000, 5).reshape(-1, 10)
    if input == "log-probabilities":
        with np.errstate(divide="ignore"):
            p = np.log(p)
    p[17, 3], p[18, 3] = np.nan, 1.5
    labels = np.arange(p.shape[0]) % 10
    values = lo.evaluate(function, p, labels, input=input)
    wide = lo.evaluate(function, p.astype(np.float64), labels, input=input)
    with np.errstate(over="ignore"):
        assert np.array_equal(values, wide.astype(np.float32), equal_nan=True)
    assert np.isnan(values[17:19]).all() and not np.isnan(values[19:]).any()


def test_the_row_of_what_is_no_target_is_named():
    y = np.full(5000, 0.5, np.float32)
    y[4321] = 1.5
    for options in [{}, {"input": "probabilities"}]:
        with pytest.raises(lo.InvalidInputError, match="row 4322"):
            lo.evaluate("binary-cross-entropy", np.full(5000, 0.25, np.float32), y, **options)
    with pytest.raises(lo.InvalidInputError, match="must be 0 or 1"):
        lo.evaluate("binary-cross-entropy", np.zeros(3, np.float32), np.array([0, 1, 2]))


def test_ulp_distance_counts_steps():
    a = np.array([1, -0.0, np.nan, np.inf], np.float32)
    b = np.array([np.nextafter(np.float32(1), np.float32(2)), 0, 1, 3.4028235e38], np.float32)
    assert lo.ulp_distance(a, b).tolist() == [1, 0, np.inf, 1]


def test_assert_within_ulp_shows_the_worst_element():
    x, t = np.array([[1, 2], [50, 0]], np.float32), np.array([1, 0])
    exact = lo.cross_entropy(x, t)
    lo.assert_within_ulp(exact, "cross-entropy", x, t, max_ulp=0.5)
    with pytest.raises(AssertionError) as error:
        lo.assert_within_ulp(exact * np.float32([1, 0]), "cross-entropy", x, t, max_ulp=2)
    text = str(error.value)
    assert "1 of 2 values" in text and "(1,)" in text and "50.0, 0.0" in text
    assert "0x1.d257d60000000p-73" in text


def test_fixtures_are_those_of_the_command(tmp_path):
    lo.write_fixtures(tmp_path / "a.json", "softmax", count=20, seed=3)
    lo.write_fixtures(tmp_path / "b.json", "softmax", count=20, seed=3)
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    assert b"loss-oracle generate" in (tmp_path / "a.json").read_bytes()


def test_the_mean_of_many_rows_is_exact_and_takes_no_minutes():
    x, t = logits("float32", (20_000, 10)), np.arange(20_000) % 10
    wide = lo.cross_entropy(x, t, dtype="float64")
    mean = mpmath.fsum(mpmath.mpf(float(v)) for v in wide) / len(wide)
    began = time.monotonic()
    value = lo.cross_entropy(x, t, reduction="mean")
    assert time.monotonic() - began < 2
    assert abs(mpmath.mpf(float(value)) - mean) / ulp(mean, "float32") <= 0.5
    assert lo.ulp_error(value, "cross-entropy", x, t, reduction="mean") <= 0.5


def test_shards_are_merged_to_the_loss_of_the_whole():
    rng = np.random.default_rng(5)
    logits, target = rng.normal(size=(20, 12)), rng.integers(0, 12, 20)
    parts = []
    for start in (0, 4, 8):
        own = (target >= start) & (target < start + 4)
        parts.append(lo.shard_partials(logits[:, start : start + 4], np.where(own, target - start, -1)))
        assert (parts[-1][:, 2] == -np.inf).tolist() == (~own).tolist()
    merged = lo.merged_cross_entropy(np.stack(parts, axis=-2))
    # The sums have been rounded once.
    np.testing.assert_allclose(merged, lo.cross_entropy(logits, target), rtol=1e-14)
    masked = lo.shard_partials(np.full((1, 3), -np.inf), [-1])
    assert masked.tolist() == [[-np.inf, 0, -np.inf]]
    with pytest.raises(lo.InvalidInputError, match="shards, 3"):
        lo.merged_cross_entropy(np.ones((4, 2)))


def test_a_shard_under_test_may_be_searched():
    def shard(logits, target):
        m = logits.max(axis=1)
        with np.errstate(all="ignore"):
            s = np.where(m > -np.inf, np.exp(logits - m[:, None]).sum(axis=1), 0)
        t = np.where(target >= 0, logits[np.arange(len(m)), target], -np.inf)
        return np.stack([m, s, t], axis=-1).astype(logits.dtype)

    assert lo.assert_accurate(shard, "shard-partials", cases=50, search=50).passed

    def merge(maxima, partials):
        s, t = np.split(partials, 2, axis=-1)
        m = maxima.max(axis=1)
        return np.log((s * np.exp(maxima - m[:, None])).sum(axis=1)) - (t.max(axis=1) - m)

    assert lo.assert_accurate(merge, "merged-cross-entropy", cases=50, search=50).passed
