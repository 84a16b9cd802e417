"""Numbers, cases and tables as Markdown."""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np
from peer import ADAPTERS

sys.path.insert(0, str(ADAPTERS))
from protocol import FORMATS

SHOWN = 4


def ulps(error: float) -> str:
    if math.isinf(error):
        return "∞"
    if error < 1000:
        return f"{error:.2f}"
    mantissa, exponent = f"{error:.1e}".split("e")
    return f"{mantissa}e{int(exponent)}"


def number(ulps: str) -> float:
    """What `ulps` has written."""
    return math.inf if ulps == "∞" else float(ulps)


def share(value: float) -> str:
    return f"{100 * value:.1f} %"


def count(number: int) -> str:
    return f"{number:,}"


def count_or_none(number: int) -> str:
    return count(number) if number else "none"


def plural(number: int, one: str, many: str | None = None) -> str:
    return f"{count(number)} {one if number == 1 else many or one + 's'}"


def joined(items: list[str]) -> str:
    if len(items) < 2:
        return "".join(items)
    return ", ".join(items[:-1]) + " and " + items[-1]


def table(heads: list[str], rows: list[list[str]]) -> list[str]:
    lines = [heads, ["---"] * len(heads), *rows]
    return ["| " + " | ".join(each.replace("|", "\\|") for each in line) + " |" for line in lines]


def records(rows: list[list[str]] | None) -> list[dict[str, str]]:
    """The rows of a table by the names of its columns."""
    heads, *rest = rows or [[]]
    return [dict(zip(heads, row)) for row in rest]


def row(decimals: list[str], label: int | None, probabilities: list[str] | None, format: str) -> str:
    """The input of a case, such as `(50, 0), t = 0`."""
    if label is not None:
        return f"{values(decimals)}, t = {label}"
    if probabilities:
        targets = [decimal(each, format) for each in probabilities]
        return f"{values(decimals)}, y = {targets[0] if len(decimals) == 1 else values(targets)}"
    return values(decimals)


def values(decimals: list[str]) -> str:
    rest = len(decimals) - SHOWN
    return f"({', '.join(decimals[:SHOWN])}{f' and {rest} more' if rest > 0 else ''})"


def decimal(hexadecimal: str, format: str) -> str:
    """The shortest decimal that reads back as a number of the format."""
    exact = float.fromhex(hexadecimal)
    for digits in range(1, 17):
        text = f"{exact:.{digits}g}"
        if np.array(float(text)).astype(FORMATS[format]).astype(float) == exact:
            return text
    return repr(exact)


def case(witness: dict[str, Any], format: str) -> str:
    """A case of a report, what it gave and the correctly rounded value."""
    if witness["logitDecimals"]:
        label, probabilities = witness.get("label"), witness.get("probabilities")
        text = row(witness["logitDecimals"], label, probabilities, format)
    else:
        text = f"a row of {count(witness['logitCount'])}"
    if witness["output"]:
        text += f", output {witness['output']}"
    return f"{text}: {witness['computedDecimal']} for {witness['exactDecimal']}"
