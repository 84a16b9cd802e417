"""The arguments of a search, looked at before anything is run: what is wrong is one short error."""

from __future__ import annotations

import difflib
import functools
import inspect
import operator
from typing import Any, Mapping, Optional

from ._arrays import format_and_library, named_library, numpy_dtype
from ._errors import InvalidInputError, no_such
from ._rows import BINARY, require_function

_CHOICES = {
    "targets": ("index", "probabilities", "any"),
    "reduction": ("none", "mean", "sum"),
    "framework": ("numpy", "torch", "jax", None),
    "subnormals": ("keep", "flush", None),
    "special_values": ("apart", "strict"),
}


@functools.lru_cache(maxsize=None)
def _catalogue() -> dict[str, Any]:
    from ._values import catalogue

    return catalogue()


def require_arguments(function: str, dtype: Any, arguments: Mapping[str, Any]) -> None:
    """Raises where the arguments of a search, the function's options among them, make no sense."""
    __tracebackhide__ = True
    try:
        _require_all(require_function(function), dtype, arguments)
    except (TypeError, ValueError) as error:
        # Where it was found says nothing to who wrote the argument.
        raise error.with_traceback(None) from None


def _require_all(name: str, dtype: Any, arguments: Mapping[str, Any]) -> None:
    _require_names(name, arguments)
    for argument, choices in _CHOICES.items():
        value = arguments.get(argument, choices[-1])
        if value not in choices:
            names = [choice for choice in choices if choice is not None]
            raise InvalidInputError(no_such(argument, value, names))
    require_claim(arguments.get("claim"), arguments.get("max_ulp"))
    axis = arguments.get("axis", -1)
    if axis not in ((-1,) if name in BINARY else (-1, 0, 1)):
        has = f"{name} has one logit a row" if name in BINARY else "it must be -1, 0 or 1"
        raise InvalidInputError(f"axis is {axis!r}; {has}")
    families = arguments.get("families")
    for family in [families] if isinstance(families, str) else families or []:
        if family not in _catalogue()["families"]:
            raise InvalidInputError(no_such("family", family, _catalogue()["families"]))
    for argument in ("cases", "search", "seed"):
        _require_count(argument, arguments.get(argument))
    classes = arguments.get("classes", (1, 10))
    if not (isinstance(classes, (tuple, list)) and len(classes) == 2):
        raise InvalidInputError(f"classes is {classes!r}; give two numbers, such as (2, 10)")
    if not 1 <= classes[0] <= classes[1] <= 1 << 20:
        raise InvalidInputError("classes go from 1 to 1048576, the least before the greatest")
    _require_dtype(dtype, arguments.get("framework"))
    if arguments.get("output_dtype") is not None:
        _require_dtype(arguments["output_dtype"], arguments.get("framework"))


def _require_names(name: str, arguments: Mapping[str, Any]) -> None:
    """A misspelt argument would else be taken for an option of the function."""
    from ._search import assert_accurate

    parameters = inspect.signature(assert_accurate).parameters.values()
    own = [p.name for p in parameters if p.kind == p.KEYWORD_ONLY]
    options = {function["name"]: function["options"] for function in _catalogue()["functions"]}
    for argument, value in arguments.items():
        if argument in own or argument in options[name] or value is None:
            continue
        if any(argument in others for others in options.values()):
            has = f"it has {', '.join(options[name])}" if options[name] else "it has none"
            raise InvalidInputError(f"{name} has no option {argument}; {has}")
        near = difflib.get_close_matches(argument, [*own, *options[name]], 1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise InvalidInputError(f"{argument} is no argument, and no option of {name}{hint}")


def require_claim(claim: Any, max_ulp: Any) -> None:
    """Raises where what is claimed is no claim."""
    __tracebackhide__ = True
    if max_ulp is not None:
        if claim is not None:
            raise InvalidInputError("give max_ulp or claim, not both")
        if max_ulp != "recorded" and (isinstance(max_ulp, str) or not _is_bound(max_ulp)):
            raise InvalidInputError(f"max_ulp is {max_ulp!r}; it must be a number, 0 or more")
    if claim is None:
        return
    claims = _catalogue()["claims"]
    prefix, _, bound = str(claim).partition(":")
    if not (_is_bound(bound) if prefix == "ulp" else claim in claims):
        raise InvalidInputError(no_such("claim", claim, claims))


def _is_bound(value: Any) -> bool:
    try:
        return float(value) >= 0
    except (TypeError, ValueError):
        return False


def _require_count(argument: str, value: Any) -> None:
    try:
        is_count = value is None or operator.index(value) >= 0
    except TypeError:
        is_count = False
    if not is_count:
        raise InvalidInputError(f"{argument} is {value!r}; it must be a whole number, 0 or more")


def _require_dtype(dtype: Any, framework: Optional[str]) -> None:
    format, library = format_and_library(dtype)
    if framework is not None:
        library = named_library(framework)
    try:
        numpy_dtype(format)
    except TypeError:
        # The search writes its rows with NumPy, whatever the function under test gets.
        if library is None or library.name == "numpy":
            raise
        raise TypeError(f"a search in {format} needs ml_dtypes: pip install ml_dtypes") from None
