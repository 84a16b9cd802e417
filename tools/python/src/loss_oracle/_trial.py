"""A search under way: it asks for rows, and the function under test answers."""

from __future__ import annotations

import ctypes
import json
import math
import time
from ctypes import byref, c_char, c_uint64
from typing import Any, Callable, Optional

import numpy as np

from . import _library as c
from ._arrays import BITS, numpy_dtype
from ._errors import Unsupported
from ._reports import BatchReport, Report
from ._rows import (
    BINARY,
    CATEGORICAL,
    COMPARING,
    GRAD_OUTPUT_PER_ROW,
    MULTIPLIED,
    OUTPUTS,
    PER_CLASS,
    WITH_TARGET,
)
from ._subject import Misshapen, Subject, goes_up

#: How long one wait for rows may take: signals are seen in between.
_PATIENCE = 0.05
#: Rows that raise are looked for one by one: so many in a batch, and so many seconds in all.
_FAILURES_OF_A_BATCH = 4
_SECONDS_FOR_FAILURES = 20.0
#: The numbers of rows that compilers get.
_PADDED = (32, 512, 4096)


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
        self.per_class = subject.name in PER_CLASS | set(OUTPUTS)
        self.failure_seconds = 0.0
        self.name = specification.get("subject") or ""
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
        for layout in ("json", "findings", "verdict", "witnesses", "markdown", "junit", "html"):
            text = c_uint64()
            c.checked(c.library().lo_trial_report(self.handle, layout.encode(), byref(text)))
            texts[layout] = c.read_text(text)
        kind = Report if self.subject.reduction == "none" else BatchReport
        return kind(
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
        upstream = None
        if batch.grad_output and self.subject.name in MULTIPLIED:
            upstream = _copy(batch.grad_output, bits, (rows,))
        elif batch.grad_output:
            # It stands in the place of a target, which its function has not.
            is_per_row = self.subject.name in GRAD_OUTPUT_PER_ROW
            each = (rows,) if is_per_row else (rows, batch.grad_outputs_per_row)
            probabilities = _copy(batch.grad_output, bits, each)
        if batch.target_logits and self.subject.name in COMPARING:
            probabilities = _copy(batch.target_logits, bits, shape)
        if batch.target_logits and self.subject.name not in COMPARING:
            # The function under test takes probabilities, and would take these for some.
            format = self.subject.output_format or self.subject.format
            count = 1 if self.subject.is_reduced else rows
            answers = _Answers(
                count, 1 if self.subject.is_reduced else batch.outputs_per_row, format
            )
            answers.failures = [(row, "unsupported", "logits as targets") for row in range(count)]
        elif self.subject.reduction != "none":
            answers = self._answer_as_one(logits, labels, probabilities, batch.outputs_per_row)
        else:
            answers = self._answers(logits, labels, probabilities, upstream, batch.outputs_per_row)
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

    def _answer_as_one(
        self,
        logits: np.ndarray,
        labels: Optional[np.ndarray],
        numbers: Optional[np.ndarray],
        outputs_per_row: int,
    ) -> _Answers:
        """The answer to a batch whose losses become one: what is wrong with it is said of its first row."""
        rows = logits.shape[0]
        is_one = self.subject.is_reduced
        format = self.subject.output_format or self.subject.format
        answers = _Answers(1 if is_one else rows, 1 if is_one else outputs_per_row, format)
        if reason := self._refusal(labels, numbers):
            answers.failures = [(0, "unsupported", reason)]
            return answers
        if self.failure_seconds > _SECONDS_FOR_FAILURES:
            reason = f"not asked: failures had taken {_SECONDS_FOR_FAILURES:g} s in all"
            answers.failures = [(0, "unsupported", reason)]
            return answers
        # No row twice: as many stand side by side as divide the rows.
        self.subject.inner = 3 if self.subject.axis == 1 and rows % 3 == 0 else 1
        shape = (1,) if is_one else (rows, outputs_per_row) if self.per_class else (rows,)
        began = time.monotonic()
        try:
            value = self.subject.call(logits, labels, numbers)
            answers.bits[:] = self.subject.outputs(value, shape).reshape(answers.bits.shape)
        except Unsupported as error:
            answers.failures = [(0, "unsupported", str(error) or "not supported")]
        except Misshapen as error:
            answers.failures = [(0, "output-count", str(error))]
        except Exception as error:
            if goes_up(error):
                raise
            self.failure_seconds += time.monotonic() - began
            kind = "hang" if isinstance(error, TimeoutError) else "crash"
            answers.failures = [(0, kind, f"raised {_description(error)}")]
        return answers

    def _refusal(
        self, labels: Optional[np.ndarray], numbers: Optional[np.ndarray]
    ) -> Optional[str]:
        """Why a function is not asked for rows whose targets it does not take."""
        kind = "index" if labels is not None else "probabilities"
        is_soft = numbers is not None and (
            self.subject.name in (CATEGORICAL & WITH_TARGET) - COMPARING
        )
        if (labels is not None or is_soft) and self.subject.targets not in ("any", kind):
            return f"targets of another kind than {self.subject.targets}"
        return None

    def _answers(
        self,
        logits: np.ndarray,
        labels: Optional[np.ndarray],
        probabilities: Optional[np.ndarray],
        upstream: Optional[np.ndarray],
        outputs_per_row: int,
    ) -> _Answers:
        rows = logits.shape[0]
        format = self.subject.output_format or self.subject.format
        answers = _Answers(rows, outputs_per_row, format)
        if reason := self._refusal(labels, probabilities):
            answers.failures = [(row, "unsupported", reason) for row in range(rows)]
            return answers
        budget = _FAILURES_OF_A_BATCH
        pending = [(0, rows)]
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
                    None if upstream is None else upstream[start:end],
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
            except Misshapen as error:
                answers.failures += [(row, "output-count", str(error)) for row in range(start, end)]
            except Exception as error:
                if goes_up(error):
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
        upstream: Optional[np.ndarray],
        outputs_per_row: int,
    ) -> np.ndarray:
        count = logits.shape[0]
        padded = _padded(count) if self.subject.pads else count
        padded = -(-padded // self.subject.inner) * self.subject.inner
        if padded > count:
            last = np.minimum(np.arange(padded), count - 1)
            logits = logits[last]
            labels = None if labels is None else labels[last]
            probabilities = None if probabilities is None else probabilities[last]
            upstream = None if upstream is None else upstream[last]
        shape = (padded, outputs_per_row) if self.per_class else (padded,)
        value = self.subject.call(logits, labels, probabilities, upstream)
        outputs = self.subject.outputs(value, shape).reshape(padded, outputs_per_row)
        key = (logits.shape, labels is None, probabilities is None)
        if key not in self.seen:
            # Once for each shape: the same rows are to have the same outputs.
            self.seen.add(key)
            value = self.subject.call(logits, labels, probabilities, upstream)
            again = self.subject.outputs(value, shape)
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
    if size == 0:
        return np.empty(shape, dtype)
    memory = (c_char * size).from_address(address)
    copy: np.ndarray = np.frombuffer(memoryview(memory), dtype=dtype).reshape(shape).copy()
    return copy
