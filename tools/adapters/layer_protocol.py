"""Questions about a linear layer fused with its loss, over the live protocol, version 2.

A header has `width` beside `rows` and `classes`, and `with_respect_to` where the function is
`linear-cross-entropy-gradient`. The payload is hidden [rows, width], weight [classes, width], with `"bias":true` the
bias [classes], the labels as 32-bit integers, and with `"grad_output":"row"` a number for each row.

    def losses(layer: Layer) -> np.ndarray: ...
    serve(losses, formats={"float32"}, options={"softcap"})
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from protocol import FORMATS, Unsupported, _number, _serve, _size


@dataclass(frozen=True)
class Layer:
    """What is asked: the loss, or the gradient by `with_respect_to`, with a reduction and options."""

    with_respect_to: str | None
    format: str
    output_format: str
    hidden: np.ndarray
    weight: np.ndarray
    bias: np.ndarray | None
    labels: np.ndarray
    grad_output: np.ndarray | None
    reduction: str
    options: Mapping[str, Any]

    def number(self, option: str, otherwise: float | None = None) -> float | None:
        """An option's value: a JSON number, or a decimal or hexadecimal string."""
        return _number(self.options[option]) if option in self.options else otherwise


def _decode(header: Mapping[str, Any], payload: bytes) -> Layer:
    function, by = header.get("function"), header.get("with_respect_to")
    if header.get("protocol") != 2 or function not in (
            "linear-cross-entropy", "linear-cross-entropy-gradient"):
        raise Unsupported(f"function {function!r} of protocol {header.get('protocol')!r}")
    if (function == "linear-cross-entropy") != (by is None):
        raise ValueError(f"{function} with respect to {by!r}")
    name = header.get("format")
    output = header.get("output_format", name)
    for each in (name, output):
        if each not in FORMATS:
            raise Unsupported(f"format {each!r}")
    rows, classes, width = (_size(header, each) for each in ("rows", "classes", "width"))
    numbers = [rows * width, classes * width, classes if header.get("bias") else 0]
    size, start, parts = FORMATS[name].itemsize, 0, []
    if header.get("grad_output") not in (None, "row"):
        raise Unsupported(f"grad_output {header['grad_output']!r}")
    counts = [(each, size) for each in numbers] + [
        (rows, 4), (rows if "grad_output" in header else 0, size)]
    if sum(count * each for count, each in counts) != len(payload):
        raise ValueError(f"payload of {len(payload)} bytes")
    for place, (count, each) in enumerate(counts):
        dtype = "<i4" if place == 3 else FORMATS[name]
        parts.append(np.frombuffer(payload[start:start + count * each], dtype).copy())
        start += count * each
    hidden, weight, bias, labels, grad_output = parts
    return Layer(
        by, name, output, hidden.reshape(rows, width), weight.reshape(classes, width),
        bias if header.get("bias") else None, labels.astype(np.int64),
        grad_output if "grad_output" in header else None, header.get("reduction", "none"),
        dict(header.get("options") or {}))


def serve(
    compute: Callable[[Layer], np.ndarray], formats: Collection[str], options: Collection[str] = (),
    denominators: Collection[str] = ()
) -> None:
    """Answers questions until the input ends. A mean divides by one of the `denominators`, where the question names one."""

    def answer(header: Mapping[str, Any], payload: bytes) -> bytes:
        layer = _decode(header, payload)
        if layer.format not in formats:
            raise Unsupported(f"the layer in {layer.format}")
        for option, value in layer.options.items():
            if option not in options and (option != "denominator" or value not in denominators):
                raise Unsupported(f"option {option}={value!r}")
        outputs = np.asarray(compute(layer)).astype(FORMATS[layer.output_format], copy=False)
        return np.ascontiguousarray(outputs).tobytes()

    _serve(answer)
