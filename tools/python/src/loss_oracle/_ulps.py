"""Errors in units in the last place."""

from __future__ import annotations

import warnings
from ctypes import byref
from typing import Any

import numpy as np

from . import _library as c
from ._arrays import as_array, numpy_dtype
from ._errors import InvalidInputError, UndecidedWarning
from ._rows import Rows, pointer
from ._values import evaluate


def ulp_error(
    out: Any,
    function: str,
    logits: Any,
    target: Any = None,
    *,
    grad_output: Any = None,
    target_logits: Any = None,
    axis: int = -1,
    reduction: str = "none",
    **options: Any,
) -> np.ndarray:
    """How far computed values are from the exact ones, in ulps of their dtype.

    |computed - exact| in units in the last place at the exact value: at most 0.5 of a correctly
    rounded value, infinite where one of the two is finite and the other is not. NaN, with an
    `UndecidedWarning`, where the exact value is undecided.

    Args:
        out: The computed values, of the shape that `evaluate` gives. Their dtype is the one in which
            errors are measured.

    The other arguments, and the errors, are those of `evaluate`.

    Returns:
        A NumPy array of float64, of the shape of `out`.
    """
    computed, library, format = as_array(out, "out")
    rows = Rows(
        function,
        logits,
        target,
        grad_output=grad_output,
        target_logits=target_logits,
        axis=axis,
        options=options,
        reduction=reduction,
        dtype=format,
    )
    bits = library.to_numpy(computed)
    per_class = rows.axis is not None and len(rows.output_shape) > len(rows.shape)
    if per_class and bits.ndim == len(rows.output_shape) and rows.axis is not None:
        bits = np.moveaxis(bits, rows.axis, -1)
    if bits.shape != rows.output_shape:
        raise InvalidInputError(f"out has shape {bits.shape} instead of {rows.output_shape}")
    bits = np.ascontiguousarray(bits)
    ulps = rows.empty("float64")
    status = c.library().lo_ulp_errors(
        byref(rows.question), byref(rows.rows), pointer(bits), ulps.size, pointer(ulps)
    )
    if status == c.UNDECIDED:
        warnings.warn(c.error_text(), UndecidedWarning, stacklevel=2)
    else:
        c.checked(status)
    errors = ulps.reshape(rows.output_shape)
    return np.moveaxis(errors, -1, rows.axis) if per_class and rows.axis is not None else errors


def ulp_distance(a: Any, b: Any) -> np.ndarray:
    """How many steps from one number of their dtype to the next lie between two arrays' numbers.

    Args:
        a, b: Arrays of one shape and dtype.

    Returns:
        A NumPy array of float64: 0 for both zeros and for two NaN, infinite between NaN and a number.
    """
    first, library, format = as_array(a, "a")
    second, other, other_format = as_array(b, "b", like=format)
    if format != other_format:
        raise TypeError(f"a has dtype {format} and b {other_format}")
    x, y = library.to_numpy(first), other.to_numpy(second)
    if x.shape != y.shape:
        raise InvalidInputError(f"a has shape {x.shape} and b {y.shape}")
    x, y = np.ascontiguousarray(x), np.ascontiguousarray(y)
    distances = np.empty(x.shape)
    c.checked(
        c.library().lo_ulp_distances(
            format.encode(), pointer(x), pointer(y), x.size, pointer(distances)
        )
    )
    return distances


def assert_within_ulp(
    out: Any,
    function: str,
    logits: Any,
    target: Any = None,
    *,
    grad_output: Any = None,
    target_logits: Any = None,
    max_ulp: float,
    axis: int = -1,
    reduction: str = "none",
    **options: Any,
) -> None:
    """Raises AssertionError where a computed value is further than `max_ulp` from the exact one.

    To stand where `assert_close` would, with no tolerance to guess: 0.5 is correctly rounded, below
    1 faithful. The arguments are those of `ulp_error`; its text has the worst element in decimal
    and in hexadecimal. A value that is undecided is passed over with a warning.
    """
    __tracebackhide__ = True
    if not max_ulp >= 0:
        raise ValueError(f"max_ulp is {max_ulp}; it must be 0 or more")
    options = dict(options, grad_output=grad_output, target_logits=target_logits)
    errors = ulp_error(out, function, logits, target, axis=axis, reduction=reduction, **options)
    beyond = errors > max_ulp
    if not beyond.any():
        return
    computed, library, format = as_array(out, "out")
    exact = evaluate(
        function, logits, target, axis=axis, reduction=reduction, dtype=format, **options
    )
    exact_array, exact_library, _ = as_array(exact, "exact")
    worst = np.unravel_index(int(np.nanargmax(errors)), errors.shape)
    bits = (library.to_numpy(computed)[worst], exact_library.to_numpy(exact_array)[worst])
    numbers = [
        np.asarray(x).reshape(1).view(numpy_dtype(format)).astype(np.float64)[0] for x in bits
    ]
    logit_array, logit_library, logit_format = as_array(logits, "logits")
    plain = logit_library.to_numpy(logit_array).view(numpy_dtype(logit_format)).astype(np.float64)
    where = tuple(int(index) for index in worst)
    lines = [
        f"{function} in {format}: {int(beyond.sum())} of {errors.size} values are more than "
        f"{max_ulp} ulp from the exact ones",
        f"  worst    at {where if where else 'the one value'}: {errors[worst]:.6g} ulp",
        f"  computed {numbers[0]!r}  {numbers[0].hex()}".replace("np.float64", ""),
        f"  exact    {numbers[1]!r}  {numbers[1].hex()}".replace("np.float64", ""),
    ]
    row = _row(plain, where, axis, errors.ndim, function)
    if row is not None:
        shown = [float(x) for x in row[:16]]
        rest = f", … {row.size} in all" if row.size > 16 else ""
        lines.append("  logits   " + ", ".join(repr(x) for x in shown) + rest)
        lines.append("           " + ", ".join(x.hex() for x in shown))
    raise AssertionError("\n".join(lines))


def _row(logits: np.ndarray, where: tuple[int, ...], axis: int, ndim: int, function: str) -> Any:
    """The logits of the row that a value is of; None where a value is of all rows."""
    from ._rows import BINARY, PER_CLASS, require_function

    name = require_function(function)
    if name in BINARY:
        return logits[where].reshape(-1) if ndim == logits.ndim else None
    rows = np.moveaxis(logits, axis, -1)
    if name in PER_CLASS:
        place = list(where)
        del place[axis]
        return rows[tuple(place)].reshape(-1)
    return rows[where].reshape(-1) if ndim == rows.ndim - 1 else None
