"""JAX under jit, gradients by jax.grad: jax.nn, optax, and the form to copy."""

from __future__ import annotations

import os
from collections.abc import Callable

os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")

import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402

from rows import Function, Rows, Unsupported  # noqa: E402

# Without this, float64 becomes float32 before a function sees it.
jax.config.update("jax_enable_x64", True)


def require(platform: str) -> None:
    """JAX goes to the CPU where it finds no GPU, which would be a measurement of another thing."""
    found = jax.devices()[0].platform
    if (found == "cpu") != (platform == "cpu"):
        raise Unsupported(f"JAX runs on {found}")


def _entries(activations: dict[str, Callable], losses: dict[str, Callable]) -> dict[str, Function]:
    def entry(function: Callable) -> Function:
        compiled = jax.jit(function)

        def call(rows: Rows):
            given = [jnp.asarray(each) for each in (rows.logits, rows.target) if each is not None]
            return np.asarray(compiled(*given))

        return call

    def gradient(loss: Callable) -> Callable:
        return jax.grad(lambda x, t: loss(x, t).sum())

    gradients = {f"{name}-gradient": gradient(each) for name, each in losses.items()}
    return {name: entry(each) for name, each in (activations | losses | gradients).items()}


ACTIVATIONS = {
    "softmax": lambda x: jax.nn.softmax(x, axis=-1), "log-softmax": lambda x: jax.nn.log_softmax(x, axis=-1)}


def of_jax() -> dict[str, Function]:
    """jax.nn has no losses; they are the usual lines over its log-softmax and log-sigmoid."""

    def cross_entropy(x, t):
        logs = jax.nn.log_softmax(x, axis=-1)
        if t.ndim == x.ndim:
            return -(t * logs).sum(-1)
        return -jnp.take_along_axis(logs, t[:, None], axis=-1)[:, 0]

    def binary(z, y):
        return -y * jax.nn.log_sigmoid(z) - (1 - y) * jax.nn.log_sigmoid(-z)

    return _entries(ACTIVATIONS, {"cross-entropy": cross_entropy, "binary-cross-entropy": binary}) | _layers()


def _layers() -> dict[str, Function]:
    """The usual lines over a matrix product, in whose default precision float32 may have 11 bits on a GPU."""

    def losses(h, w, t):
        logs = jax.nn.log_softmax(h @ w.T, axis=-1)
        return jnp.where(t >= 0, -jnp.take_along_axis(logs, jnp.maximum(t, 0)[:, None], axis=-1)[:, 0], 0)

    def mean(h, w, t):
        return losses(h, w, t).sum() / (t >= 0).sum()

    def entry(function: Callable) -> Function:
        compiled = jax.jit(function)
        return lambda layer: np.asarray(
            compiled(*(jnp.asarray(each) for each in (layer.hidden, layer.weight, layer.target))))

    return {
        "linear-cross-entropy": entry(losses),
        "linear-cross-entropy, mean": entry(lambda h, w, t: mean(h, w, t).reshape(1)),
        "linear-cross-entropy-gradient by hidden": entry(jax.grad(mean)),
        "linear-cross-entropy-gradient by weight": entry(jax.grad(mean, 1))}


def of_optax() -> dict[str, Function]:
    import optax

    def cross_entropy(x, t):
        if t.ndim == x.ndim:
            return optax.softmax_cross_entropy(x, t)
        return optax.softmax_cross_entropy_with_integer_labels(x, t)

    return _entries({}, {"cross-entropy": cross_entropy, "binary-cross-entropy": optax.sigmoid_binary_cross_entropy})


def of_form() -> dict[str, Function]:
    import practical_jax as form

    return _entries(
        {"softmax": form.softmax, "log-softmax": form.log_softmax},
        {"cross-entropy": lambda x, t: form.cross_entropy(x, t), "binary-cross-entropy": form.binary_cross_entropy})
