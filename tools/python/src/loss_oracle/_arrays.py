"""Arrays of the libraries that people use, as plain memory and back.

A number of any format is moved as the integer of its bits, so no library converts it on the way.
"""

from __future__ import annotations

import sys
from typing import Any, Optional

import numpy as np

from ._errors import no_such

#: The formats that arrays may have, and the integers of their size.
BITS: dict[str, str] = {
    "float16": "u2",
    "bfloat16": "u2",
    "float32": "u4",
    "float64": "u8",
    "float8_e4m3fn": "u1",
    "float8_e5m2": "u1",
}


class Library:
    """NumPy, and what the others have in common with it."""

    name = "numpy"

    def owns(self, array: Any) -> bool:
        return isinstance(array, (np.ndarray, np.generic))

    def format(self, array: Any) -> str:
        """The name of an array's dtype."""
        return str(array.dtype.name)

    def device(self, array: Any) -> Any:
        return None

    def to_numpy(self, array: Any) -> np.ndarray:
        """An array as NumPy has it; of a floating-point format as the bits of its numbers."""
        array = np.asarray(array)
        array = array.astype(array.dtype.newbyteorder("="), copy=False)
        name = array.dtype.name
        array = np.ascontiguousarray(array).reshape(array.shape)
        result: np.ndarray = array.view(BITS[name]) if name in BITS else array
        return result

    def from_bits(self, bits: np.ndarray, format: str, device: Any) -> Any:
        """The array of numbers that bits stand for."""
        return bits.view(numpy_dtype(format))

    def from_integers(self, values: np.ndarray, device: Any) -> Any:
        return values

    def gradient(
        self, function: Any, logits: Any, arguments: tuple[Any, ...], upstream: Any = None
    ) -> Any:
        """The derivatives of the sum of a function's values, times `upstream`, by the logits."""
        raise TypeError(
            "NumPy has no gradients: pass a dtype of PyTorch or JAX, or check the gradient's own "
            'function, as in assert_accurate(my_gradient, "cross-entropy-gradient")'
        )


class TorchLibrary(Library):
    name = "torch"

    @property
    def torch(self) -> Any:
        import torch

        return torch

    def owns(self, array: Any) -> bool:
        torch = sys.modules.get("torch")
        return torch is not None and isinstance(array, torch.Tensor)

    def format(self, array: Any) -> str:
        return str(array.dtype).replace("torch.", "")

    def device(self, array: Any) -> Any:
        return array.device

    def to_numpy(self, array: Any) -> np.ndarray:
        torch = self.torch
        if array.is_sparse or array.is_complex() or array.is_quantized:
            raise TypeError(f"tensors of {array.layout} and {array.dtype} are not taken")
        array = array.detach().resolve_neg().to("cpu").contiguous()
        name = self.format(array)
        if name not in BITS:
            return np.asarray(array.numpy())
        integers = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}
        bits = array.view(integers[array.element_size()]).numpy()
        return np.asarray(bits).view(BITS[name])

    def from_bits(self, bits: np.ndarray, format: str, device: Any) -> Any:
        torch = self.torch
        integers = {1: np.uint8, 2: np.int16, 4: np.int32, 8: np.int64}
        # A copy: what the library gives may be written to.
        plain = np.array(bits.view(integers[bits.dtype.itemsize]), order="C")
        return torch.from_numpy(plain).view(getattr(torch, format)).to(device or "cpu")

    def from_integers(self, values: np.ndarray, device: Any) -> Any:
        return self.torch.from_numpy(np.array(values)).to(device or "cpu")

    def gradient(
        self, function: Any, logits: Any, arguments: tuple[Any, ...], upstream: Any = None
    ) -> Any:
        torch = self.torch
        with torch.enable_grad():
            logits = logits.detach().requires_grad_(True)
            values = function(logits, *arguments)
            upstream = torch.ones_like(values) if upstream is None else upstream.to(values.dtype)
            (gradient,) = torch.autograd.grad(values, logits, upstream)
        return gradient


class JaxLibrary(Library):
    name = "jax"

    def owns(self, array: Any) -> bool:
        jax = sys.modules.get("jax")
        return jax is not None and isinstance(array, jax.Array)

    def device(self, array: Any) -> Any:
        devices = array.devices()
        return next(iter(devices)) if len(devices) == 1 else None

    def from_bits(self, bits: np.ndarray, format: str, device: Any) -> Any:
        return self._put(bits.view(numpy_dtype(format)), device)

    def from_integers(self, values: np.ndarray, device: Any) -> Any:
        # Without x64 there are no others, and labels are no larger.
        return self._put(values.astype(np.int32), device)

    def _put(self, array: np.ndarray, device: Any) -> Any:
        import jax

        if array.dtype == np.float64 and not jax.config.jax_enable_x64:
            raise TypeError('JAX has no float64 unless jax.config.update("jax_enable_x64", True)')
        return jax.device_put(array, device)

    def gradient(
        self, function: Any, logits: Any, arguments: tuple[Any, ...], upstream: Any = None
    ) -> Any:
        import jax

        values, pullback = jax.vjp(lambda x: function(x, *arguments), logits)
        ones = jax.numpy.ones_like(values)
        return pullback(ones if upstream is None else upstream.astype(values.dtype))[0]


NUMPY = Library()
_OTHERS: tuple[Library, ...] = (TorchLibrary(), JaxLibrary())
_BY_NAME: dict[str, Library] = {library.name: library for library in (NUMPY, *_OTHERS)}


def library_of(array: Any) -> Optional[Library]:
    """The library that an array is of; None for lists and numbers."""
    for library in (*_OTHERS, NUMPY):
        if library.owns(array):
            return library
    return None


def named_library(name: str) -> Library:
    """A library by its name."""
    if name not in _BY_NAME:
        raise ValueError(f"framework is {name!r}; there are {', '.join(_BY_NAME)}")
    return _BY_NAME[name]


def numpy_dtype(format: str) -> np.dtype[Any]:
    """NumPy's dtype of a format."""
    if format in ("float16", "float32", "float64"):
        return np.dtype(format)
    try:
        import ml_dtypes
    except ImportError as error:
        raise TypeError(
            f"{format} of NumPy arrays needs ml_dtypes: pip install ml_dtypes"
        ) from error
    dtype: np.dtype[Any] = np.dtype(getattr(ml_dtypes, format))
    return dtype


def format_and_library(dtype: Any) -> tuple[str, Optional[Library]]:
    """The format that a dtype, or its name, stands for, and the library that it is of, if of one."""
    if isinstance(dtype, str):
        name, library = dtype, None
    elif type(dtype).__module__.split(".")[0] == "torch":
        name, library = str(dtype).replace("torch.", ""), _BY_NAME["torch"]
    elif type(dtype).__module__.split(".")[0] == "jax":
        name, library = np.dtype(dtype).name, _BY_NAME["jax"]
    else:
        try:
            name, library = np.dtype(dtype).name, NUMPY
        except TypeError as error:
            raise TypeError(f"{dtype!r} is no dtype") from error
    if name not in BITS:
        raise TypeError(no_such("dtype", name, list(BITS)))
    return name, library


def as_array(values: Any, what: str, like: str = "float64") -> tuple[Any, Library, str]:
    """An array with its library and format; lists and numbers become NumPy arrays of `like`."""
    library = library_of(values)
    if library is None:
        if isinstance(values, (str, bytes)) or values is None:
            raise TypeError(f"{what} must be an array, not {type(values).__name__}")
        try:
            values = np.asarray(values, dtype=np.float64).astype(numpy_dtype(like))
        except (TypeError, ValueError) as error:
            raise TypeError(f"{what} must be an array of numbers: {error}") from error
        library = NUMPY
    if isinstance(values, np.ma.MaskedArray):
        raise TypeError(f"{what} is a masked array; fill it first")
    format = library.format(values)
    if format not in BITS:
        raise TypeError(f"{what} has dtype {format}; there are {', '.join(BITS)}")
    return values, library, format
