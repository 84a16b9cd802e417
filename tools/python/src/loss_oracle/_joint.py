"""A loss and its gradient that one call gives."""

from __future__ import annotations

from typing import Any, Callable

from ._errors import AccuracyError
from ._reports import Report
from ._search import claim_text, search_for_worst
from ._witnesses import witness_text


def assert_loss_and_gradient(
    f: Callable[..., Any], function: str, **arguments: Any
) -> tuple[Report, Report]:
    """Searches for an input at which a loss or its gradient, which one call gives, falls short.

    Args:
        f: Called as in `assert_accurate`; it gives a pair, the loss and its derivatives by the logits.
        function: The loss: "cross-entropy", "binary-cross-entropy", …
        arguments: Those of `assert_accurate`, `reduction` among them.

    Returns:
        The reports on the loss and on the gradient, where both passed.

    Raises:
        AccuracyError: One fell short. The text ends with whether the gradient is that of the loss; the report is
            that of the first that fell short.
    """
    __tracebackhide__ = True
    for name in ("gradient", "report", "replay_line"):
        if name in arguments:
            raise TypeError(f"assert_loss_and_gradient takes no {name}")
    claim = claim_text(arguments.pop("max_ulp", None), arguments.pop("claim", None))
    arguments["known"] = witness_text(arguments.get("known"))
    axis = arguments.get("axis", -1)
    where = "" if axis == -1 else f", axis={axis}"
    arguments["replay"] = (
        f"loss_oracle.replay({getattr(f, '__name__', 'f')}, r'''{{witness}}'''{where})"
    )
    loss, gradient = (
        search_for_worst(f, function, claim=claim, part=part, **arguments) for part in (0, 1)
    )
    if loss.passed and gradient.passed:
        return loss, gradient
    texts = [report.text for report in (loss, gradient)] + [_together(loss, gradient)]
    raise AccuracyError("\n" + "\n\n".join(texts), gradient if loss.passed else loss)


def _together(loss: Report, gradient: Report) -> str:
    """What a loss and a gradient of one call say of each other."""
    short = [report.verdict == "fell short" for report in (loss, gradient)]
    mistakes = [
        [diagnosis["mistake"] for diagnosis in report.data.get("diagnoses", [])]
        for report in (loss, gradient)
    ]
    if short == [False, True] and loss.passed:
        return "inconsistent: the loss is right, and the gradient is not that of it"
    if short == [True, False] and gradient.passed:
        return "inconsistent: the gradient is right, and another loss is given"
    both = [name for name in mistakes[0] if name in mistakes[1]]
    if all(short) and both:
        return f"the gradient is that of the loss given, and both are of another: {', '.join(both)}"
    if all(short) and all(mistakes):
        return "inconsistent: loss and gradient look like different mistakes"
    return "whether the gradient is that of the loss is not known"
