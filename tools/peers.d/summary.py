"""What the measurements say, in a few sentences."""

from __future__ import annotations

import math

import text
from measurement import Measurement

def sentences(done: list[Measurement], ordinary: str) -> list[str]:
    said = [_failures(done)]
    for function, what in (
        ("cross-entropy", "The cross-entropy of a row of logits"),
        ("binary-cross-entropy", "The binary cross-entropy of a logit"),
    ):
        found = [each for each in done if (each.function, each.format) == (function, "float32")]
        if len(found) > 1:
            said.append(_range(what, found, ordinary))
    beyond = [each for each in done if each.findings]
    if beyond:
        said.append(
            f"{_combinations(beyond)} {'has' if len(beyond) == 1 else 'have'} errors that the rounding of the common form does not explain: "
            f"{text.joined(_grouped(beyond))}.")
    within = [each for each in done if each.error <= 1]
    if within:
        said.append(
            f"No error above 1 ulp was found in {_combinations(within)}: {text.joined(_grouped(within))}.")
    return said


def _failures(done: list[Measurement]) -> str:
    infinite = [each for each in done if each.non_finite]
    signs = [each for each in done if each.wrong_signs]
    said = f"Of {_combinations(done)} of framework, function and format, {text.count_or_none(len(infinite))} "
    said += f"{'gives' if len(infinite) < 2 else 'give'} an infinity or NaN where the value is finite"
    said += f" ({text.joined(_names(infinite))})" if infinite else ""
    said += f", and {text.count_or_none(len(signs))} a value of the wrong sign"
    return said + (f" ({text.joined(_names(signs))})." if signs else ".")


def _range(what: str, found: list[Measurement], ordinary: str) -> str:
    said = f"{what} in float32"
    errors = {
        each.peer.name: text.ulps(error) for each in found
        if (error := each.error_in(ordinary)) is not None and math.isfinite(error)}
    if errors:
        ends = [
            f"{end} ulp ({text.joined([name for name, error in errors.items() if error == end])})"
            for end in (min(errors.values(), key=float), max(errors.values(), key=float))]
        said += f", where logits are normally distributed, has a largest error between {' and '.join(ends)}"
    lost = [each for each in found if each.loses_all]
    if len(lost) == len(found):
        return f"{said}; in each of the {len(found)} frameworks there are rows of which not one bit is right."
    if lost:
        return f"{said}; there are rows of which not one bit is right in {text.joined(_names(lost))}."
    worst = max(found, key=lambda each: each.finite_error)
    return (
        f"{said}; the largest finite error found anywhere is {text.ulps(worst.finite_error)} ulp, in "
        f"{worst.peer.name}.")


def _combinations(measurements: list[Measurement]) -> str:
    return text.plural(len(measurements), "combination")


def _names(measurements: list[Measurement]) -> list[str]:
    return list(dict.fromkeys(each.peer.name for each in measurements))


def _grouped(measurements: list[Measurement]) -> list[str]:
    """The functions of each framework."""
    functions: dict[str, list[str]] = {}
    for each in measurements:
        known = functions.setdefault(each.peer.name, [])
        if each.function not in known:
            known.append(each.function)
    return [f"{name} ({', '.join(known)})" for name, known in functions.items()]
