"""Numbers, cases and tables as Markdown."""

from __future__ import annotations

import math
from typing import Any

SHOWN_LOGITS = 4


def ulps(error: float) -> str:
    if math.isinf(error):
        return "∞"
    if error < 1000:
        return f"{error:.2f}"
    mantissa, exponent = f"{error:.1e}".split("e")
    return f"{mantissa}e{int(exponent)}"


def share(value: float) -> str:
    return f"{100 * value:.1f} %"


def count(number: int) -> str:
    return f"{number:,}"


def plural(number: int, one: str, many: str | None = None) -> str:
    return f"{count(number)} {one if number == 1 else many or one + 's'}"


def joined(items: list[str]) -> str:
    if len(items) < 2:
        return "".join(items)
    return ", ".join(items[:-1]) + " and " + items[-1]


def table(heads: list[str], rows: list[list[str]]) -> list[str]:
    lines = [heads, ["---"] * len(heads), *rows]
    return ["| " + " | ".join(each.replace("|", "\\|") for each in line) + " |" for line in lines]


def case(witness: dict[str, Any]) -> str:
    """The input of a witness, such as `(50, 0), t = 0`, and what it gave for what."""
    decimals = witness["decimals"]
    shown = ", ".join(str(each) for each in decimals[:SHOWN_LOGITS])
    if len(decimals) > SHOWN_LOGITS:
        shown += f", … {len(decimals) - SHOWN_LOGITS} more"
    text = f"({shown})"
    if witness.get("label") is not None:
        text += f", t = {witness['label']}"
    elif witness.get("probabilities"):
        text += f", y = {', '.join(str(each) for each in witness['probabilities'][:SHOWN_LOGITS])}"
    return text
