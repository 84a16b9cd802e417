"""The search for the input at which a function is furthest from the exact values."""

from __future__ import annotations

import ctypes
import json
import math
import os
import time
import unittest
from ctypes import byref, c_char, c_uint64
from typing import Any, Callable, Optional, Sequence, Union

import numpy as np

from . import _library as c
from ._arrays import BITS, NUMPY, Library, format_and_library, library_of, named_library, numpy_dtype
from ._errors import AccuracyError, InvalidInputError, Unsupported
from ._reports import Report
from ._rows import BINARY, CATEGORICAL, WITH_TARGET, options_text, require_function

#: How long one wait for rows may take: signals are seen in between.
_PATIENCE = 0.05
#: Rows that raise are looked for one by one: so many in a batch, and so many seconds in all.
_FAILURES_OF_A_BATCH = 4
_SECONDS_FOR_FAILURES = 20.0
#: The numbers of rows that compilers get.
_PADDED = (32, 512, 4096)

Claim = Union[str, float, None]


class Subject:
    """A function under test, as it is called."""

    def __init__(
        self,
        function: Callable[..., Any],
        name: str,
        format: str,
        *,
        library: Library,
        device: Any = None,
        gradient: bool = False,
        targets: str = "index",
        reduction: str = "none",
        pad_rows: Optional[bool] = None,
        output_format: Optional[str] = None,
    ) -> None:
        if not callable(function):
            raise TypeError(f"the function under test is {type(function).__name__}, not callable")
        if targets not in ("index", "probabilities", "any"):
            raise ValueError(f"targets is {targets!r}; there are 'index', 'probabilities', 'any'")
        if reduction not in ("none", "mean", "sum"):
            raise ValueError(f"reduction is {reduction!r}; there are 'none', 'mean', 'sum'")
        self.function = function
        self.name = name
        self.format = format
        self.library = library
        self.device = device
        self.gradient = gradient
        self.targets = targets
        self.row_by_row = reduction != "none"
        self.pads = (library.name == "jax") if pad_rows is None else pad_rows
        self.output_format = output_format

    def call(
        self, logits: np.ndarray, labels: Optional[np.ndarray], probabilities: Optional[np.ndarray]
    ) -> Any:
        """What the function gives for rows, each array its own."""
        arguments: list[Any] = []
        if labels is not None:
            arguments.append(self.library.from_integers(labels.astype(np.int64), self.device))
        elif probabilities is not None:
            arguments.append(
                self.library.from_bits(probabilities.copy(), self.format, self.device)
            )
        x = self.library.from_bits(logits.copy(), self.format, self.device)
        with np.errstate(all="ignore"):
            if self.gradient:
                return self.library.gradient(self.function, x, tuple(arguments))
            return self.function(x, *arguments)

    def outputs(self, value: Any, shape: tuple[int, ...]) -> np.ndarray:
        """The bits of what the function gave.

        Raises `_Misshapen` where it is of another shape or kind.
        """
        library = library_of(value)
        if library is None:
            try:
                value = np.asarray(value, dtype=numpy_dtype(self.output_format or self.format))
            except (TypeError, ValueError):
                raise _Misshapen(f"it gave {type(value).__name__}, no array") from None
            library = NUMPY
        format = library.format(value)
        if format not in BITS or format != (self.output_format or format):
            raise _Misshapen(f"it gave {format} instead of {self.output_format or 'floats'}")
        bits = library.to_numpy(value)
        if bits.shape == () and shape[0] == 1 and len(shape) == 1:
            bits = bits.reshape(shape)
        if bits.shape != shape:
            hint = ""
            if bits.shape == () and len(shape) == 1:
                hint = '; one that takes a mean or a sum is checked with reduction="mean" or "sum"'
            raise _Misshapen(f"it gave shape {bits.shape} for {shape}{hint}")
        self.output_format = format
        return bits


class _Misshapen(Exception):
    """The function gave something that is not an output for each row."""


def _goes_up(error: BaseException) -> bool:
    """Whether an exception is none of the function's own, and ends the search."""
    if isinstance(error, (MemoryError, unittest.SkipTest)):
        return True
    if type(error).__name__ in ("OutOfMemoryError", "AcceleratorError"):
        return True
    # After an error of CUDA nothing more can be asked of this process.
    return isinstance(error, RuntimeError) and "CUDA error" in str(error)


class _Answers:
    """The outputs of a batch, and what is wrong with rows."""

    def __init__(self, row_count: int, outputs_per_row: int, format: str) -> None:
        nan = np.full(row_count * outputs_per_row, np.nan).astype(numpy_dtype(format))
        self.bits = nan.view(BITS[format]).reshape(row_count, outputs_per_row)
        self.failures: list[tuple[int, str, str]] = []


class Trial:
    """A search under way."""

    def __init__(self, subject: Subject, specification: dict[str, Any]) -> None:
        self.subject = subject
        self.per_class = subject.name in ("softmax", "log-softmax", "cross-entropy-gradient")
        self.failure_seconds = 0.0
        self.seen: set[tuple[Any, ...]] = set()
        specification = dict(specification, outputFormat=subject.output_format)
        text = json.dumps({k: v for k, v in specification.items() if v is not None})
        self.handle = c_uint64()
        c.checked(c.library().lo_trial_start(c.encoded(text), byref(self.handle)))

    def run(self, progress: Optional[Callable[[int, int], None]] = None) -> Report:
        """Answers all batches on this thread."""
        library = c.library()
        try:
            batch = c.Batch(size=ctypes.sizeof(c.Batch))
            while True:
                status = library.lo_trial_next(self.handle, _PATIENCE, byref(batch))
                if status == c.FINISHED:
                    break
                if status == c.WAITING:
                    continue
                c.checked(status)
                self._answer(batch)
                if progress is not None:
                    done, total = c_uint64(), c_uint64()
                    library.lo_trial_progress(self.handle, byref(done), byref(total))
                    progress(done.value, total.value)
            return self._report()
        finally:
            library.lo_release(self.handle)

    def _report(self) -> Report:
        texts = {}
        for layout in ("json", "findings", "witnesses", "markdown", "junit", "html"):
            text = c_uint64()
            c.checked(c.library().lo_trial_report(self.handle, layout.encode(), byref(text)))
            texts[layout] = c.read_text(text)
        return Report(
            json.loads(texts["json"]), texts, self.subject.library, self.subject.device
        )

    def _answer(self, batch: c.Batch) -> None:
        rows, classes = batch.row_count, batch.class_count
        bits = BITS[self.subject.format]
        shape = (rows,) if self.subject.name in BINARY else (rows, classes)
        logits = _copy(batch.logits, bits, shape)
        assert logits is not None
        labels = _copy(batch.labels, "i4", (rows,))
        probabilities = _copy(batch.probabilities, bits, shape)
        answers = self._answers(logits, labels, probabilities, batch.outputs_per_row)
        failures = (c.Failure * max(1, len(answers.failures)))(
            *[
                c.Failure(row, kind.encode(), message.replace("\0", " ").encode(errors="replace"))
                for row, kind, message in answers.failures
            ]
        )
        outputs = np.ascontiguousarray(answers.bits)
        c.checked(
            c.library().lo_trial_answer(
                self.handle,
                batch.number,
                outputs.ctypes.data,
                outputs.size,
                failures,
                len(answers.failures),
            )
        )

    def _answers(
        self,
        logits: np.ndarray,
        labels: Optional[np.ndarray],
        probabilities: Optional[np.ndarray],
        outputs_per_row: int,
    ) -> _Answers:
        rows = logits.shape[0]
        format = self.subject.output_format or self.subject.format
        answers = _Answers(rows, outputs_per_row, format)
        kind = "index" if labels is not None else "probabilities"
        is_soft = probabilities is not None and self.subject.name in CATEGORICAL
        if (labels is not None or is_soft) and self.subject.targets not in ("any", kind):
            answers.failures = [
                (row, "unsupported", f"targets of another kind than {self.subject.targets}")
                for row in range(rows)
            ]
            return answers
        step = 1 if self.subject.row_by_row else rows
        budget = _FAILURES_OF_A_BATCH
        pending = [(start, min(start + step, rows)) for start in range(0, rows, step)][::-1]
        while pending:
            start, end = pending.pop()
            if budget == 0 or self.failure_seconds > _SECONDS_FOR_FAILURES:
                reason = (
                    "rows beside it had failed, which takes long"
                    if budget == 0
                    else f"not asked: failures had taken {_SECONDS_FOR_FAILURES:g} s in all"
                )
                answers.failures += [(row, "unsupported", reason) for row in range(start, end)]
                continue
            began = time.monotonic()
            try:
                answers.bits[start:end] = self._some(
                    logits[start:end],
                    None if labels is None else labels[start:end],
                    None if probabilities is None else probabilities[start:end],
                    outputs_per_row,
                )
            except _Unsteady as unsteady:
                answers.bits[start:end] = unsteady.bits
                answers.failures += [
                    (start + row, "not-deterministic", "gave another output for the same rows")
                    for row in unsteady.rows
                ]
            except Unsupported as error:
                answers.failures += [
                    (row, "unsupported", str(error) or "not supported") for row in range(start, end)
                ]
            except _Misshapen as error:
                answers.failures += [(row, "output-count", str(error)) for row in range(start, end)]
            except Exception as error:
                if _goes_up(error):
                    raise
                self.failure_seconds += time.monotonic() - began
                if end - start > 1:
                    middle = (start + end) // 2
                    pending += [(middle, end), (start, middle)]
                    continue
                budget -= 1
                kind = "hang" if isinstance(error, TimeoutError) else "crash"
                answers.failures.append((start, kind, f"raised {_description(error)}"))
        return answers

    def _some(
        self,
        logits: np.ndarray,
        labels: Optional[np.ndarray],
        probabilities: Optional[np.ndarray],
        outputs_per_row: int,
    ) -> np.ndarray:
        count = logits.shape[0]
        padded = _padded(count) if self.subject.pads else count
        if padded > count:
            last = np.minimum(np.arange(padded), count - 1)
            logits = logits[last]
            labels = None if labels is None else labels[last]
            probabilities = None if probabilities is None else probabilities[last]
        shape = (padded, outputs_per_row) if self.per_class else (padded,)
        value = self.subject.call(logits, labels, probabilities)
        outputs = self.subject.outputs(value, shape).reshape(padded, outputs_per_row)
        key = (logits.shape, labels is None, probabilities is None)
        if key not in self.seen:
            # Once for each shape: the same rows are to have the same outputs.
            self.seen.add(key)
            again = self.subject.outputs(self.subject.call(logits, labels, probabilities), shape)
            differ = (again.reshape(padded, outputs_per_row) != outputs).any(axis=1)[:count]
            if differ.any():
                raise _Unsteady(outputs[:count], [int(row) for row in np.flatnonzero(differ)])
        return outputs[:count]


class _Unsteady(Exception):
    """The function gave different outputs for the same rows."""

    def __init__(self, bits: np.ndarray, rows: list[int]) -> None:
        self.bits = bits
        self.rows = rows


def _padded(count: int) -> int:
    for size in _PADDED:
        if count <= size:
            return size
    return count


def _description(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _copy(address: Optional[int], dtype: str, shape: tuple[int, ...]) -> Optional[np.ndarray]:
    if address is None:
        return None
    size = math.prod(shape) * np.dtype(dtype).itemsize
    memory = (c_char * size).from_address(address)
    copy: np.ndarray = np.frombuffer(memoryview(memory), dtype=dtype).reshape(shape).copy()
    return copy


def _claim(max_ulp: Optional[float], claim: Optional[str]) -> str:
    if max_ulp is not None and claim is not None:
        raise ValueError("give max_ulp or claim, not both")
    if max_ulp is None:
        return claim or "common"
    if not max_ulp >= 0:
        raise ValueError(f"max_ulp is {max_ulp}; it must be 0 or more")
    return f"ulp:{float(max_ulp)}"


def _subject(
    f: Callable[..., Any],
    function: str,
    dtype: Any,
    *,
    framework: Optional[str],
    device: Any,
    gradient: bool,
    targets: str,
    reduction: str,
    pad_rows: Optional[bool],
    output_dtype: Any,
) -> Subject:
    name = require_function(function)
    if gradient:
        if f"{name}-gradient" not in WITH_TARGET:
            raise InvalidInputError(f"{name} has no gradient here")
        name = f"{name}-gradient"
    format, library = format_and_library(dtype)
    if framework is not None:
        library = named_library(framework)
    return Subject(
        f,
        name,
        format,
        library=library or NUMPY,
        device=device,
        gradient=gradient,
        targets=targets,
        reduction=reduction,
        pad_rows=pad_rows,
        output_format=None if output_dtype is None else format_and_library(output_dtype)[0],
    )


def _warm_up(subject: Subject, classes: int) -> None:
    """One call on easy rows: it compiles what is to be compiled, and tells the outputs' format.

    What it raises goes up as it is.
    """
    rows = 1 if subject.row_by_row else 4
    shape = (rows,) if subject.name in BINARY else (rows, classes)
    numbers = np.linspace(0.5, 2, math.prod(shape)).reshape(shape).astype(numpy_dtype(subject.format))
    logits = numbers.view(BITS[subject.format])
    labels = probabilities = None
    if subject.name in WITH_TARGET:
        if subject.name in CATEGORICAL and subject.targets != "probabilities":
            labels = np.zeros(rows, np.int32)
        else:
            share = 1 / shape[1] if len(shape) > 1 else 1
            probabilities = np.full(shape, share).astype(numpy_dtype(subject.format))
            probabilities = probabilities.view(BITS[subject.format])
    per_class = subject.name in ("softmax", "log-softmax", "cross-entropy-gradient")
    value = subject.call(logits, labels, probabilities)
    try:
        subject.outputs(value, shape if per_class else (rows,))
    except _Misshapen as error:
        raise AssertionError(f"on {rows} ordinary rows, {error}") from None


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
    progress: Optional[Callable[[int, int], None]] = None,
    **options: Any,
) -> Report:
    """Runs a trial: what `assert_accurate`, `find_worst` and the command have in common."""
    if isolate:
        from ._isolation import IsolatedFunction

        with IsolatedFunction(f, timeout=timeout) as isolated:
            isolated.name = subject_name or _name(f)
            return search_for_worst(
                isolated,
                function,
                dtype=dtype,
                claim=claim,
                framework=framework,
                device=device,
                gradient=gradient,
                targets=targets,
                reduction=reduction,
                pad_rows=pad_rows,
                output_dtype=output_dtype,
                special_values=special_values,
                families=families,
                cases=cases,
                search=search,
                classes=classes,
                seed=seed,
                known=known,
                subject_name=isolated.name,
                again=again,
                replay=replay,
                progress=progress,
                **options,
            )
    subject = _subject(
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
    )
    least, greatest = classes
    weights = options.get("class_weights")
    specification = {
        "function": subject.name,
        "format": subject.format,
        "options": options_text(options),
        "claim": claim,
        "specialValues": special_values,
        "families": None if families is None else list(families),
        "cases": cases,
        "search": search,
        "leastClasses": least,
        "greatestClasses": greatest,
        "seed": seed,
        "known": known,
        "subject": subject_name or _name(f),
        "again": again,
        "replay": replay,
    }
    _warm_up(subject, len(weights) if weights is not None else 3)
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
        function: What it computes: "cross-entropy", "softmax", …
        dtype: Of the logits: a name, or a dtype of NumPy, ml_dtypes, PyTorch or JAX, which also says
            what arrays `f` gets.
        max_ulp: The largest error that passes, in ulps. By default `claim`.
        claim: A grade: "common" (as accurate as the usual form, the default), "ulp:2", …
        gradient: Whether to check the gradient of `f` by the logits, through the framework.
        targets: What targets of the cross-entropy `f` takes: "index", "probabilities" or "any".
        reduction: "mean" or "sum" where `f` gives one value for all rows: it then gets one at a time.
        framework, device: Where dtype does not say: "numpy", "torch" or "jax"; where arrays lie.
        output_dtype: That `f` must give; by default what it gives on the first call. Errors are
            measured in it.
        special_values: "strict" to judge infinite and NaN logits by the conventions, too.
        families: Names of families of cases; `catalogue()` has them. By default all usual ones.
        cases, search, classes, seed: How many cases of each family and of the search for the worst,
            of how many classes, from which seed.
        pad_rows: Whether the numbers of rows are padded to a few, for compilers; for JAX by default.
        known: Witnesses of before, a dictionary or JSON: tried first.
        isolate: Whether to run `f`, which must be importable, in a process of its own, for code that
            may crash or hang; a call may take `timeout` seconds.
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
    if replay_line is None:
        replay_line = f"loss_oracle.replay({getattr(f, '__name__', 'f')}, r'''{{witness}}''')"
    result = search_for_worst(
        f,
        function,
        dtype=dtype,
        claim=_claim(max_ulp, claim),
        gradient=gradient,
        targets=targets,
        reduction=reduction,
        framework=framework,
        device=device,
        output_dtype=output_dtype,
        special_values=special_values,
        families=families,
        cases=cases,
        search=search,
        classes=classes,
        seed=seed,
        pad_rows=pad_rows,
        known=_witness_text(known),
        isolate=isolate,
        timeout=timeout,
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
    arguments["known"] = _witness_text(arguments.get("known"))
    return search_for_worst(f, function, dtype=dtype, claim="ulp:inf", **arguments)


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
        witnesses: A file of witnesses, as a path, JSON or a dictionary, all of one function and format.
        dtype: As for `assert_accurate`; by default NumPy's of the witnesses' format.

    Raises:
        AccuracyError: Where one fails still.
    """
    text = _witness_text(witnesses)
    data = json.loads(text or "{}")
    try:
        first = data["witnesses"][0]
        function, format = first["function"], first["format"]
    except (KeyError, IndexError, TypeError) as error:
        raise InvalidInputError("there is no witness to replay") from error
    if max_ulp is None and claim is None:
        claim = f"ulp:{first['tolerance']}" if "tolerance" in first else "common"
    options = json.loads(first.get("options") or "{}")
    arguments = {
        "families": [],
        "search": 0,
        "output_dtype": first.get("outputFormat"),
        "special_values": first.get("specialValues", "apart"),
        **options,
        **arguments,
    }
    return assert_accurate(
        f,
        function,
        dtype=format if dtype is None else dtype,
        max_ulp=max_ulp,
        claim=claim,
        known=text,
        **arguments,
    )


def _witness_text(witnesses: Any) -> Optional[str]:
    """Witnesses as JSON: of a dictionary, of a path, or as they are."""
    if witnesses is None:
        return None
    if isinstance(witnesses, dict):
        return json.dumps(witnesses)
    if isinstance(witnesses, str) and witnesses.lstrip().startswith("{"):
        return witnesses
    with open(os.fspath(witnesses), encoding="utf-8") as file:
        return file.read()
