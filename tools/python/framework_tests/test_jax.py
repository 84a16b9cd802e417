"""JAX: arrays in, arrays out, gradients through vjp, rows padded for the compiler."""

import numpy as np
import pytest

import loss_oracle as lo

jax = pytest.importorskip("jax")
jnp = jax.numpy
QUICK = {"cases": 50, "search": 50}


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
def test_values_come_back_in_the_dtype(dtype):
    x = jax.random.normal(jax.random.key(1), (5, 7), dtype=dtype)
    t = jnp.arange(5)
    values = lo.cross_entropy(x, t)
    assert isinstance(values, jax.Array) and values.dtype == x.dtype
    assert (lo.ulp_error(values, "cross-entropy", x, t) <= 0.5).all()
    np.testing.assert_array_equal(
        np.asarray(values), lo.cross_entropy(np.asarray(x), np.asarray(t))
    )


def test_the_search_pads_rows_so_that_little_is_compiled():
    shapes = set()

    @jax.jit
    def loss(x, t):
        shapes.add(x.shape)
        return -jax.nn.log_softmax(x)[jnp.arange(len(x)), t]

    report = lo.find_worst(loss, "cross-entropy", dtype=jnp.float32, classes=(2, 4), **QUICK)
    assert isinstance(report.worst.logits, jax.Array)
    assert {rows for rows, _ in shapes} <= {4, 32, 512}
    # One for each number of classes and of rows, those of families with counts of their own too.
    assert len(shapes) < 25


def test_gradients_are_those_of_vjp():
    def loss(x, t):
        return -jnp.take_along_axis(jax.nn.log_softmax(x), t[:, None], axis=1)[:, 0]

    # XLA has numbers below the least normal one as 0.
    report = lo.assert_accurate(
        jax.jit(loss),
        "cross-entropy",
        dtype=jnp.float32,
        gradient=True,
        subnormals="flush",
        **QUICK,
    )
    assert report.data["function"] == "cross-entropy-gradient"


def test_tracers_are_told_to_stay_outside():
    with pytest.raises(Exception, match="[Tt]racer"):
        jax.jit(lo.softmax)(jnp.zeros((2, 3)))
