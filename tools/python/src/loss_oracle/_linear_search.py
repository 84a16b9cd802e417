"""A function of a linear layer and its loss under test: layers of all families, held against a claim."""

from __future__ import annotations

import ctypes
import json
from ctypes import byref
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Callable, Optional, Sequence

import numpy as np

from . import _library as c
from ._arrays import BITS, NUMPY, as_array, format_and_library, named_library
from ._errors import AccuracyError, InvalidInputError, Unsupported
from ._linear import PARAMETERS, _Layer
from ._rows import pointer

NAME = "linear-cross-entropy"
FAMILIES = ("normal", "cancelling-sums", "huge-row", "tied-logits", "confident", "ignored-rows")
_SIZES = ((1, 2, 1), (3, 5, 8), (8, 40, 16), (17, 130, 33), (33, 300, 64), (64, 1000, 24))


@dataclass
class LinearReport:
    """What was found of a function of a linear layer."""

    verdict: str
    """ "passed", "fell short" or "incomplete": nothing could be compared."""
    max_ulp: float
    layers: int
    text: str
    mistakes: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        return self.verdict == "passed"


def _drawn(family: str, format: str, size: tuple[int, int, int], bias: bool, seed: int) -> list[Any]:
    """The bits of hidden, weight and bias, and the labels."""
    rows, classes, width = size
    hidden = np.empty((rows, width), BITS[format])
    weight = np.empty((classes, width), BITS[format])
    biases = np.empty(classes, BITS[format]) if bias else None
    labels = np.empty(rows, np.int64)
    c.checked(
        c.library().lo_layer_draw(
            family.encode(),
            format.encode(),
            rows,
            classes,
            width,
            seed,
            pointer(hidden),
            pointer(weight),
            None if biases is None else pointer(biases),
            pointer(labels),
        )
    )
    return [hidden, weight, biases, labels]


def _judged(layer: _Layer, out: np.ndarray, claim: str) -> dict[str, Any]:
    text = ctypes.c_uint64()
    bits = np.ascontiguousarray(out)
    c.checked(
        c.library().lo_layer_check(
            byref(layer.question),
            byref(layer.layer),
            layer.parameter,
            pointer(bits),
            layer.count,
            claim.encode(),
            byref(text),
        )
    )
    verdict: dict[str, Any] = json.loads(c.read_text(text))
    return verdict


def search_layers(
    f: Callable[..., Any],
    *,
    dtype: Any = "float32",
    claim: str = "common",
    gradient: bool = False,
    reduction: str = "none",
    framework: Optional[str] = None,
    device: Any = None,
    families: Optional[Sequence[str]] = None,
    cases: int = 6,
    seed: int = 1,
    **options: Any,
) -> LinearReport:
    """Calls `f(hidden, weight, bias, target)` on layers of each family; with `gradient` its gradients are checked, too."""
    __tracebackhide__ = True
    format, given = format_and_library(dtype)
    library = named_library(framework) if framework is not None else given or NUMPY
    if format not in ("float16", "bfloat16", "float32"):
        raise InvalidInputError(f"a linear layer is in at most 32 bits, not {format}")
    names = [families] if isinstance(families, str) else list(families or FAMILIES)
    if "ignore_index" not in options and families is None:
        names.remove("ignored-rows")
    lines: list[str] = []
    mistakes: list[str] = []
    greatest, layers, compared, failed = 0.0, 0, 0, False
    for family in names:
        for case in range(cases):
            weights = options.get("class_weights")
            rows, classes, width = _SIZES[case % len(_SIZES)]
            size = (rows, len(weights) if weights is not None else classes, width)
            drawn = _drawn(family, format, size, case % 2 == 0, seed + case)
            arrays = [
                None if bits is None else library.from_bits(bits.copy(), format, device)
                for bits in drawn[:3]
            ]
            hidden, weight, bias = arrays
            labels = drawn[3]
            target = library.from_integers(labels.copy(), device)
            layers += 1
            calls: list[tuple[Optional[str], Callable[[], Any]]] = [
                (None, lambda: f(hidden, weight, bias, target))
            ]
            if gradient:
                others: list[tuple[str, Callable[..., Any], Any]] = [
                    ("hidden", lambda x: f(x, weight, bias, target), hidden),
                    ("weight", lambda x: f(hidden, x, bias, target), weight),
                    ("bias", lambda x: f(hidden, weight, x, target), bias),
                ]
                calls += [
                    (name, partial(library.gradient, g, x, ()))
                    for name, g, x in others
                    if x is not None
                ]
            for parameter, call in calls:
                what = f"{family}, {size[0]} rows, {size[1]} classes, d = {size[2]}"
                try:
                    value = call()
                except Unsupported:
                    continue
                array, own, own_format = as_array(value, "what the function gave", like=format)
                layer = _Layer(
                    hidden,
                    weight,
                    labels,
                    bias,
                    parameter,
                    reduction,
                    "nearest-even",
                    own_format,
                    options,
                )
                bits = own.to_numpy(array)
                if bits.shape != layer.output_shape:
                    failed = True
                    lines.append(f"{what}: gave shape {bits.shape} instead of {layer.output_shape}")
                    break
                verdict = _judged(layer, bits, claim)
                greatest = max(greatest, float(verdict["maxUlp"]))
                compared += verdict["verdict"] != "incomplete"
                if verdict["verdict"] == "fell short":
                    failed = True
                    if len(lines) < 8:
                        lines.append(f"{what}, seed {seed + case}:\n{verdict['text'].rstrip()}")
                    for mistake in verdict["mistakes"]:
                        lines.append(f"  mistake: {mistake}")
                        mistakes.append(mistake)
    outcome = "fell short" if failed else "passed" if compared else "incomplete"
    lines.append(f"{NAME} in {format}, {layers} layers, claimed {claim}: {outcome}")
    return LinearReport(outcome, greatest, layers, "\n".join(lines), mistakes)


def assert_layers(f: Callable[..., Any], *, claim: str, **arguments: Any) -> LinearReport:
    """What `assert_accurate` does for a linear layer."""
    __tracebackhide__ = True
    report = search_layers(f, claim=claim, **arguments)
    if not report.passed:
        raise AccuracyError("\n" + report.text, report)  # type: ignore[arg-type]
    return report


__all__ = ["FAMILIES", "NAME", "PARAMETERS", "LinearReport", "assert_layers", "search_layers"]
