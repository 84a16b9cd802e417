"""Exact values."""

from __future__ import annotations

import json
from ctypes import byref, c_uint64
from typing import Any, Optional

from . import _library as c
from ._rows import Rows, pointer
from ._arrays import BITS


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
        grad_output: What a gradient is multiplied by, of the logits' dtype: of the logits' shape for
            softmax-gradient and log-softmax-gradient, else [...]. The gradients of the losses and of the
            entropy do without, too; None for other functions.
        target_logits: Of the logits' shape and dtype, a second row for each: what the divergences compare
            the logits with, and soft labels of the cross-entropy as their logits, in place of a target.
        axis: Where the classes are.
        reduction: "none", "mean" or "sum"; a gradient is then that of the mean. A mean divides by what
            the option `denominator` says, by its name or that of a call that does: "weights" of the rows
            that count ("pytorch", where nothing is said), "valid-rows" ("keras"), "rows" ("optax"),
            "all-weights" ("burn"), "nonzero-weights", "weights-z-loss-by-rows" ("liger"), "values".
        rounding: "nearest-even", "toward-zero", "up" or "down".
        dtype: Of the values; by default that of the logits.
        options: `class_weights`, `pos_weight`, `label_smoothing`, `ignore_index`, `z_loss`,
            `focal_gamma`, `focal_alpha`: `beta`, `threshold`: those that the
            function has, as `catalogue()` tells. `scale`, `softcap`,
            `logit_bias`, `temperature` make ((c*tanh(s*x/c)) + b)/T of
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
        axis: Where the classes of tensors are: -1, 1 of [outer, classes, inner], or 0 of [classes, rows].
        inner: How many rows stand side by side there; by default the most up to 8 that the cases allow, and
            with 0, of [classes, outer, inner], none.
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
