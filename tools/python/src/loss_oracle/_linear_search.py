"""A function of a linear layer and its loss under test: layers of all families, held against a claim."""

from __future__ import annotations

import ctypes
import json
from ctypes import byref
from dataclasses import dataclass, field
from typing import Any, Callable, Iterator, Optional, Sequence

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
class LinearCase:
    """A layer at which a function falls short, made as small as it was found to."""

    hidden: Any
    weight: Any
    bias: Any
    target: Any
    with_respect_to: Optional[str]
    """What the wrong gradient is by; None where it is the loss."""


@dataclass
class LinearReport:
    """What was found of a function of a linear layer."""

    verdict: str
    """ "passed", "fell short" or "incomplete": nothing could be compared."""
    max_ulp: float
    layers: int
    text: str
    mistakes: list[str] = field(default_factory=list)
    worst: Optional[LinearCase] = None
    """The first layer that falls short, shrunk."""

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


@dataclass
class _Question:
    """A function and what is asked of it."""

    f: Callable[..., Any]
    library: Any
    format: str
    device: Any
    claim: str
    reduction: str
    options: dict[str, Any]

    def arrays(self, bits: list[Any]) -> list[Any]:
        """What the function is called with."""
        numbers = [
            None if each is None else self.library.from_bits(each.copy(), self.format, self.device)
            for each in bits[:3]
        ]
        return [*numbers, self.library.from_integers(bits[3].copy(), self.device)]

    def verdict(self, bits: list[Any], parameter: Optional[str]) -> Optional[dict[str, Any]]:
        """What the loss, or a gradient of it, comes to; None where the function does not have it."""
        hidden, weight, bias, target = self.arrays(bits)
        given = {"hidden": hidden, "weight": weight, "bias": bias}

        def loss(x: Any = None) -> Any:
            numbers = given if parameter is None else {**given, parameter: x}
            return self.f(numbers["hidden"], numbers["weight"], numbers["bias"], target)

        try:
            value = (
                loss() if parameter is None else self.library.gradient(loss, given[parameter], ())
            )
        except Unsupported:
            return None
        array, own, own_format = as_array(value, "what the function gave", like=self.format)
        layer = _Layer(
            hidden,
            weight,
            bits[3],
            bias,
            parameter,
            self.reduction,
            "nearest-even",
            own_format,
            self.options,
        )
        out = own.to_numpy(array)
        if out.shape != layer.output_shape:
            text = f"gave shape {out.shape} instead of {layer.output_shape}"
            return {"verdict": "fell short", "text": text, "maxUlp": "0", "mistakes": []}
        return _judged(layer, out, self.claim)

    def fails(self, bits: list[Any], parameter: Optional[str]) -> bool:
        try:
            verdict = self.verdict(bits, parameter)
        except InvalidInputError:
            return False
        return verdict is not None and verdict["verdict"] == "fell short"

    def shrunk(self, bits: list[Any], parameter: Optional[str]) -> list[Any]:
        """A smaller layer that fails, too: fewer rows, features and classes as long as that goes."""
        effort, found = 60, True
        while found:
            found = False
            for candidate in _smaller(bits, "class_weights" not in self.options):
                effort -= 1
                if effort < 0:
                    return bits
                if self.fails(candidate, parameter):
                    bits, found = candidate, True
                    break
        return bits


def _smaller(bits: list[Any], fewer_classes: bool) -> Iterator[list[Any]]:
    """Layers with fewer rows, features or classes, the smallest first."""
    hidden, weight, bias, labels = bits

    def parts(count: int) -> list[slice]:
        if count < 2:
            return []
        ends = [slice(0, 1), slice(count - 1, count)] if count > 2 else []
        return ends + [slice(0, count // 2), slice(count // 2, count)]

    for rows in parts(len(labels)):
        yield [hidden[rows], weight, bias, labels[rows]]
    for features in parts(hidden.shape[1]):
        yield [hidden[:, features], weight[:, features], bias, labels]
    for classes in parts(len(weight)) if fewer_classes else []:
        shifted = np.where(labels < 0, labels, labels - classes.start)
        if (((0 <= shifted) & (shifted < classes.stop - classes.start)) | (labels < 0)).all():
            yield [hidden, weight[classes], None if bias is None else bias[classes], shifted]


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
    """Calls `f(hidden, weight, bias, target)` on layers of each family; with `gradient` its gradients are checked, too.

    The first layer that falls short is shrunk to few rows, features and classes.
    """
    __tracebackhide__ = True
    format, given = format_and_library(dtype)
    library = named_library(framework) if framework is not None else given or NUMPY
    if format not in ("float16", "bfloat16", "float32"):
        raise InvalidInputError(f"a linear layer is in at most 32 bits, not {format}")
    names = [families] if isinstance(families, str) else list(families or FAMILIES)
    if "ignore_index" not in options and families is None:
        names.remove("ignored-rows")
    question = _Question(f, library, format, device, claim, reduction, options)
    lines: list[str] = []
    mistakes: list[str] = []
    worst: Optional[LinearCase] = None
    greatest, layers, compared, failed = 0.0, 0, 0, False
    for family in names:
        for case in range(cases):
            weights = options.get("class_weights")
            rows, classes, width = _SIZES[case % len(_SIZES)]
            size = (rows, len(weights) if weights is not None else classes, width)
            bits = _drawn(family, format, size, case % 2 == 0, seed + case)
            layers += 1
            for parameter in [None, *PARAMETERS] if gradient else [None]:
                if parameter == "bias" and bits[2] is None:
                    continue
                verdict = question.verdict(bits, parameter)
                if verdict is None:
                    continue
                greatest = max(greatest, float(verdict["maxUlp"]))
                compared += verdict["verdict"] != "incomplete"
                if verdict["verdict"] != "fell short":
                    continue
                if len(lines) < 8:
                    what = f"{family}, {size[0]} rows, {size[1]} classes, d = {size[2]}"
                    lines.append(f"{what}, seed {seed + case}:\n{verdict['text'].rstrip()}")
                for mistake in verdict["mistakes"]:
                    lines.append(f"  mistake: {mistake}")
                    mistakes.append(mistake)
                if not failed:
                    small = question.shrunk(bits, parameter)
                    hidden, weight, bias, target = question.arrays(small)
                    worst = LinearCase(hidden, weight, bias, target, parameter)
                    lines.append(_shown(worst, small))
                failed = True
    outcome = "fell short" if failed else "passed" if compared else "incomplete"
    lines.append(f"{NAME} in {format}, {layers} layers, claimed {claim}: {outcome}")
    return LinearReport(outcome, greatest, layers, "\n".join(lines), mistakes, worst)


def _shown(case: LinearCase, bits: list[Any]) -> str:
    """A shrunk layer in a few lines, its numbers where they are few."""
    rows, width = bits[0].shape
    text = f"  shrunk to {rows} rows, {len(bits[1])} classes, d = {width}"
    if bits[0].size + bits[1].size > 32:
        return text
    for name in ("hidden", "weight", "bias", "target"):
        value = getattr(case, name)
        if value is not None:
            text += f"\n    {name} = {value.tolist()}"
    return text


def assert_layers(f: Callable[..., Any], *, claim: str, **arguments: Any) -> LinearReport:
    """What `assert_accurate` does for a linear layer."""
    __tracebackhide__ = True
    report = search_layers(f, claim=claim, **arguments)
    if not report.passed:
        raise AccuracyError("\n" + report.text, report)  # type: ignore[arg-type]
    return report


__all__ = ["FAMILIES", "NAME", "PARAMETERS", "LinearCase", "LinearReport", "assert_layers", "search_layers"]
