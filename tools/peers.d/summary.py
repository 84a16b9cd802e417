"""What the table says, in a few sentences."""

from __future__ import annotations

import text

INFINITE = "∞"


def sentences(table: list[dict[str, str]], beyond: list[dict[str, str]]) -> list[str]:
    said = [_failures(table)]
    for function, what in (
        ("cross-entropy", "The cross-entropy of several classes"),
        ("binary-cross-entropy", "The binary cross-entropy"),
    ):
        found = [each for each in table if (each["function"], each["format"]) == (function, "float32")]
        if len(found) > 1:
            said.append(_range(what, found))
    if beyond:
        said.append(
            f"{_have(len(beyond))} errors that the rounding of the common form does not explain: "
            f"{text.joined(_names(beyond))}.")
    within = [each for each in table if text.number(each["worst"]) <= 1]
    if within:
        said.append(f"{_have(len(within))} no error above 1 ulp: {text.joined(_grouped(within))}.")
    return said


def _failures(table: list[dict[str, str]]) -> str:
    said = f"{text.plural(len(table), 'combination')} of framework, function and format were checked."
    for column, what in (
        ("infinite or NaN", "an infinity or NaN where the exact value is finite"),
        ("wrong sign", "a value of the wrong sign"),
    ):
        found = [each for each in table if each[column] != "0"]
        said += f" {text.count_or_none(len(found)).capitalize()} {'gives' if len(found) == 1 else 'give'} {what}"
        said += f": {text.joined(_names(found))}." if found else "."
    return said


def _range(what: str, found: list[dict[str, str]]) -> str:
    said = f"{what} in float32"
    known = [each for each in found if each["worst on normal logits"] not in ("", INFINITE)]
    if known:
        known.sort(key=lambda each: text.number(each["worst on normal logits"]))
        ends = []
        for end in (known[0], known[-1]):
            error = end["worst on normal logits"]
            same = [each for each in known if each["worst on normal logits"] == error]
            ends.append(f"{error} ulp ({text.joined(_names(same))})")
        said += f", on normally distributed logits: the worst error is from {' to '.join(ends)}"
    best = min(found, key=lambda each: text.number(each["worst"]))
    return f"{said}. On the hardest rows it is {best['worst']} ulp at the best ({best['framework']})."


def _have(number: int) -> str:
    return f"{text.plural(number, 'combination')} {'has' if number == 1 else 'have'}"


def _names(rows: list[dict[str, str]]) -> list[str]:
    return list(dict.fromkeys(each["framework"] for each in rows))


def _grouped(rows: list[dict[str, str]]) -> list[str]:
    """The functions of each framework."""
    functions: dict[str, list[str]] = {}
    for each in rows:
        known = functions.setdefault(each["framework"], [])
        if each["function"] not in known:
            known.append(each["function"])
    return [f"{name} ({', '.join(known)})" for name, known in functions.items()]
