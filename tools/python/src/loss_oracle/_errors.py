"""What can go wrong."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any, Sequence

if TYPE_CHECKING:
    from ._reports import Report


class LossOracleError(Exception):
    """An error of the library; its text says what was wrong and what to do."""


class InvalidInputError(LossOracleError, ValueError):
    """Arguments that do not go together, or numbers that the function is not defined for."""


class UndecidedError(LossOracleError, ArithmeticError):
    """No theorem settles an exact value, as can be with the focal loss, and the search for it gave up."""


class UndecidedWarning(UserWarning):
    """Some exact values are undecided; what depends on them is NaN."""


class ForkedError(LossOracleError, RuntimeError):
    """A trial was begun in a forked child; use the "spawn" start method, or begin it in the parent."""


class Unsupported(Exception):
    """To be raised by a function under test for rows that it does not take: they are left out."""


class AccuracyError(AssertionError):
    """A function under test fell short of its claim, or not all of it could be judged.

    Its text has each failure with the simplest input found, in decimal and in hexadecimal.
    """

    def __init__(self, text: str, report: Report) -> None:
        super().__init__(text)
        #: What was found.
        self.report = report

    def __reduce__(self) -> tuple[object, ...]:
        return (AccuracyError, (self.args[0], self.report))


def no_such(what: str, name: Any, names: Sequence[str]) -> str:
    """The text for a name that there is not: the one that was meant, or all."""
    near = difflib.get_close_matches(str(name), names, 1)
    hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(names)}"
    return f"there is no {what} {name!r}; {hint}"


# Tracebacks name them as they are imported.
for _error in (
    LossOracleError,
    InvalidInputError,
    UndecidedError,
    UndecidedWarning,
    ForkedError,
    Unsupported,
    AccuracyError,
):
    _error.__module__ = "loss_oracle"
