"""A function under test, as it is called."""

from __future__ import annotations

import math
import unittest
from typing import Any, Callable, Optional

import numpy as np

from ._arrays import (
    BITS,
    NUMPY,
    Library,
    format_and_library,
    library_of,
    named_library,
    numpy_dtype,
)
from ._errors import InvalidInputError
from ._rows import (
    BINARY,
    CATEGORICAL,
    COMPARING,
    GRAD_OUTPUT_PER_ROW,
    OUTPUTS,
    PARTIALS,
    PER_CLASS,
    WITH_GRAD_OUTPUT,
    WITH_TARGET,
    require_function,
)


class Subject:
    """A function under test, as it is called."""

    def __init__(
        self,
        function: Callable[..., Any],
        name: str,
        format: str,
        *,
        library: Library,
        device: Any = None,
        gradient: bool = False,
        targets: str = "index",
        reduction: str = "none",
        pad_rows: Optional[bool] = None,
        output_format: Optional[str] = None,
        axis: int = -1,
        part: Optional[int] = None,
    ) -> None:
        if not callable(function):
            raise TypeError(f"the function under test is {type(function).__name__}, not callable")
        if targets not in ("index", "probabilities", "any"):
            raise ValueError(f"targets is {targets!r}; there are 'index', 'probabilities', 'any'")
        if reduction not in ("none", "mean", "sum"):
            raise ValueError(f"reduction is {reduction!r}; there are 'none', 'mean', 'sum'")
        self.function = function
        self.name = name
        self.format = format
        self.library = library
        self.device = device
        self.gradient = gradient
        self.targets = targets
        self.reduction = reduction
        #: Which of the two that one call gives is asked for; None where it gives one.
        self.part = part
        self.pads = (library.name == "jax") if pad_rows is None else pad_rows
        self.output_format = output_format
        self.axis = axis
        #: How many rows stand side by side, where the classes are on axis 1 of three.
        self.inner = 1 if axis != 1 else _INNER

    @property
    def is_reduced(self) -> bool:
        """Whether it gives one number for all rows."""
        return self.reduction != "none" and not self.name.endswith("-gradient")

    def _laid_out(self, rows: np.ndarray) -> np.ndarray:
        """Numbers of rows, [rows] or [rows, classes], as the function takes them."""
        if self.axis == 1:
            blocks = rows.reshape(-1, self.inner, *rows.shape[1:])
            return np.ascontiguousarray(np.moveaxis(blocks, 1, -1))
        return np.ascontiguousarray(rows.T) if self.axis == 0 else rows

    def call(
        self,
        logits: np.ndarray,
        labels: Optional[np.ndarray],
        numbers: Optional[np.ndarray],
        upstream: Optional[np.ndarray] = None,
    ) -> Any:
        """What the function gives for rows, each array its own.

        The numbers are the probabilities of the target, its logits of a function that compares two rows of them or, of
        a function that takes it, `grad_output`. The upstream is what goes with the gradient of a loss.
        """
        __tracebackhide__ = True
        arguments: list[Any] = []
        if labels is not None:
            indices = self._laid_out(labels.astype(np.int64))
            arguments.append(self.library.from_integers(indices, self.device))
        elif numbers is not None:
            numbers = self._laid_out(numbers.copy())
            arguments.append(self.library.from_bits(numbers, self.format, self.device))
        x = self.library.from_bits(self._laid_out(logits.copy()), self.format, self.device)
        with np.errstate(all="ignore"):
            if self.gradient and self.name in WITH_GRAD_OUTPUT:
                return self.library.gradient(self.function, x, (), arguments[0])
            beside = None
            if upstream is not None:
                bits = self._laid_out(upstream.copy())
                beside = self.library.from_bits(bits, self.format, self.device)
            if self.gradient:
                return self.library.gradient(self.function, x, tuple(arguments), beside)
            if beside is not None:
                arguments.append(beside)
            value = self.function(x, *arguments)
        if self.part is None:
            return value
        if not isinstance(value, (tuple, list)) or len(value) != 2:
            raise Misshapen(f"it gave {type(value).__name__}, not a loss and a gradient")
        return value[self.part]

    def outputs(self, value: Any, shape: tuple[int, ...]) -> np.ndarray:
        """The bits of what the function gave, row by row.

        Raises `Misshapen` where it is of another shape or kind.
        """
        library = library_of(value)
        if library is None:
            try:
                value = np.asarray(value, dtype=numpy_dtype(self.output_format or self.format))
            except (TypeError, ValueError):
                raise Misshapen(f"it gave {type(value).__name__}, no array") from None
            library = NUMPY
        format = library.format(value)
        if format not in BITS or format != (self.output_format or format):
            raise Misshapen(f"it gave {format} instead of {self.output_format or 'floats'}")
        bits = library.to_numpy(value)
        if self.is_reduced:
            if bits.size != 1:
                raise Misshapen(f"it gave shape {bits.shape} for one number")
            self.output_format = format
            return bits.reshape(shape)
        expected = self._laid_out(np.empty(shape, "i1")).shape
        if bits.shape == () and shape[0] == 1 and len(shape) == 1:
            bits = bits.reshape(expected)
        if bits.shape != expected:
            hint = ""
            if bits.shape == () and len(shape) == 1:
                hint = '; one that takes a mean or a sum is checked with reduction="mean" or "sum"'
            raise Misshapen(f"it gave shape {bits.shape} for {expected}{hint}")
        self.output_format = format
        if len(shape) > 1 and self.axis != -1:
            bits = np.ascontiguousarray(np.moveaxis(bits, self.axis, -1))
        return bits.reshape(shape)


#: So many rows stand side by side: an odd number, unlike most numbers of classes.
_INNER = 3


class Misshapen(Exception):
    """The function gave something that is not an output for each row."""


def goes_up(error: BaseException) -> bool:
    """Whether an exception is none of the function's own, and ends the search."""
    if isinstance(error, (MemoryError, unittest.SkipTest)):
        return True
    if type(error).__name__ in ("OutOfMemoryError", "AcceleratorError"):
        return True
    # After an error of CUDA nothing more can be asked of this process.
    return isinstance(error, RuntimeError) and "CUDA error" in str(error)


def make_subject(
    f: Callable[..., Any],
    function: str,
    dtype: Any,
    *,
    framework: Optional[str],
    device: Any,
    gradient: bool,
    targets: str,
    reduction: str,
    pad_rows: Optional[bool],
    output_dtype: Any,
    axis: int = -1,
    part: Optional[int] = None,
) -> Subject:
    name = require_function(function)
    if gradient or part == 1:
        if f"{name}-gradient" not in WITH_TARGET | WITH_GRAD_OUTPUT | {"entropy-gradient"}:
            raise InvalidInputError(f"{name} has no gradient here")
        name = f"{name}-gradient"
    format, library = format_and_library(dtype)
    if framework is not None:
        library = named_library(framework)
    return Subject(
        f,
        name,
        format,
        library=library or NUMPY,
        device=device,
        gradient=gradient,
        targets=targets,
        reduction=reduction,
        pad_rows=pad_rows,
        output_format=None if output_dtype is None else format_and_library(output_dtype)[0],
        axis=axis,
        part=part,
    )


def warm_up(subject: Subject, classes: int, has_upstream: bool = False) -> None:
    """One call on easy rows: it compiles what is to be compiled, and tells the outputs' format.

    What it raises goes up as it is.
    """
    __tracebackhide__ = True
    rows = 4 * subject.inner
    shape = (rows,) if subject.name in BINARY else (rows, classes)
    numbers = (
        np.linspace(0.5, 2, math.prod(shape)).reshape(shape).astype(numpy_dtype(subject.format))
    )
    logits = numbers.view(BITS[subject.format])
    labels = probabilities = None
    if subject.name in COMPARING:
        probabilities = np.flip(logits).copy()
    elif subject.name in WITH_TARGET:
        if subject.name in CATEGORICAL and subject.targets != "probabilities":
            labels = np.zeros(rows, np.int32)
        else:
            share = 1 / shape[1] if len(shape) > 1 else 1
            probabilities = np.full(shape, share).astype(numpy_dtype(subject.format))
            probabilities = probabilities.view(BITS[subject.format])
    elif subject.name in WITH_GRAD_OUTPUT:
        ones = (rows,) if subject.name in GRAD_OUTPUT_PER_ROW else shape
        if subject.name in PARTIALS:
            ones = (rows, 2 * classes)
        probabilities = np.ones(ones, numpy_dtype(subject.format)).view(BITS[subject.format])
    try:
        upstream = None
        if has_upstream:
            upstream = np.ones(rows, numpy_dtype(subject.format)).view(BITS[subject.format])
        value = subject.call(logits, labels, probabilities, upstream)
        each = OUTPUTS.get(subject.name)
        several = (rows, each) if each else shape if subject.name in PER_CLASS else (rows,)
        subject.outputs(value, (1,) if subject.is_reduced else several)
    except Misshapen as error:
        raise AssertionError(f"on {rows} ordinary rows, {error}") from None
