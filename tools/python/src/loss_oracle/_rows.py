"""A caller's logits and target as rows of the C interface."""

from __future__ import annotations

import ctypes
import json
import math
import operator
from typing import Any, Optional

import numpy as np

from . import _library as c
from ._arrays import BITS, Library, as_array, format_and_library, library_of
from ._errors import InvalidInputError, no_such

BINARY = {
    "sigmoid",
    "log-sigmoid",
    "softplus",
    "binary-cross-entropy",
    "binary-cross-entropy-gradient",
    "sigmoid-gradient",
    "log-sigmoid-gradient",
    "softplus-gradient",
}
WITH_TARGET = {
    "binary-cross-entropy",
    "binary-cross-entropy-gradient",
    "cross-entropy",
    "cross-entropy-gradient",
    "shard-partials",
    "kl-divergence",
    "kl-divergence-gradient",
    "js-divergence",
    "js-divergence-gradient",
}
#: Those whose target can be logits alone, and those that take them too.
COMPARING = {
    "kl-divergence",
    "kl-divergence-gradient",
    "js-divergence",
    "js-divergence-gradient",
}
WITH_TARGET_LOGITS = COMPARING | {"cross-entropy", "cross-entropy-gradient"}
#: Those that take `grad_output`: a number for each row, and for each class.
GRAD_OUTPUT_PER_ROW = {
    "sigmoid-gradient",
    "log-sigmoid-gradient",
    "softplus-gradient",
    "log-sum-exp-gradient",
}
GRAD_OUTPUT_PER_CLASS = {"softmax-gradient", "log-softmax-gradient"}
#: Those that take two numbers for each: the sums of shards, and their logits of the target.
PARTIALS = {"merged-cross-entropy"}
#: Those that may have a number for each row.
MULTIPLIED = {
    "binary-cross-entropy-gradient",
    "cross-entropy-gradient",
    "entropy-gradient",
    "kl-divergence-gradient",
    "js-divergence-gradient",
}
WITH_GRAD_OUTPUT = GRAD_OUTPUT_PER_ROW | GRAD_OUTPUT_PER_CLASS | PARTIALS
PER_CLASS = {
    "softmax",
    "log-softmax",
    "cross-entropy-gradient",
    "log-sum-exp-gradient",
    "softmax-gradient",
    "log-softmax-gradient",
    "entropy-gradient",
    "kl-divergence-gradient",
    "js-divergence-gradient",
}
#: Those that give so many numbers for each row.
OUTPUTS = {"shard-partials": 3}
CATEGORICAL = PER_CLASS | set(OUTPUTS) | PARTIALS | COMPARING
CATEGORICAL |= {"log-sum-exp", "cross-entropy", "entropy"}
FUNCTIONS = BINARY | CATEGORICAL


def require_function(function: str) -> str:
    """The name of a function, in either spelling."""
    name = function.replace("_", "-") if isinstance(function, str) else function
    if name not in FUNCTIONS:
        raise InvalidInputError(no_such("function", function, sorted(FUNCTIONS)))
    return name


def options_text(options: dict[str, Any]) -> str:
    """Options as the C interface takes them: what is None is left out."""
    given = {name: value for name, value in options.items() if value is not None}
    return json.dumps({name: _option(name, value) for name, value in given.items()})


def _option(name: str, value: Any) -> Any:
    if name in ("input", "denominator", "grad_output"):
        return str(value)
    if name == "ignore_index":
        return operator.index(value)
    if name in ("class_weights", "logit_bias"):
        library = library_of(value)
        if library is not None:
            array, library, format = as_array(value, name)
            value = library.to_numpy(array).view(_plain(format)).astype(np.float64).tolist()
        return [_number(name, weight) for weight in value]
    return _number(name, value)


def _plain(format: str) -> Any:
    from ._arrays import numpy_dtype

    return numpy_dtype(format)


def _number(name: str, value: Any) -> str:
    try:
        number = float(value)
    except (TypeError, ValueError) as error:
        raise TypeError(f"{name} must be a number, not {type(value).__name__}") from error
    if math.isnan(number) or math.isinf(number):
        return str(number)
    # Hexadecimal: the same number in every format that holds it.
    return number.hex()


class Rows:
    """Rows and what is asked of them; their memory lives as long as this does."""

    def __init__(
        self,
        function: str,
        logits: Any,
        target: Any = None,
        *,
        grad_output: Any = None,
        target_logits: Any = None,
        axis: int = -1,
        options: Optional[dict[str, Any]] = None,
        reduction: str = "none",
        rounding: str = "nearest-even",
        dtype: Any = None,
    ) -> None:
        self.function = require_function(function)
        array, self.library, self.format = as_array(logits, "logits")
        self.device = self.library.device(array)
        self.output_format = self.format if dtype is None else format_and_library(dtype)[0]
        bits = self.library.to_numpy(array)
        self.axis: Optional[int] = None
        if self.function in BINARY:
            self.shape: tuple[int, ...] = bits.shape
            class_count = 1
        else:
            if bits.ndim == 0:
                raise InvalidInputError("logits have no axis of classes")
            try:
                axis = operator.index(axis)
                bits = np.moveaxis(bits, axis, -1)
            except np.exceptions.AxisError as error:
                raise InvalidInputError(str(error)) from None
            self.axis = axis
            self.shape, class_count = bits.shape[:-1], bits.shape[-1]
            if class_count == 0:
                raise InvalidInputError("the list of logits is empty; give at least one")
        self._logits = np.ascontiguousarray(bits)
        self.row_count = math.prod(self.shape)
        self.class_count = class_count
        self._labels: Optional[np.ndarray] = None
        self._probabilities: Optional[np.ndarray] = None
        self._grad_output: Optional[np.ndarray] = None
        self._target_logits: Optional[np.ndarray] = None
        self._take_target(target, target_logits)
        self._take_grad_output(grad_output)
        is_gradient = self.function.endswith("gradient")
        self.is_reduced = reduction != "none" and not is_gradient
        self.rows = c.Rows(
            ctypes.sizeof(c.Rows),
            self.format.encode(),
            self.row_count,
            class_count,
            _pointer(self._logits),
            _pointer(self._labels),
            _pointer(self._probabilities),
            _pointer(self._grad_output),
            _pointer(self._target_logits),
        )
        self.question = c.Question(
            ctypes.sizeof(c.Question),
            self.function.encode(),
            c.encoded(options_text(options or {})),
            c.encoded(reduction),
            self.output_format.encode(),
            c.encoded(rounding),
        )

    def _take_target(self, target: Any, target_logits: Any) -> None:
        if self.function not in WITH_TARGET:
            if target is not None or target_logits is not None:
                raise InvalidInputError(f"{self.function} has no target; leave it out")
            return
        if target_logits is not None:
            if self.function not in WITH_TARGET_LOGITS:
                raise InvalidInputError(f"{self.function} takes no target_logits")
            if target is not None:
                raise InvalidInputError("give a target or target_logits, not both")
            bits = self._bits(target_logits, "target_logits")
            self._target_logits = self._beside(bits, "target_logits", True)
            return
        if self.function in COMPARING:
            raise InvalidInputError(f"{self.function} needs target_logits")
        if target is None:
            raise InvalidInputError(f"{self.function} needs a target")
        array, is_index = self._target_array(target)
        if is_index and self.function in CATEGORICAL:
            if array.shape != self.shape:
                raise InvalidInputError(
                    f"the target has shape {array.shape}; of logits of shape "
                    f"{(*self.shape, self.class_count)} it is {self.shape}"
                )
            if array.dtype == np.uint64 and array.size and int(array.max()) >= 1 << 63:
                raise InvalidInputError(f"label {int(array.max())} is out of range")
            self._labels = np.ascontiguousarray(array, dtype=np.int64)
            return
        self._probabilities = self._beside(array, "the target", self.function in CATEGORICAL)

    def _beside(
        self, array: np.ndarray, name: str, per_class: bool, each: Optional[int] = None
    ) -> np.ndarray:
        """Numbers for each row, or for each class with the classes last, as memory."""
        expected = (*self.shape, each or self.class_count) if per_class else self.shape
        if per_class and array.ndim == len(expected) and self.axis is not None:
            array = np.moveaxis(array, self.axis, -1)
        if array.shape != expected:
            raise InvalidInputError(f"{name} has shape {array.shape} instead of {expected}")
        return np.ascontiguousarray(array)

    def _take_grad_output(self, grad_output: Any) -> None:
        if self.function in MULTIPLIED and grad_output is None:
            return
        if self.function not in WITH_GRAD_OUTPUT | MULTIPLIED:
            if grad_output is not None:
                raise InvalidInputError(f"{self.function} has no grad_output; leave it out")
            return
        if grad_output is None:
            raise InvalidInputError(f"{self.function} needs grad_output")
        bits = self._bits(grad_output, "grad_output")
        self._grad_output = self._beside(
            bits,
            "grad_output",
            self.function not in GRAD_OUTPUT_PER_ROW | MULTIPLIED,
            2 * self.class_count if self.function in PARTIALS else None,
        )

    def _bits(self, numbers: Any, name: str) -> np.ndarray:
        """The bits of numbers of the logits' format."""
        array, library, format = as_array(numbers, name, like=self.format)
        if format != self.format:
            raise TypeError(
                f"{name} has dtype {format} and the logits {self.format}; convert one of them"
            )
        return library.to_numpy(array)

    def _target_array(self, target: Any) -> tuple[np.ndarray, bool]:
        """The target as integers, or as the bits of numbers of the logits' format."""
        library = library_of(target)
        if library is None:
            plain = np.asarray(target)
            if plain.dtype.kind in "iu" and self.function in CATEGORICAL:
                return plain, True
            array, _, _ = as_array(target, "the target", like=self.format)
            return array.view(BITS[self.format]), False
        name = library.format(target)
        if name in BITS:
            if name != self.format:
                raise TypeError(
                    f"the target has dtype {name} and the logits {self.format}; convert one of them"
                )
            return library.to_numpy(target), False
        plain = library.to_numpy(target)
        if plain.dtype.kind in "iu" and self.function in CATEGORICAL:
            return plain, True
        if plain.dtype.kind in "iub" and self.function in BINARY:
            if plain.size and not 0 <= plain.min() <= plain.max() <= 1:
                raise InvalidInputError("targets that are integers must be 0 or 1")
            return plain.astype(_plain(self.format)).view(BITS[self.format]), False
        raise TypeError(f"the target has dtype {name}; give class indices or probabilities")

    @property
    def output_shape(self) -> tuple[int, ...]:
        """The shape of the values, the classes last."""
        if self.is_reduced:
            return ()
        if self.function in PER_CLASS:
            return (*self.shape, self.class_count)
        if self.function in OUTPUTS:
            return (*self.shape, OUTPUTS[self.function])
        return self.shape

    def empty(self, dtype: str) -> np.ndarray:
        return np.empty(math.prod(self.output_shape), dtype=dtype)

    def given_back(self, bits: np.ndarray) -> Any:
        """Values in the caller's library, with the classes where the logits have them."""
        bits = bits.reshape(self.output_shape)
        if self.function in PER_CLASS | set(OUTPUTS) and self.axis is not None:
            bits = np.ascontiguousarray(np.moveaxis(bits, -1, self.axis))
        return self.library.from_bits(bits, self.output_format, self.device)


def _pointer(array: Optional[np.ndarray]) -> Optional[int]:
    return None if array is None else array.ctypes.data


def pointer(array: np.ndarray) -> int:
    """Where an array's numbers stand."""
    return array.ctypes.data


__all__ = ["Library", "Rows", "options_text", "pointer", "require_function"]
