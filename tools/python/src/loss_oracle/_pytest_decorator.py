"""The decorator that makes tests of a loss: one for each dtype."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import Any, Callable, Optional, Union


def accuracy(
    function: str,
    *,
    dtypes: Any = None,
    dtype: Any = None,
    max_ulp: Union[float, str, None] = None,
    claim: Optional[str] = None,
    **arguments: Any,
) -> Callable[[Callable[..., Any]], Callable[..., None]]:
    """Makes a test of a loss: pytest gets one item for each dtype, which searches for the worst input.

        @lo.accuracy("cross-entropy", dtypes=["float32", "float64"])
        def test_my_loss(logits, target):
            return my_loss(logits, target)

    Args:
        function: What the decorated function computes.
        dtypes: Names or dtypes, as `assert_accurate` takes them, or one; float32 by default. `dtype` is
            another name for it.
        max_ulp: The largest error that passes; "recorded" for what stands in
            `loss_oracle_bounds.json` beside the test, which `pytest --loss-oracle-update-bounds`
            renews.
        claim, arguments: As for `assert_accurate`.

    Raises:
        InvalidInputError, TypeError: Arguments that are wrong, before any test runs.
    """
    __tracebackhide__ = True
    import pytest

    from ._arguments import require_arguments
    from ._arrays import format_and_library
    from ._errors import InvalidInputError

    if callable(function):
        raise InvalidInputError('say what is computed: @loss_oracle.accuracy("cross-entropy")')
    if dtypes is not None and dtype is not None:
        raise InvalidInputError("give dtypes or dtype, not both")
    chosen = dtype if dtypes is None else dtypes
    several = _listed("float32" if chosen is None else chosen)
    if not several:
        raise InvalidInputError("dtypes is empty: there would be no test")
    for one in several:
        require_arguments(function, one, dict(arguments, claim=claim, max_ulp=max_ulp))
    names = [format_and_library(one)[0] for one in several]

    def decorate(f: Callable[..., Any]) -> Callable[..., None]:
        parameters = list(inspect.signature(f).parameters)
        settings = dict(arguments, max_ulp=max_ulp, claim=claim)

        if parameters[:1] == ["self"]:

            def test_method(self: Any, loss_oracle: Any, loss_oracle_dtype: Any) -> None:
                __tracebackhide__ = True
                bound = f.__get__(self)
                loss_oracle.assert_accurate(bound, function, dtype=loss_oracle_dtype, **settings)

            test: Callable[..., None] = test_method
        else:

            def test_function(loss_oracle: Any, loss_oracle_dtype: Any) -> None:
                __tracebackhide__ = True
                loss_oracle.assert_accurate(f, function, dtype=loss_oracle_dtype, **settings)

            test = test_function
        # Not functools.wraps: pytest would look through it, and take logits for a fixture.
        test.__name__ = f.__name__
        test.__qualname__ = f.__qualname__
        test.__module__ = f.__module__
        test.__doc__ = f.__doc__
        marks = getattr(f, "pytestmark", None)
        if marks:
            setattr(test, "pytestmark", list(marks))
        mark: Any = pytest.mark.parametrize("loss_oracle_dtype", several, ids=names)
        marked: Callable[..., None] = mark(test)
        return marked

    return decorate


def _listed(dtypes: Any) -> list[Any]:
    is_one = isinstance(dtypes, (str, type)) or not isinstance(dtypes, Iterable)
    return [dtypes] if is_one else list(dtypes)
