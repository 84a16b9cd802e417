"""A function under test in a process of its own, for code that may crash or hang."""

from __future__ import annotations

import multiprocessing
import signal
from typing import Any, Callable, Optional

import numpy as np

from ._arrays import library_of


class IsolatedFunction:
    """Calls a function in a child process, which is started again when it has ended.

    The function and its arguments go there by pickle, so it must be importable.
    """

    def __init__(self, function: Callable[..., Any], *, timeout: float) -> None:
        self.function = function
        self.timeout = timeout
        self._context = multiprocessing.get_context("spawn")
        self._process: Optional[Any] = None
        self._connection: Optional[Any] = None

    def __enter__(self) -> IsolatedFunction:
        self._start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def __call__(self, *arguments: Any) -> Any:
        if self._process is None:
            self._start()
        assert self._connection is not None
        try:
            self._connection.send(arguments)
            if not self._connection.poll(self.timeout):
                self._end()
                raise TimeoutError(f"no answer in {self.timeout} s")
            kind, value = self._connection.recv()
        except (EOFError, BrokenPipeError, ConnectionResetError):
            raise RuntimeError(self._ending()) from None
        if kind == "raised":
            raise value
        return value

    def _start(self) -> None:
        ours, theirs = self._context.Pipe()
        self._process = self._context.Process(
            target=_serve, args=(theirs, self.function), daemon=True
        )
        self._process.start()
        theirs.close()
        self._connection = ours
        # The start takes its time, which is no call's.
        try:
            is_ready = ours.poll(120) and ours.recv() == "ready"
        except EOFError:
            is_ready = False
        if not is_ready:
            self._end()
            raise RuntimeError(
                f"no process can be started for {self.function!r}: it must be importable, and a script "
                'that asks for it must stand under `if __name__ == "__main__":`'
            )

    def _ending(self) -> str:
        process = self._process
        self._process = None
        if process is None:
            return "the process has ended"
        process.join(5)
        code = process.exitcode
        if code is not None and code < 0:
            return f"the process was killed by signal {-code} ({signal.Signals(-code).name})"
        return f"the process ended with status {code}"

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.join()
        if self._connection is not None:
            self._connection.close()
        self._process = self._connection = None


def _serve(connection: Any, function: Callable[..., Any]) -> None:
    connection.send("ready")
    while True:
        try:
            arguments = connection.recv()
        except EOFError:
            return
        try:
            with np.errstate(all="ignore"):
                value = function(*arguments)
            library = library_of(value)
            if library is not None and library.name == "torch":
                value = value.detach().cpu()
            connection.send(("gave", value))
        except Exception as error:
            try:
                connection.send(("raised", error))
            except Exception:
                connection.send(("raised", RuntimeError(f"{type(error).__name__}: {error}")))
