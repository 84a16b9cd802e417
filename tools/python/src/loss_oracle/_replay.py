"""Cases that have failed, judged again."""

from __future__ import annotations

import json
from typing import Any, Callable, Optional

from ._errors import AccuracyError, InvalidInputError
from ._reports import Report
from ._search import assert_accurate, claim_text, search_for_worst
from ._witnesses import witness_text


def described(text: Optional[str]) -> tuple[str, dict[str, Any], list[int]]:
    """What witnesses are of: a function, the arguments of a search for it, and which of the outputs of one call
    (0 the loss, 1 its gradient) where there are two."""
    try:
        witnesses = json.loads(text or "{}")["witnesses"]
        first = witnesses[0]
        function, format = first["function"], first["format"]
        options = json.loads(first.get("options") or "{}")
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise InvalidInputError("there is no witness to replay") from error
    arguments = {
        "dtype": format,
        "claim": first.get("claim", "common"),
        "output_dtype": first.get("outputFormat"),
        "subnormals": first.get("subnormals"),
        "special_values": first.get("specialValues", "apart"),
        "reduction": first.get("reduction", "none"),
        "families": [],
        "search": 0,
        "known": text,
        **options,
    }
    joint = {w["function"] for w in witnesses if w.get("outputs") and first.get("outputs")}
    parts = sorted({int(name.endswith("-gradient")) for name in joint})
    if parts and function.endswith("-gradient"):
        function = function[: -len("-gradient")]
    return function, arguments, parts


def replay(
    f: Callable[..., Any],
    witnesses: Any,
    *,
    dtype: Any = None,
    max_ulp: Optional[float] = None,
    claim: Optional[str] = None,
    **arguments: Any,
) -> Report:
    """Judges cases again that have failed: what a failure's text ends with.

    Args:
        f: As it was when they failed: one that gives a loss and its gradient where they are of such a call.
        witnesses: A file of witnesses, as a path, JSON or a dictionary, all of one function and format.
        dtype: As for `assert_accurate`; by default NumPy's of the witnesses' format.

    Raises:
        AccuracyError: Where one fails still.
    """
    function, given, parts = described(witness_text(witnesses))
    if dtype is not None:
        given["dtype"] = dtype
    if max_ulp is not None or claim is not None:
        given["claim"] = claim_text(max_ulp, claim)
    given.update(arguments)
    if not parts:
        return assert_accurate(f, function, **given)
    reports = [search_for_worst(f, function, part=part, **given) for part in parts]
    short = [report for report in reports if not report.passed]
    if short:
        raise AccuracyError("\n" + "\n\n".join(report.text for report in short), short[0])
    return reports[-1]
