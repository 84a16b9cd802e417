"""A linear layer fused with its cross-entropy: exact losses and gradients."""

from __future__ import annotations

import ctypes
import math
import warnings
from ctypes import byref
from typing import Any, Optional

import numpy as np

from . import _library as c
from ._arrays import BITS, as_array, format_and_library, library_of, numpy_dtype
from ._errors import InvalidInputError, UndecidedWarning
from ._rows import options_text, pointer

PARAMETERS = ("hidden", "weight", "bias")


class _Layer:
    """A layer and what is asked of it; its memory lives as long as this does."""

    def __init__(
        self,
        hidden: Any,
        weight: Any,
        labels: Any,
        bias: Any,
        parameter: Optional[str],
        reduction: str,
        rounding: str,
        dtype: Any,
        options: dict[str, Any],
        grad_output: Any = None,
    ) -> None:
        given_arrays = {"hidden": hidden, "weight": weight, "bias": bias, "grad_output": grad_output}
        arrays = {name: array for name, array in given_arrays.items() if array is not None}
        taken = {name: as_array(array, name, like="float32") for name, array in arrays.items()}
        formats = {format for _, _, format in taken.values()}
        _, self.library, given = taken["hidden"]
        self.device = self.library.device(taken["hidden"][0])
        # float32 holds the numbers of all others that are taken.
        self.format = given if len(formats) == 1 else "float32"
        if "float64" in formats:
            raise TypeError("the layer must be in at most 32 bits, not float64")
        self.output_format = given if dtype is None else format_and_library(dtype)[0]
        bits = {
            name: self._bits(library.to_numpy(array), format)
            for name, (array, library, format) in taken.items()
        }
        if bits["hidden"].ndim < 1 or bits["weight"].ndim != 2:
            raise InvalidInputError("hidden is [..., d] and weight [classes, d]")
        self.hidden_shape = bits["hidden"].shape
        self.shape, width = self.hidden_shape[:-1], self.hidden_shape[-1]
        class_count = bits["weight"].shape[0]
        if bits["weight"].shape[1] != width:
            raise InvalidInputError(f"weight has shape {bits['weight'].shape} beside hidden {width}")
        if bias is not None and bits["bias"].shape != (class_count,):
            raise InvalidInputError(f"bias has shape {bits['bias'].shape}")
        if grad_output is not None and bits["grad_output"].shape != self.shape:
            raise InvalidInputError(f"grad_output has shape {bits['grad_output'].shape}")
        library = library_of(labels)
        plain = np.asarray(labels) if library is None else library.to_numpy(labels)
        if plain.dtype.kind not in "iu":
            raise TypeError("labels must be class indices")
        if plain.shape != self.shape:
            raise InvalidInputError(f"labels have shape {plain.shape} instead of {self.shape}")
        self._kept = {name: np.ascontiguousarray(array) for name, array in bits.items()}
        self._labels = np.ascontiguousarray(plain, dtype=np.int64)
        if parameter is not None and parameter not in PARAMETERS:
            raise InvalidInputError(f"with_respect_to is {parameter!r}, not hidden, weight or bias")
        self.parameter = c.encoded(parameter)
        if parameter is None:
            self.output_shape: tuple[int, ...] = self.shape if reduction == "none" else ()
        elif parameter == "hidden":
            self.output_shape = self.hidden_shape
        else:
            self.output_shape = (class_count, width) if parameter == "weight" else (class_count,)
        self.count = math.prod(self.output_shape)
        self.layer = c.Layer(
            ctypes.sizeof(c.Layer),
            self.format.encode(),
            math.prod(self.shape),
            class_count,
            width,
            pointer(self._kept["hidden"]),
            pointer(self._kept["weight"]),
            pointer(self._kept["bias"]) if bias is not None else None,
            pointer(self._labels),
            pointer(self._kept["grad_output"]) if grad_output is not None else None,
        )
        self.question = c.Question(
            ctypes.sizeof(c.Question),
            b"linear-cross-entropy",
            c.encoded(options_text(options)),
            c.encoded(reduction),
            self.output_format.encode(),
            c.encoded(rounding),
        )

    def _bits(self, bits: np.ndarray, format: str) -> np.ndarray:
        if format == self.format:
            return bits
        return bits.view(numpy_dtype(format)).astype(np.float32).view(BITS["float32"])

    def values(self) -> Any:
        values = np.empty(self.count, dtype=BITS[self.output_format])
        c.checked(
            c.library().lo_layer_values(
                byref(self.question), byref(self.layer), self.parameter, pointer(values), self.count
            )
        )
        return self.library.from_bits(
            values.reshape(self.output_shape), self.output_format, self.device
        )


def linear_cross_entropy(
    hidden: Any,
    weight: Any,
    labels: Any,
    *,
    bias: Any = None,
    reduction: str = "none",
    rounding: str = "nearest-even",
    dtype: Any = None,
    **options: Any,
) -> Any:
    """The exact cross-entropy of the logits hidden @ weight.T + bias, none of which is rounded.

    Args:
        hidden: [..., d], in at most 32 bits.
        weight: [classes, d].
        labels: Class indices [...].
        bias: [classes], -inf for a class that is masked; or None.
        reduction: "none", "mean" or "sum"; a mean is over the weights of the rows that count, or what `denominator` says.
        rounding: "nearest-even", "toward-zero", "up" or "down".
        dtype: Of the values; by default that of `hidden`.
        options: `class_weights`, `label_smoothing`, `ignore_index`, `scale`, `softcap`, `temperature`, `z_loss`,
            and of a mean `denominator`.

    Returns:
        An array of hidden's library, on its device: one value a row, or one.

    Raises:
        InvalidInputError: Shapes, labels or options that do not go together, numbers not finite.
        TypeError: What is no array of a known dtype.
    """
    return _Layer(
        hidden, weight, labels, bias, None, reduction, rounding, dtype, options
    ).values()


def linear_cross_entropy_gradient(
    hidden: Any,
    weight: Any,
    labels: Any,
    *,
    with_respect_to: str,
    bias: Any = None,
    grad_output: Any = None,
    reduction: str = "none",
    rounding: str = "nearest-even",
    dtype: Any = None,
    **options: Any,
) -> Any:
    """The exact gradient of `linear_cross_entropy`, of its sum or mean, by "hidden", "weight" or "bias".

    Without a reduction it is that of the sum, each row's loss times its number of `grad_output`. The other arguments and errors are those of
    `linear_cross_entropy`; UndecidedError where no theorem settles a value.
    """
    return _Layer(
        hidden, weight, labels, bias, with_respect_to, reduction, rounding, dtype, options, grad_output
    ).values()


def linear_ulp_error(
    out: Any,
    hidden: Any,
    weight: Any,
    labels: Any,
    *,
    with_respect_to: Optional[str] = None,
    bias: Any = None,
    grad_output: Any = None,
    reduction: str = "none",
    **options: Any,
) -> np.ndarray:
    """How far computed losses, or gradients, are from the exact ones, in ulps of their dtype.

    Returns:
        A NumPy array of float64 of the shape of `out`.
    """
    array, library, format = as_array(out, "out")
    layer = _Layer(
        hidden,
        weight,
        labels,
        bias,
        with_respect_to,
        reduction,
        "nearest-even",
        format,
        options,
        grad_output,
    )
    bits = np.ascontiguousarray(library.to_numpy(array))
    if bits.shape != layer.output_shape:
        raise InvalidInputError(f"out has shape {bits.shape} instead of {layer.output_shape}")
    ulps = np.empty(layer.count)
    status = c.library().lo_layer_ulp_errors(
        byref(layer.question),
        byref(layer.layer),
        layer.parameter,
        pointer(bits),
        layer.count,
        pointer(ulps),
    )
    if status == c.UNDECIDED:
        warnings.warn(c.error_text(), UndecidedWarning, stacklevel=2)
    else:
        c.checked(status)
    return ulps.reshape(layer.output_shape)
