"""Exact values."""

from __future__ import annotations

import json
from ctypes import byref, c_uint64
from typing import Any, Optional

import numpy as np

from . import _library as c
from ._rows import Rows, pointer
from ._arrays import BITS, NUMPY, library_of
from ._errors import InvalidInputError


def evaluate(
    function: str,
    logits: Any,
    target: Any = None,
    *,
    grad_output: Any = None,
    target_logits: Any = None,
    axis: int = -1,
    reduction: str = "none",
    rounding: str = "nearest-even",
    dtype: Any = None,
    **options: Any,
) -> Any:
    """The exact values of a function, each correctly rounded.

    Args:
        function: Its name, such as "cross-entropy"; `catalogue()` has all of them.
        logits: For the functions of one logit, an array of any shape; else [..., classes].
        target: Class indices [...], or probabilities of the shape and dtype of the logits. None for
            functions without a target.
        grad_output: What the gradient of an activation is multiplied by, of the logits' dtype: of
            the logits' shape, or [...] for log-sum-exp-gradient. None for other functions.
        target_logits: Of the logits' shape and dtype, a second row for each: what the divergences compare
            the logits with, and soft labels of the cross-entropy as their logits, in place of a target.
        axis: Where the classes are.
        reduction: "none", "mean" or "sum". A mean divides by the weights of the rows that count, as
            the frameworks do; a gradient is then that of the mean.
        rounding: "nearest-even", "toward-zero", "up" or "down".
        dtype: Of the values; by default that of the logits.
        options: `class_weights`, `pos_weight`, `label_smoothing`, `ignore_index`, `z_loss`,
            `focal_gamma`, `focal_alpha`: `beta`, `threshold`: those that the
            function has. `scale`, `softcap`,
            `logit_bias`, `temperature`, which every function of logits has, make ((c*tanh(s*x/c)) + b)/T of
            a logit x first; gradients are by x. `input`, "logits", "probabilities" or
            "log-probabilities", says what `logits` holds.

    Returns:
        An array of the logits' library, on their device: one value a row, or one a class for
        softmax, log-softmax and the gradients by a row of logits.

    Raises:
        InvalidInputError: Shapes, labels, options or names that do not go together.
        TypeError: What is no array of a known dtype.
        UndecidedError: No theorem settles a value; only with softcap, the focal loss or z_loss, of
            entropies, divergences and target_logits.
    """
    rows = Rows(
        function,
        logits,
        target,
        grad_output=grad_output,
        target_logits=target_logits,
        axis=axis,
        options=options,
        reduction=reduction,
        rounding=rounding,
        dtype=dtype,
    )
    values = rows.empty(BITS[rows.output_format])
    c.checked(
        c.library().lo_values(byref(rows.question), byref(rows.rows), pointer(values), values.size)
    )
    return rows.given_back(values)


def enclosure(
    function: str,
    logits: Any,
    target: Any = None,
    *,
    grad_output: Any = None,
    target_logits: Any = None,
    axis: int = -1,
    reduction: str = "none",
    dtype: Any = None,
    **options: Any,
) -> tuple[Any, Any]:
    """The greatest numbers not above the exact values, and the least not below them.

    Arguments and errors are those of `evaluate`. Where the two are the same, so is the exact value.
    """
    rows = Rows(
        function,
        logits,
        target,
        grad_output=grad_output,
        target_logits=target_logits,
        axis=axis,
        options=options,
        reduction=reduction,
        dtype=dtype,
    )
    bits = BITS[rows.output_format]
    lower, upper = rows.empty(bits), rows.empty(bits)
    c.checked(
        c.library().lo_enclosures(
            byref(rows.question), byref(rows.rows), pointer(lower), pointer(upper), lower.size
        )
    )
    return rows.given_back(lower), rows.given_back(upper)


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


def sigmoid_gradient(logits: Any, grad_output: Any, *, dtype: Any = None) -> Any:
    """g s(z) (1 - s(z)), s the sigmoid: the gradient of `sigmoid` for what comes after it."""
    return evaluate("sigmoid-gradient", logits, grad_output=grad_output, dtype=dtype)


def log_sigmoid_gradient(logits: Any, grad_output: Any, *, dtype: Any = None) -> Any:
    """g s(-z), s the sigmoid: the gradient of `log_sigmoid` for what comes after it."""
    return evaluate("log-sigmoid-gradient", logits, grad_output=grad_output, dtype=dtype)


def softplus_gradient(
    logits: Any,
    grad_output: Any,
    *,
    beta: Optional[float] = None,
    threshold: Optional[float] = None,
    dtype: Any = None,
) -> Any:
    """g s(beta z), s the sigmoid, or g where beta z > threshold: the gradient of `softplus`."""
    return evaluate(
        "softplus-gradient",
        logits,
        grad_output=grad_output,
        beta=beta,
        threshold=threshold,
        dtype=dtype,
    )


def log_sum_exp_gradient(
    logits: Any, grad_output: Any, *, axis: int = -1, dtype: Any = None
) -> Any:
    """g softmax(x): the gradient of `log_sum_exp`, of the logits' shape; grad_output is [...]."""
    return evaluate("log-sum-exp-gradient", logits, grad_output=grad_output, axis=axis, dtype=dtype)


def softmax_gradient(
    logits: Any,
    grad_output: Any,
    *,
    axis: int = -1,
    temperature: Optional[float] = None,
    dtype: Any = None,
) -> Any:
    """p (g - sum p g), p the softmax: its vector-Jacobian product, all of the logits' shape."""
    return evaluate(
        "softmax-gradient",
        logits,
        grad_output=grad_output,
        axis=axis,
        temperature=temperature,
        dtype=dtype,
    )


def log_softmax_gradient(
    logits: Any,
    grad_output: Any,
    *,
    axis: int = -1,
    temperature: Optional[float] = None,
    dtype: Any = None,
) -> Any:
    """g - p sum g, p the softmax: the vector-Jacobian product of `log_softmax`."""
    return evaluate(
        "log-softmax-gradient",
        logits,
        grad_output=grad_output,
        axis=axis,
        temperature=temperature,
        dtype=dtype,
    )


def shard_partials(logits: Any, target: Any, *, dtype: Any = None) -> Any:
    """What a shard of the classes has to do with a loss, [..., 3]: m = max x, sum of e^(x - m), and the target's logit.

    Logits are the shard's, [..., classes]; the target is a class index of the shard, or -1 where it is in another one:
    then its logit is -inf. A shard that is all masked by -inf has the maximum -inf and the sum 0.
    """
    return evaluate("shard-partials", logits, target, dtype=dtype)


def merged_cross_entropy(partials: Any, *, dtype: Any = None) -> Any:
    """The cross-entropy from what all shards have: [..., shards, 3] to [...].

    log of the sum of s e^m, less the greatest t, for the maximum m, the sum s and the target's logit t of each shard, as
    `shard_partials` gives them: the exact value for these numbers as they are.
    """
    library = library_of(partials)
    array = partials if library is not None else np.asarray(partials, dtype=np.float64)
    if array.ndim < 2 or array.shape[-1] != 3:
        raise InvalidInputError(f"partials have shape {tuple(array.shape)}, not [..., shards, 3]")
    beside = _joined(array[..., 1], array[..., 2])
    return evaluate("merged-cross-entropy", array[..., 0], grad_output=beside, dtype=dtype)


def _joined(first: Any, second: Any) -> Any:
    """Two arrays of one library, one after the other along the last axis."""
    library = library_of(first) or NUMPY
    format = library.format(first)
    bits = np.concatenate([library.to_numpy(first), library.to_numpy(second)], axis=-1)
    return library.from_bits(bits, format, library.device(first))


def log_sum_exp(logits: Any, *, axis: int = -1, dtype: Any = None, **before: Any) -> Any:
    """log of the sum of e^x over the classes: [..., classes] to [...]. See `evaluate`."""
    return evaluate("log-sum-exp", logits, axis=axis, dtype=dtype, **before)


def softmax(logits: Any, *, axis: int = -1, dtype: Any = None, **before: Any) -> Any:
    """e^x over the sum of e^x, of the logits' shape. See `evaluate`."""
    return evaluate("softmax", logits, axis=axis, dtype=dtype, **before)


def log_softmax(logits: Any, *, axis: int = -1, dtype: Any = None, **before: Any) -> Any:
    """x minus log-sum-exp, of the logits' shape. See `evaluate`."""
    return evaluate("log-softmax", logits, axis=axis, dtype=dtype, **before)


def entropy(
    logits: Any, *, axis: int = -1, temperature: Optional[float] = None, dtype: Any = None
) -> Any:
    """-sum p log p of p = softmax(x / temperature): [..., classes] to [...]. See `evaluate`."""
    return evaluate("entropy", logits, axis=axis, temperature=temperature, dtype=dtype)


def entropy_gradient(
    logits: Any, *, axis: int = -1, temperature: Optional[float] = None, dtype: Any = None
) -> Any:
    """The derivatives of `entropy` by the logits, of their shape."""
    return evaluate("entropy-gradient", logits, axis=axis, temperature=temperature, dtype=dtype)


def kl_divergence(
    logits: Any,
    target_logits: Any,
    *,
    axis: int = -1,
    temperature: Optional[float] = None,
    reduction: str = "none",
    dtype: Any = None,
) -> Any:
    """sum q log(q / p), p and q the softmaxes of logits and target_logits over the temperature.

    Both are [..., classes], of one dtype. No square of the temperature multiplies it. See `evaluate`.
    """
    return evaluate(
        "kl-divergence",
        logits,
        target_logits=target_logits,
        axis=axis,
        temperature=temperature,
        reduction=reduction,
        dtype=dtype,
    )


def kl_divergence_gradient(
    logits: Any,
    target_logits: Any,
    *,
    axis: int = -1,
    temperature: Optional[float] = None,
    reduction: str = "none",
    dtype: Any = None,
) -> Any:
    """The derivatives of `kl_divergence` by the logits, of their shape: (p - q) / temperature."""
    return evaluate(
        "kl-divergence-gradient",
        logits,
        target_logits=target_logits,
        axis=axis,
        temperature=temperature,
        reduction=reduction,
        dtype=dtype,
    )


def js_divergence(
    logits: Any,
    target_logits: Any,
    *,
    axis: int = -1,
    temperature: Optional[float] = None,
    reduction: str = "none",
    dtype: Any = None,
) -> Any:
    """The mean of the divergences of p and of q from m = (p + q) / 2. See `kl_divergence`."""
    return evaluate(
        "js-divergence",
        logits,
        target_logits=target_logits,
        axis=axis,
        temperature=temperature,
        reduction=reduction,
        dtype=dtype,
    )


def js_divergence_gradient(
    logits: Any,
    target_logits: Any,
    *,
    axis: int = -1,
    temperature: Optional[float] = None,
    reduction: str = "none",
    dtype: Any = None,
) -> Any:
    """The derivatives of `js_divergence` by the logits, of their shape."""
    return evaluate(
        "js-divergence-gradient",
        logits,
        target_logits=target_logits,
        axis=axis,
        temperature=temperature,
        reduction=reduction,
        dtype=dtype,
    )


def binary_cross_entropy(
    logits: Any,
    target: Any,
    *,
    pos_weight: Optional[float] = None,
    label_smoothing: Optional[float] = None,
    focal_gamma: Optional[float] = None,
    focal_alpha: Optional[float] = None,
    reduction: str = "none",
    dtype: Any = None,
    **before: Any,
) -> Any:
    """-y log s(z) - (1 - y) log(1 - s(z)), s the sigmoid: logits and targets of one shape.

    The targets lie in [0, 1]; integers and bools are taken for 0 and 1. See `evaluate`.
    """
    return evaluate(
        "binary-cross-entropy",
        logits,
        target,
        pos_weight=pos_weight,
        label_smoothing=label_smoothing,
        focal_gamma=focal_gamma,
        focal_alpha=focal_alpha,
        reduction=reduction,
        dtype=dtype,
        **before,
    )


def binary_cross_entropy_gradient(
    logits: Any,
    target: Any,
    *,
    pos_weight: Optional[float] = None,
    label_smoothing: Optional[float] = None,
    focal_gamma: Optional[float] = None,
    focal_alpha: Optional[float] = None,
    reduction: str = "none",
    dtype: Any = None,
    **before: Any,
) -> Any:
    """The derivative of `binary_cross_entropy` by each logit."""
    return evaluate(
        "binary-cross-entropy-gradient",
        logits,
        target,
        pos_weight=pos_weight,
        label_smoothing=label_smoothing,
        focal_gamma=focal_gamma,
        focal_alpha=focal_alpha,
        reduction=reduction,
        dtype=dtype,
        **before,
    )


def cross_entropy(
    logits: Any,
    target: Any,
    *,
    class_weights: Any = None,
    label_smoothing: Optional[float] = None,
    ignore_index: Optional[int] = None,
    z_loss: Optional[float] = None,
    focal_gamma: Optional[float] = None,
    focal_alpha: Optional[float] = None,
    axis: int = -1,
    reduction: str = "none",
    dtype: Any = None,
    **before: Any,
) -> Any:
    """-log softmax(x) at the target, or its mean by a target of probabilities.

    Logits are [..., classes]; the target is class indices [...] or probabilities [..., classes] of
    the logits' dtype. The value is [...], or one number with a `reduction`. See `evaluate`.
    """
    return evaluate(
        "cross-entropy",
        logits,
        target,
        class_weights=class_weights,
        label_smoothing=label_smoothing,
        ignore_index=ignore_index,
        z_loss=z_loss,
        focal_gamma=focal_gamma,
        focal_alpha=focal_alpha,
        axis=axis,
        reduction=reduction,
        dtype=dtype,
        **before,
    )


def cross_entropy_gradient(
    logits: Any,
    target: Any,
    *,
    class_weights: Any = None,
    label_smoothing: Optional[float] = None,
    ignore_index: Optional[int] = None,
    z_loss: Optional[float] = None,
    focal_gamma: Optional[float] = None,
    focal_alpha: Optional[float] = None,
    axis: int = -1,
    reduction: str = "none",
    dtype: Any = None,
    **before: Any,
) -> Any:
    """The derivatives of `cross_entropy` by the logits, of their shape."""
    return evaluate(
        "cross-entropy-gradient",
        logits,
        target,
        class_weights=class_weights,
        label_smoothing=label_smoothing,
        ignore_index=ignore_index,
        z_loss=z_loss,
        focal_gamma=focal_gamma,
        focal_alpha=focal_alpha,
        axis=axis,
        reduction=reduction,
        dtype=dtype,
        **before,
    )


def catalogue() -> dict[str, Any]:
    """The functions with their options, the formats, families of cases, roundings and claims."""
    text = c_uint64()
    c.checked(c.library().lo_catalogue(byref(text)))
    result: dict[str, Any] = json.loads(c.read_text(text))
    return result


def write_fixtures(
    path: str,
    function: str,
    *,
    dtype: Any = "float32",
    families: Optional[list[str]] = None,
    count: int = 100,
    classes: int = 10,
    seed: int = 1,
    axis: int = -1,
    inner: Optional[int] = None,
    **options: Any,
) -> None:
    """Writes cases with their exact values, the bytes of `loss-oracle generate`.

    Args:
        path: A file that ends in .json or .safetensors.
        axis: Where the classes of tensors are: -1, or 1 of [outer, classes, inner].
        inner: How many rows stand side by side there; by default the most up to 8 that the cases allow.
        options: Options of the function, as `evaluate` takes them, which the file tells.
    """
    from ._arrays import format_and_library
    from ._rows import options_text, require_function

    specification = {
        "function": require_function(function),
        "format": format_and_library(dtype)[0],
        "families": families,
        "count": count,
        "classes": classes,
        "seed": seed,
        "classAxis": None if axis == -1 else axis,
        "inner": inner,
        "options": options_text(options),
    }
    text = json.dumps({name: value for name, value in specification.items() if value is not None})
    c.checked(c.library().lo_fixtures_write(c.encoded(text), c.encoded(str(path))))
