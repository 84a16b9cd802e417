"""The activations, the entropy, and the gradients of these by name."""

from __future__ import annotations

from typing import Any, Optional

from ._values import evaluate

# What stands before the loss (`before`) are the options scale, softcap, logit_bias and temperature.


def sigmoid(logits: Any, *, dtype: Any = None, **before: Any) -> Any:
    """1 / (1 + e^-z) of each logit, of any shape. See `evaluate`."""
    return evaluate("sigmoid", logits, dtype=dtype, **before)


def log_sigmoid(logits: Any, *, dtype: Any = None, **before: Any) -> Any:
    """-log(1 + e^-z) of each logit, of any shape. See `evaluate`."""
    return evaluate("log-sigmoid", logits, dtype=dtype, **before)


def softplus(
    logits: Any,
    *,
    beta: Optional[float] = None,
    threshold: Optional[float] = None,
    dtype: Any = None,
    **before: Any,
) -> Any:
    """log(1 + e^(beta z)) / beta of each logit, of any shape; z itself where beta z > threshold.

    Without a threshold it is the formula everywhere; PyTorch has 20. See `evaluate`.
    """
    return evaluate("softplus", logits, beta=beta, threshold=threshold, dtype=dtype, **before)


def log_sum_exp(logits: Any, *, axis: int = -1, dtype: Any = None, **before: Any) -> Any:
    """log of the sum of e^x over the classes: [..., classes] to [...]. See `evaluate`."""
    return evaluate("log-sum-exp", logits, axis=axis, dtype=dtype, **before)


def softmax(logits: Any, *, axis: int = -1, dtype: Any = None, **before: Any) -> Any:
    """e^x over the sum of e^x, of the logits' shape. See `evaluate`."""
    return evaluate("softmax", logits, axis=axis, dtype=dtype, **before)


def log_softmax(logits: Any, *, axis: int = -1, dtype: Any = None, **before: Any) -> Any:
    """x minus log-sum-exp, of the logits' shape. See `evaluate`."""
    return evaluate("log-softmax", logits, axis=axis, dtype=dtype, **before)


def entropy(logits: Any, *, axis: int = -1, dtype: Any = None, **before: Any) -> Any:
    """-sum p log p of p = softmax(x): [..., classes] to [...]. See `evaluate`."""
    return evaluate("entropy", logits, axis=axis, dtype=dtype, **before)


def entropy_gradient(
    logits: Any,
    *,
    grad_output: Any = None,
    axis: int = -1,
    dtype: Any = None,
    **before: Any,
) -> Any:
    """The derivatives of `entropy` by the logits, of their shape, times `grad_output` where it is given."""
    return evaluate(
        "entropy-gradient",
        logits,
        grad_output=grad_output,
        axis=axis,
        dtype=dtype,
        **before,
    )


def sigmoid_gradient(
    logits: Any, grad_output: Any, *, dtype: Any = None, **before: Any
) -> Any:
    """g s(z) (1 - s(z)), s the sigmoid: the gradient of `sigmoid` for what comes after it."""
    return evaluate("sigmoid-gradient", logits, grad_output=grad_output, dtype=dtype, **before)


def log_sigmoid_gradient(
    logits: Any, grad_output: Any, *, dtype: Any = None, **before: Any
) -> Any:
    """g s(-z), s the sigmoid: the gradient of `log_sigmoid` for what comes after it."""
    return evaluate("log-sigmoid-gradient", logits, grad_output=grad_output, dtype=dtype, **before)


def softplus_gradient(
    logits: Any,
    grad_output: Any,
    *,
    beta: Optional[float] = None,
    threshold: Optional[float] = None,
    dtype: Any = None,
    **before: Any,
) -> Any:
    """g s(beta z), s the sigmoid, or g where beta z > threshold: the gradient of `softplus`."""
    return evaluate(
        "softplus-gradient",
        logits,
        grad_output=grad_output,
        beta=beta,
        threshold=threshold,
        dtype=dtype,
        **before,
    )


def log_sum_exp_gradient(
    logits: Any, grad_output: Any, *, axis: int = -1, dtype: Any = None, **before: Any
) -> Any:
    """g softmax(x): the gradient of `log_sum_exp`, of the logits' shape; grad_output is [...]."""
    return evaluate(
        "log-sum-exp-gradient", logits, grad_output=grad_output, axis=axis, dtype=dtype, **before
    )


def softmax_gradient(
    logits: Any,
    grad_output: Any,
    *,
    axis: int = -1,
    dtype: Any = None,
    **before: Any,
) -> Any:
    """p (g - sum p g), p the softmax: its vector-Jacobian product, all of the logits' shape."""
    return evaluate(
        "softmax-gradient",
        logits,
        grad_output=grad_output,
        axis=axis,
        dtype=dtype,
        **before,
    )


def log_softmax_gradient(
    logits: Any,
    grad_output: Any,
    *,
    axis: int = -1,
    dtype: Any = None,
    **before: Any,
) -> Any:
    """g - p sum g, p the softmax: the vector-Jacobian product of `log_softmax`."""
    return evaluate(
        "log-softmax-gradient",
        logits,
        grad_output=grad_output,
        axis=axis,
        dtype=dtype,
        **before,
    )
