"""The live protocol: requests on stdin, replies on stdout, until the input ends.

Version 1 is of logits, row by row. Version 2 says by `input` what the numbers of a row are, by `reduction` what
becomes of the losses of a batch and by `denominator` what a mean divides by, by `outputs` that the loss and its gradient are asked for in one, by `grad_output` how many numbers follow that a gradient is multiplied by, by
`class_axis` and `shape` that the logits are [outer, classes, inner], and by a `target` of `logits` that a second row of
logits follows each.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

import ml_dtypes
import numpy as np

FORMATS: dict[str, np.dtype] = {
    "float16": np.dtype("<f2"),
    "bfloat16": np.dtype(ml_dtypes.bfloat16),
    "float32": np.dtype("<f4"),
    "float64": np.dtype("<f8"),
    "float8_e4m3fn": np.dtype(ml_dtypes.float8_e4m3fn),
    "float8_e5m2": np.dtype(ml_dtypes.float8_e5m2),
}


INPUTS = frozenset({"logits", "probabilities", "log-probabilities"})


class Unsupported(Exception):
    """The framework has no such function, format or option; the text says which."""


@dataclass(frozen=True)
class Request:
    """One batch. `target` is indices, of the shape of `logits` without their axis 1, probabilities, or None."""

    function: str
    format: str
    output_format: str
    logits: np.ndarray
    target: np.ndarray | None
    options: Mapping[str, Any]
    # What `logits` holds.
    input: str = "logits"
    # What a gradient is multiplied by: [rows], or of the shape of the logits.
    grad_output: np.ndarray | None = None
    # The logits of the target, where it is given so.
    target_logits: np.ndarray | None = None

    @property
    def labels(self) -> np.ndarray:
        """The index of the true class of each row; a function that takes indices only asks for it."""
        if self.target is None:
            raise ValueError(f"{self.function} needs a target")
        if self.target.dtype.kind != "i":
            raise Unsupported(f"{self.function} with probabilities for a target")
        return self.target

    @property
    def probabilities(self) -> np.ndarray:
        """The target as a probability of each logit, in the format of the logits."""
        if self.target is None:
            raise ValueError(f"{self.function} needs a target")
        if self.target.dtype.kind == "i":
            raise Unsupported(f"{self.function} with indices for a target")
        return self.target

    @property
    def one_hot(self) -> np.ndarray:
        """The target as probabilities, for a function that does not take indices."""
        if self.target is None or self.target.dtype.kind != "i":
            return self.probabilities
        rows, classes = self.logits.shape
        if ((self.target < 0) | (self.target >= classes)).any():
            raise ValueError("a target index is out of range")
        encoded = np.zeros((rows, classes), self.logits.dtype)
        encoded[np.arange(rows), self.target] = 1
        return encoded

    def number(self, option: str, otherwise: float | None = None) -> float | None:
        """An option's value: a JSON number, or a decimal or hexadecimal string."""
        return _number(self.options[option]) if option in self.options else otherwise

    @property
    def class_weights(self) -> np.ndarray | None:
        """In the format of the logits."""
        return self._list("class_weights")

    @property
    def logit_bias(self) -> np.ndarray | None:
        """In the format of the logits."""
        return self._list("logit_bias")

    def _list(self, option: str) -> np.ndarray | None:
        if option not in self.options:
            return None
        numbers = [_number(each) for each in self.options[option]]
        classes = self.logits.shape[1] if self.logits.ndim > 1 else 1
        if len(numbers) != classes:
            raise Unsupported(f"{len(numbers)} {option} for {classes} classes")
        return np.array(numbers).astype(self.logits.dtype)

    @property
    def reduction(self) -> str:
        return self.options.get("reduction", "none")


@dataclass(frozen=True)
class Entry:
    """A function of the framework, and the formats, options and inputs that it takes."""

    call: Callable[[Request], Any]
    formats: frozenset[str]
    options: frozenset[str] = frozenset()
    inputs: frozenset[str] = frozenset({"logits"})
    # Whether it takes logits of three axes, the classes on axis 1.
    takes_axes: bool = False
    # Whether it takes the logits of the target, a second row of them.
    takes_target_logits: bool = False
    # The loss and its gradient by one call, where the framework gives both.
    both: Callable[[Request], tuple[Any, Any]] | None = None
    # What its mean divides by, of the names that a question may say it by.
    denominators: frozenset[str] = frozenset()


def _number(value: Any) -> float:
    if isinstance(value, str):
        return float.fromhex(value) if "0x" in value.lower() else float(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError(f"{value!r} is no number")
    return float(value)


def _read(stream: BinaryIO, count: int) -> bytes:
    data = stream.read(count)
    if len(data) != count:
        raise EOFError(f"the payload ended after {len(data)} of {count} bytes")
    return data


def _size(header: Mapping[str, Any], name: str) -> int:
    value = header.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"{name} must be a count, not {value!r}")
    return value


def _decode(header: Mapping[str, Any], payload: bytes) -> Request:
    given = header.get("input", "logits")
    is_second = header.get("target") == "logits" or any(
        name in header for name in ("input", "outputs", "reduction", "grad_output", "class_axis"))
    if header.get("protocol") != (2 if is_second else 1) or given not in INPUTS:
        raise Unsupported(f"protocol {header.get('protocol')!r}, input {given!r}")
    name = header.get("format")
    output = header.get("output_format", name)
    for each in (name, output):
        if each not in FORMATS:
            raise Unsupported(f"format {each!r}")
    rows, classes = _size(header, "rows"), _size(header, "classes")
    dtype = FORMATS[name]
    kind = header.get("target")
    if kind not in ("index", "probabilities", "logits", "none"):
        raise ValueError(f"unknown kind of target {kind!r}")
    split = rows * classes * dtype.itemsize
    following = {"index": rows * 4, "probabilities": split, "logits": split, "none": 0}[kind]
    upstream = header.get("grad_output")
    if upstream not in (None, "row", "classes", "partials"):
        raise Unsupported(f"grad_output {upstream!r}")
    last = {None: 0, "row": rows * dtype.itemsize, "classes": split, "partials": 2 * split}[upstream]
    if len(payload) != split + following + last:
        raise ValueError(f"payload of {len(payload)} bytes, {split + following + last} expected")
    grad_output = None
    if upstream:
        numbers = np.frombuffer(payload[split + following:], dtype).copy()
        grad_output = numbers if upstream == "row" else numbers.reshape(rows, -1)
        payload = payload[:split + following]
    logits = np.frombuffer(payload[:split], dtype).reshape(rows, classes).copy()
    target = None
    if kind == "index":
        target = np.frombuffer(payload[split:], "<i4").astype(np.int64)
    elif kind in ("probabilities", "logits"):
        target = np.frombuffer(payload[split:], dtype).reshape(rows, classes).copy()
    options = dict(header.get("options") or {})
    if "class_axis" in header:
        if header["class_axis"] != 1:
            raise Unsupported(f"class_axis {header['class_axis']!r}")
        shape = header.get("shape")
        if not isinstance(shape, list) or len(shape) != 3:
            raise ValueError(f"shape {shape!r}")
        logits = logits.reshape(shape)
        if target is not None:
            target = target.reshape([shape[0], shape[2]] if kind == "index" else shape)
        if grad_output is not None:
            grad_output = grad_output.reshape(
                [shape[0], shape[2]] if upstream == "row" else [shape[0], -1, shape[2]])
    for said in ("reduction", "denominator"):
        if said in header:
            options[said] = header[said]
    target_logits = None
    if kind == "logits":
        target, target_logits = None, target
    return Request(
        header.get("function", ""), name, output, logits, target, options, given, grad_output,
        target_logits)


# The gradients that are asked for with a grad_output and without.
MULTIPLIED = frozenset(
    f"{name}-gradient"
    for name in ("binary-cross-entropy", "cross-entropy", "entropy", "kl-divergence", "js-divergence"))


def _answer(header: Mapping[str, Any], payload: bytes, entries: Mapping[str, Entry]) -> bytes:
    request = _decode(header, payload)
    entry = entries.get(request.function)
    if entry is None:
        raise Unsupported(f"function {request.function!r}")
    if request.target_logits is not None and not entry.takes_target_logits:
        raise Unsupported(f"{request.function} with logits for a target")
    # The other gradients have no value without it.
    if request.grad_output is not None and request.function in MULTIPLIED and (
            "grad_output" not in entry.options):
        raise Unsupported(f"{request.function} with grad_output")
    if request.input not in entry.inputs:
        raise Unsupported(f"{request.function} of {request.input}")
    if request.format not in entry.formats:
        raise Unsupported(f"{request.function} in {request.format}")
    if request.logits.ndim > 2 and not entry.takes_axes:
        raise Unsupported(f"{request.function} with the classes on axis 1")
    for name, value in request.options.items():
        # Not to reduce is to answer one value, or one row, for each row: every function can.
        if name == "reduction" and value == "none":
            continue
        if name == "reduction" and value not in ("mean", "sum"):
            raise Unsupported(f"reduction {value!r}")
        if name == "denominator" and value in entry.denominators:
            continue
        if name not in entry.options:
            raise Unsupported(f"option {name}={value!r} of {request.function}")
    if "outputs" in header:
        if header["outputs"] != ["loss", "gradient"] or entry.both is None:
            raise Unsupported(f"{request.function} with outputs {header['outputs']!r}")
        return b"".join(_encode(np.asarray(part), request) for part in entry.both(request))
    return _encode(np.asarray(entry.call(request)), request)


def _encode(outputs: np.ndarray, request: Request) -> bytes:
    return np.ascontiguousarray(outputs.astype(FORMATS[request.output_format], copy=False)).tobytes()


def serve(entries: Mapping[str, Entry]) -> None:
    """Answers requests until the input ends."""
    _serve(lambda header, payload: _answer(header, payload, entries))


def _serve(answer: Callable[[Mapping[str, Any], bytes], bytes]) -> None:
    """Gives each request's header and payload to `answer`, until the input ends."""
    # What a framework prints must not get between the replies: only `replies` keeps the pipe.
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    np.seterr(all="ignore")
    requests = sys.stdin.buffer
    while line := requests.readline():
        identity, body = None, b""
        try:
            header = json.loads(line)
            if not isinstance(header, dict):
                raise ValueError("a request is a JSON object")
            identity = header.get("id")
            payload = _read(requests, _size(header, "payload"))
            body = answer(header, payload)
            reply: dict[str, Any] = {"id": identity, "payload": len(body)}
        except Unsupported as reason:
            reply = {"id": identity, "unsupported": str(reason)}
        except Exception as reason:  # the checker goes on, and so does the adapter
            reply = {"id": identity, "error": f"{type(reason).__name__}: {reason}"}
        replies.write(json.dumps(reply).encode() + b"\n" + body)
        replies.flush()
