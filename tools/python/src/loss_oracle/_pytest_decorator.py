"""The decorator that makes tests of a loss: one for each dtype."""

from __future__ import annotations

import inspect
from typing import Any, Callable, Optional, Sequence, Union


def accuracy(
    function: str,
    *,
    dtypes: Sequence[Any] = ("float32",),
    max_ulp: Union[float, str, None] = None,
    claim: Optional[str] = None,
    **arguments: Any,
) -> Callable[[Callable[..., Any]], Callable[..., None]]:
    """Makes a test of a loss: pytest gets one item for each dtype, which searches for the worst input.

        @lo.accuracy("cross-entropy", dtypes=["float32", "bfloat16"], max_ulp=2)
        def test_my_loss(logits, target):
            return my_loss(logits, target)

    Args:
        function: What the decorated function computes.
        dtypes: Names or dtypes, as `assert_accurate` takes them.
        max_ulp: The largest error that passes; "recorded" for what stands in
            `loss_oracle_bounds.json` beside the test, which `pytest --loss-oracle-update-bounds`
            renews.
        claim, arguments: As for `assert_accurate`.
    """
    import pytest

    if isinstance(max_ulp, str) and max_ulp != "recorded":
        raise ValueError(f'max_ulp is {max_ulp!r}; give a number or "recorded"')
    names = [
        str(dtype).replace("torch.", "") if _is_torch(dtype) else _name(dtype) for dtype in dtypes
    ]

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
        mark: Any = pytest.mark.parametrize("loss_oracle_dtype", list(dtypes), ids=names)
        marked: Callable[..., None] = mark(test)
        return marked

    return decorate


def _is_torch(dtype: Any) -> bool:
    return type(dtype).__module__.split(".")[0] == "torch"


def _name(dtype: Any) -> str:
    from ._arrays import format_and_library

    return format_and_library(dtype)[0]
