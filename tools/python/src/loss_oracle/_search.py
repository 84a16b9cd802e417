"""The search for the input at which a function is furthest from the exact values."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any, Callable, Optional, Sequence, Union

from ._arguments import require_arguments, require_claim
from ._errors import AccuracyError
from ._reports import Report
from ._rows import options_text
from ._subject import make_subject, warm_up
from ._trial import Trial
from ._witnesses import witness_text


_LAYERS = "linear-cross-entropy"
_LAYER_CASES = 6


def claim_text(max_ulp: Optional[float], claim: Optional[str]) -> str:
    __tracebackhide__ = True
    require_claim(claim, max_ulp)
    return claim or "common" if max_ulp is None else f"ulp:{float(max_ulp)}"


def search_for_worst(
    f: Callable[..., Any],
    function: str,
    *,
    dtype: Any = "float32",
    claim: str = "common",
    framework: Optional[str] = None,
    device: Any = None,
    gradient: bool = False,
    targets: str = "index",
    reduction: str = "none",
    pad_rows: Optional[bool] = None,
    output_dtype: Any = None,
    subnormals: Optional[str] = None,
    special_values: str = "apart",
    families: Optional[Sequence[str]] = None,
    cases: int = 1000,
    search: Optional[int] = None,
    classes: tuple[int, int] = (1, 10),
    seed: int = 1,
    known: Optional[str] = None,
    subject_name: Optional[str] = None,
    again: str = "",
    replay: str = "",
    isolate: Union[bool, str] = False,
    timeout: float = 30.0,
    axis: int = -1,
    part: Optional[int] = None,
    progress: Optional[Callable[[int, int], None]] = None,
    **options: Any,
) -> Report:
    """Runs a trial: what `assert_accurate`, `find_worst` and the command have in common."""
    __tracebackhide__ = True
    require_arguments(
        function,
        dtype,
        dict(
            options,
            claim=claim,
            framework=framework,
            targets=targets,
            reduction=reduction,
            output_dtype=output_dtype,
            subnormals=subnormals,
            special_values=special_values,
            families=families,
            cases=cases,
            search=search,
            classes=classes,
            seed=seed,
            axis=axis,
        ),
    )
    name = subject_name or _name(f)
    if not isolate:
        where: AbstractContextManager[Callable[..., Any]] = nullcontext(f)
    else:
        from ._isolation import IsolatedFunction

        where = IsolatedFunction(f, timeout=timeout)
    least, greatest = classes
    weights = options.get("class_weights", options.get("logit_bias"))
    with where as f:
        subject = make_subject(
            f,
            function,
            dtype,
            framework=framework,
            device=device,
            gradient=gradient,
            targets=targets,
            reduction=reduction,
            pad_rows=pad_rows,
            output_dtype=output_dtype,
            axis=axis,
            part=part,
        )
        specification = {
            "function": subject.name,
            "format": subject.format,
            "options": options_text(options),
            "reduction": reduction,
            "claim": claim,
            "subnormals": subnormals,
            "specialValues": special_values,
            "families": [families] if isinstance(families, str) else families,
            "cases": cases,
            "search": search,
            "leastClasses": least,
            "greatestClasses": greatest,
            "seed": seed,
            "known": known,
            "subject": name,
            "again": again,
            "replay": replay,
            "outputs": None if part is None else ["loss", "gradient"],
        }
        has_upstream = options.get("grad_output") is not None
        warm_up(subject, len(weights) if weights is not None else 3, has_upstream)
        return Trial(subject, specification).run(progress)


def _name(f: Callable[..., Any]) -> str:
    name = getattr(f, "__qualname__", None) or type(f).__qualname__
    return f"{getattr(f, '__module__', '')}.{name}".lstrip(".")


def assert_accurate(
    f: Callable[..., Any],
    function: str,
    *,
    dtype: Any = "float32",
    max_ulp: Optional[float] = None,
    claim: Optional[str] = None,
    gradient: bool = False,
    targets: str = "index",
    reduction: str = "none",
    framework: Optional[str] = None,
    device: Any = None,
    output_dtype: Any = None,
    subnormals: Optional[str] = None,
    special_values: str = "apart",
    families: Optional[Sequence[str]] = None,
    cases: int = 1000,
    search: Optional[int] = None,
    classes: tuple[int, int] = (1, 10),
    seed: int = 1,
    pad_rows: Optional[bool] = None,
    known: Any = None,
    isolate: bool = False,
    timeout: float = 30.0,
    axis: int = -1,
    report: Any = None,
    replay_line: Optional[str] = None,
    **options: Any,
) -> Report:
    """Searches for an input at which a function falls short, and raises with the simplest one.

    Args:
        f: Called as `f(logits)`, or as `f(logits, target)` where the function has a target, on this
            thread, with arrays of the framework: logits [rows] for the functions of one logit,
            else [rows, classes]; targets class indices [rows], or probabilities of the logits'
            shape. It gives a value for each row, or for each class.
        function: What it computes: "cross-entropy", "softmax", … Of "linear-cross-entropy" `f` is called as
            `f(hidden, weight, bias, target)` on layers of its families, the bias None for some; with
            `gradient` the gradients by all three are checked beside the loss; `cases` are 6 at most,
            and what is left of the arguments below does not matter.
        dtype: Of the logits: a name, or a dtype of NumPy, ml_dtypes, PyTorch or JAX, which also says
            what arrays `f` gets.
        max_ulp: The largest error that passes, in ulps. By default `claim`.
        claim: A grade, of those of the command: "correctly-rounded", "faithful" (below 1 ulp), "ulp:2",
            "rounded-from:float32" (or float64: computed wide, stored narrow), "common" (as accurate as
            the usual form, the default).
        gradient: Whether to check the gradient of `f` by the logits, through the framework.
        targets: What targets of the cross-entropy `f` takes: "index", "probabilities" or "any".
        reduction: "mean" or "sum" where `f` gives one value for all rows, or the gradients of it: it gets
            batches of none to some hundred rows, and one of 65,537, and the report is a `BatchReport`.
        framework, device: Where dtype does not say: "numpy", "torch" or "jax"; where arrays lie.
        output_dtype: That `f` must give; by default what it gives on the first call. Errors are
            measured in it.
        subnormals: "keep", or "flush" where hardware has them as 0. By default `claim` says: "common"
            takes 0 for what its forms lose to underflow on the way, and the others none.
        special_values: "strict" to judge infinite and NaN logits by the conventions, too.
        families: Names of families of cases; `catalogue()` has them. By default all usual ones, and
            before them the rows that have broken other implementations.
        cases, search, classes, seed: How many cases of each family and of the search for the worst,
            of how many classes, from which seed.
        pad_rows: Whether the numbers of rows are padded to a few, for compilers; for JAX by default.
        known: Witnesses of before, a dictionary or JSON: tried first.
        isolate: Whether to run `f`, which must be importable, in a process of its own, for code that
            may crash or hang; a call may take `timeout` seconds.
        axis: Where the classes of the arrays that `f` gets are: -1, or 1 of [outer, classes, 3], with
            labels [outer, 3], as PyTorch's losses take them, or 0 of [classes, rows].
        report: A folder to write report.json, report.md and junit.xml to.
        replay_line: What the text is to give as the line that judges a case again.
        options: Options of the function, as `evaluate` takes them; `f` is to apply the same.

    Returns:
        The report, where it passed.

    Raises:
        AccuracyError: It fell short, or not everything could be judged. Exceptions of `f` are
            findings; KeyboardInterrupt, skips of a test and out-of-memory go up, and so does what
            the first call, on four ordinary rows, raises.
    """
    __tracebackhide__ = True
    if function == _LAYERS:
        from ._linear_search import assert_layers

        return assert_layers(  # type: ignore[return-value]
            f,
            dtype=dtype,
            claim=claim_text(max_ulp, claim),
            gradient=gradient,
            reduction=reduction,
            framework=framework,
            device=device,
            families=families,
            cases=min(cases, _LAYER_CASES),
            seed=seed,
            **options,
        )
    if replay_line is None:
        where = "" if axis == -1 else f", axis={axis}"
        replay_line = (
            f"loss_oracle.replay({getattr(f, '__name__', 'f')}, r'''{{witness}}'''{where})"
        )
    result = search_for_worst(
        f,
        function,
        dtype=dtype,
        claim=claim_text(max_ulp, claim),
        gradient=gradient,
        targets=targets,
        reduction=reduction,
        framework=framework,
        device=device,
        output_dtype=output_dtype,
        subnormals=subnormals,
        special_values=special_values,
        families=families,
        cases=cases,
        search=search,
        classes=classes,
        seed=seed,
        pad_rows=pad_rows,
        known=witness_text(known),
        isolate=isolate,
        timeout=timeout,
        axis=axis,
        replay=replay_line,
        **options,
    )
    if report is not None:
        result.save(report, ("json", "markdown", "junit"))
    if not result.passed:
        raise AccuracyError("\n" + result.text, result)
    return result


def find_worst(
    f: Callable[..., Any], function: str, *, dtype: Any = "float32", **arguments: Any
) -> Report:
    """Searches for the input at which a function is furthest from the exact values.

    The arguments are those of `assert_accurate` but for the claim: whatever is found, the report is
    returned. `.worst` is the case of the largest error, `.max_ulp` that error.
    """
    for name in ("max_ulp", "claim", "report", "replay_line"):
        if name in arguments:
            raise TypeError(f"find_worst takes no {name}; it makes no claim")
    __tracebackhide__ = True
    if function == _LAYERS:
        from ._linear_search import search_layers

        return search_layers(f, dtype=dtype, claim="ulp:inf", **arguments)  # type: ignore[return-value]
    arguments["known"] = witness_text(arguments.get("known"))
    return search_for_worst(f, function, dtype=dtype, claim="ulp:inf", **arguments)
