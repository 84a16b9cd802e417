"""The shared library, through its C interface."""

from __future__ import annotations

import ctypes
import os
import threading
from ctypes import POINTER, Structure, byref, c_char_p, c_double, c_int32, c_size_t, c_uint32
from ctypes import c_uint64, c_void_p
from typing import Any, Optional

from ._errors import ForkedError, InvalidInputError, LossOracleError, UndecidedError

OK, INVALID_ARGUMENT, INVALID_INPUT, INVALID_HANDLE, UNDECIDED = 0, 1, 2, 3, 4
WAITING, FINISHED, FORKED, FAILED = 5, 6, 7, 8
INTERFACE_VERSION = 1


class Rows(Structure):
    _fields_ = [
        ("size", c_size_t),
        ("format", c_char_p),
        ("row_count", c_size_t),
        ("class_count", c_size_t),
        ("logits", c_void_p),
        ("labels", c_void_p),
        ("probabilities", c_void_p),
        ("grad_output", c_void_p),
        ("target_logits", c_void_p),
    ]


class Question(Structure):
    _fields_ = [
        ("size", c_size_t),
        ("function", c_char_p),
        ("options", c_char_p),
        ("reduction", c_char_p),
        ("output_format", c_char_p),
        ("rounding", c_char_p),
    ]


class Layer(Structure):
    _fields_ = [
        ("size", c_size_t),
        ("format", c_char_p),
        ("row_count", c_size_t),
        ("class_count", c_size_t),
        ("width", c_size_t),
        ("hidden", c_void_p),
        ("weight", c_void_p),
        ("bias", c_void_p),
        ("labels", c_void_p),
        ("grad_output", c_void_p),
    ]


class Batch(Structure):
    _fields_ = [
        ("size", c_size_t),
        ("number", c_uint64),
        ("row_count", c_size_t),
        ("class_count", c_size_t),
        ("outputs_per_row", c_size_t),
        ("logits", c_void_p),
        ("labels", c_void_p),
        ("probabilities", c_void_p),
        ("grad_output", c_void_p),
        ("grad_outputs_per_row", c_size_t),
        ("target_logits", c_void_p),
    ]


class Failure(Structure):
    _fields_ = [("row", c_size_t), ("kind", c_char_p), ("message", c_char_p)]


_SIGNATURES: dict[str, list[Any]] = {
    "lo_release": [c_uint64],
    "lo_text_read": [c_uint64, c_void_p, c_size_t, POINTER(c_size_t)],
    "lo_catalogue": [POINTER(c_uint64)],
    "lo_value_count": [POINTER(Question), POINTER(Rows), POINTER(c_size_t)],
    "lo_values": [POINTER(Question), POINTER(Rows), c_void_p, c_size_t],
    "lo_enclosures": [POINTER(Question), POINTER(Rows), c_void_p, c_void_p, c_size_t],
    "lo_ulp_errors": [POINTER(Question), POINTER(Rows), c_void_p, c_size_t, c_void_p],
    "lo_ulp_distances": [c_char_p, c_void_p, c_void_p, c_size_t, c_void_p],
    "lo_layer_values": [POINTER(Question), POINTER(Layer), c_char_p, c_void_p, c_size_t],
    "lo_layer_ulp_errors": [
        POINTER(Question),
        POINTER(Layer),
        c_char_p,
        c_void_p,
        c_size_t,
        c_void_p,
    ],
    "lo_layer_draw": [
        c_char_p,
        c_char_p,
        c_size_t,
        c_size_t,
        c_size_t,
        c_uint64,
        c_void_p,
        c_void_p,
        c_void_p,
        c_void_p,
    ],
    "lo_layer_check": [
        POINTER(Question),
        POINTER(Layer),
        c_char_p,
        c_void_p,
        c_size_t,
        c_char_p,
        POINTER(c_uint64),
    ],
    "lo_trial_start": [c_char_p, POINTER(c_uint64)],
    "lo_trial_next": [c_uint64, c_double, POINTER(Batch)],
    "lo_trial_answer": [c_uint64, c_uint64, c_void_p, c_size_t, POINTER(Failure), c_size_t],
    "lo_trial_cancel": [c_uint64],
    "lo_trial_progress": [c_uint64, POINTER(c_uint64), POINTER(c_uint64)],
    "lo_trial_report": [c_uint64, c_char_p, POINTER(c_uint64)],
    "lo_fixtures_write": [c_char_p, c_char_p],
}

_lock = threading.Lock()
_loaded: Optional[ctypes.CDLL] = None


def library() -> ctypes.CDLL:
    """The library, loaded when it is needed first."""
    global _loaded
    with _lock:
        if _loaded is None:
            _loaded = _load()
    return _loaded


def _load() -> ctypes.CDLL:
    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "_native")
    path = os.environ.get("LOSS_ORACLE_LIBRARY") or os.path.join(folder, "libloss_oracle.so")
    try:
        loaded = ctypes.CDLL(path)
    except OSError as error:
        raise ImportError(f"the library of loss_oracle cannot be loaded: {error}") from error
    loaded.lo_interface_version.restype = c_uint32
    if loaded.lo_interface_version() != INTERFACE_VERSION:
        raise ImportError(f"{path} has another interface than this package")
    loaded.lo_error_text.restype = c_char_p
    loaded.lo_package_version.restype = c_char_p
    for name, arguments in _SIGNATURES.items():
        function = getattr(loaded, name)
        function.argtypes = arguments
        function.restype = c_int32
    return loaded


def package_version() -> str:
    """The version of the package."""
    return (library().lo_package_version() or b"").decode()


def error_text() -> str:
    """What was wrong in this thread's last call."""
    return (library().lo_error_text() or b"").decode(errors="replace")


def checked(status: int) -> None:
    """Raises what a status stands for."""
    if status == OK:
        return
    text = error_text()
    if status in (INVALID_ARGUMENT, INVALID_INPUT):
        raise InvalidInputError(text)
    if status == UNDECIDED:
        raise UndecidedError(text)
    if status == FORKED:
        raise ForkedError(text)
    raise LossOracleError(text)


def encoded(text: Optional[str]) -> Optional[bytes]:
    """A text as C takes it.

    A zero byte would end it before its end.
    """
    if text is None:
        return None
    if not isinstance(text, str):
        raise TypeError(f"a name must be a text, not {type(text).__name__}")
    if "\0" in text:
        raise InvalidInputError(f"a zero byte in {text[:40]!r}")
    return text.encode(errors="replace")


def read_text(handle: c_uint64) -> str:
    """The text of a handle, which is released."""
    try:
        length = c_size_t()
        checked(library().lo_text_read(handle, None, 0, byref(length)))
        buffer = ctypes.create_string_buffer(length.value + 1)
        checked(library().lo_text_read(handle, buffer, length.value + 1, None))
        return buffer.raw[: length.value].decode(errors="replace")
    finally:
        library().lo_release(handle)
