"""The losses and divergences by name."""

from __future__ import annotations

from typing import Any, Optional

from ._values import evaluate

# `before` is what stands before the loss (the options scale, softcap, logit_bias and temperature), the `input`, and
# what a mean divides by, the `denominator`.


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
    """The derivative of `binary_cross_entropy` by each logit, times `grad_output` where it is given."""
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
    """The derivatives of `cross_entropy` by the logits, of their shape, times `grad_output` where it is given."""
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


def kl_divergence(
    logits: Any,
    target_logits: Any,
    *,
    axis: int = -1,
    reduction: str = "none",
    denominator: Optional[str] = None,
    dtype: Any = None,
    **before: Any,
) -> Any:
    """sum q log(q / p), p and q the softmaxes of logits and target_logits.

    Both are [..., classes], of one dtype. What stands before the loss stands before both; no square of the
    temperature multiplies it. See `evaluate`.
    """
    return evaluate(
        "kl-divergence",
        logits,
        target_logits=target_logits,
        axis=axis,
        reduction=reduction,
        denominator=denominator,
        dtype=dtype,
        **before,
    )


def kl_divergence_gradient(
    logits: Any,
    target_logits: Any,
    *,
    grad_output: Any = None,
    axis: int = -1,
    reduction: str = "none",
    denominator: Optional[str] = None,
    dtype: Any = None,
    **before: Any,
) -> Any:
    """The derivatives of `kl_divergence` by the logits, of their shape: p - q, times grad_output."""
    return evaluate(
        "kl-divergence-gradient",
        logits,
        target_logits=target_logits,
        grad_output=grad_output,
        axis=axis,
        reduction=reduction,
        denominator=denominator,
        dtype=dtype,
        **before,
    )


def js_divergence(
    logits: Any,
    target_logits: Any,
    *,
    axis: int = -1,
    reduction: str = "none",
    denominator: Optional[str] = None,
    dtype: Any = None,
    **before: Any,
) -> Any:
    """The mean of the divergences of p and of q from m = (p + q) / 2. See `kl_divergence`."""
    return evaluate(
        "js-divergence",
        logits,
        target_logits=target_logits,
        axis=axis,
        reduction=reduction,
        denominator=denominator,
        dtype=dtype,
        **before,
    )


def js_divergence_gradient(
    logits: Any,
    target_logits: Any,
    *,
    grad_output: Any = None,
    axis: int = -1,
    reduction: str = "none",
    denominator: Optional[str] = None,
    dtype: Any = None,
    **before: Any,
) -> Any:
    """The derivatives of `js_divergence` by the logits, of their shape, times grad_output."""
    return evaluate(
        "js-divergence-gradient",
        logits,
        target_logits=target_logits,
        grad_output=grad_output,
        axis=axis,
        reduction=reduction,
        denominator=denominator,
        dtype=dtype,
        **before,
    )
