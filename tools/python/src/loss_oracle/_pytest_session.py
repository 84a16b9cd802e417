"""What the plugin's fixture gives to a test."""

from __future__ import annotations

import contextlib
import json
import math
import os
import re
import tempfile
from typing import Any, Callable, Iterator, Mapping, Optional

import pytest

from . import _search
from ._advice import with_kept_cases
from ._errors import AccuracyError
from ._reports import Report
from ._witnesses import merged, write_json

_BOUNDS = "loss_oracle_bounds.json"


class Session:
    """The searches, bound to a test: its settings, its failing cases, its properties in JUnit."""

    def __init__(self, node: Any, config: pytest.Config, profiles: Mapping[str, int]) -> None:
        self._node = node
        self._config = config
        profile = self._setting("profile") or "default"
        if profile not in profiles:
            raise pytest.UsageError(f"loss_oracle_profile is {profile!r}; {', '.join(profiles)}")
        #: The number of cases of each family, and the seed.
        self.cases = int(self._setting("cases") or profiles[profile])
        self.seed = int(self._setting("seed") or 1)
        self._report = self._setting("report")
        self._count = 0

    def _setting(self, name: str) -> Optional[str]:
        value = self._config.getoption(f"loss_oracle_{name}")
        return (
            str(value) if value is not None else self._config.getini(f"loss_oracle_{name}") or None
        )

    def assert_accurate(self, f: Callable[..., Any], function: str, **arguments: Any) -> Report:
        """As `loss_oracle.assert_accurate`, with this run's seed and cases, and the kept cases first.

        `max_ulp="recorded"` stands for the bound in `loss_oracle_bounds.json` beside the test.
        """
        __tracebackhide__ = True
        arguments.setdefault("cases", self.cases)
        arguments.setdefault("seed", self.seed)
        arguments.setdefault("replay_line", f"pytest '{self._node.nodeid}'")
        kept = self._kept_cases()
        if kept["witnesses"]:
            arguments.setdefault("known", kept)
        recorded = arguments.get("max_ulp") == "recorded"
        updates = recorded and self._config.getoption("loss_oracle_update_bounds")
        if recorded:
            arguments["max_ulp"] = math.inf if updates else self._recorded_bound()
        try:
            report = _search.assert_accurate(f, function, **arguments)
        except AccuracyError as error:
            self._note(error.report)
            if self._keep(kept, error.report):
                error.args = (with_kept_cases(error.args[0], ".loss_oracle/"),)
            raise
        self._note(report)
        if updates:
            self._record(report)
        return report

    def find_worst(self, f: Callable[..., Any], function: str, **arguments: Any) -> Report:
        """As `loss_oracle.find_worst`, with this run's seed and cases."""
        arguments.setdefault("cases", self.cases)
        arguments.setdefault("seed", self.seed)
        report = _search.find_worst(f, function, **arguments)
        self._note(report)
        return report

    def _note(self, report: Report) -> None:
        """Leaves the outcome in JUnit's properties, and in the folder of reports."""
        self._count += 1
        prefix = "loss_oracle." + ("" if self._count == 1 else f"{self._count}.")
        for name in ("function", "format", "verdict", "seed"):
            self._node.user_properties.append((prefix + name, str(report.data[name])))
        self._node.user_properties.append((prefix + "grade", report.grade or ""))
        self._node.user_properties.append((prefix + "max_ulp", f"{report.max_ulp:.6g}"))
        if self._report:
            name = self._file_name() + ("" if self._count == 1 else f"-{self._count}")
            report.save(os.path.join(self._report, name), ("json", "markdown", "junit"))

    def _file_name(self) -> str:
        return re.sub(r"[^A-Za-z0-9_.\[\]-]+", "-", self._node.nodeid)[-150:]

    # The kept cases.

    @property
    def _cases_path(self) -> str:
        name = self._file_name() + ".json"
        return os.path.join(str(self._config.rootpath), ".loss_oracle", name)

    def _kept_cases(self) -> dict[str, Any]:
        try:
            with open(self._cases_path, encoding="utf-8") as file:
                kept = json.load(file)
            if isinstance(kept.get("witnesses"), list):
                return {"schema": 1, "witnesses": kept["witnesses"]}
        except (OSError, ValueError, AttributeError):
            # No file, or none of ours: the search goes on without it.
            pass
        return {"schema": 1, "witnesses": []}

    def _keep(self, kept: dict[str, Any], report: Report) -> bool:
        """Adds failing cases, sorted, and says whether they are kept now.

        A folder that cannot be written to is no error.
        """
        file = merged(kept, report.witnesses)
        if file != kept:
            try:
                write_json(self._cases_path, file)
            except OSError:
                return False
        return True

    # The recorded bounds.

    @property
    def _bounds_path(self) -> str:
        return os.path.join(os.path.dirname(str(self._node.path)), _BOUNDS)

    @property
    def _bound_name(self) -> str:
        return str(self._node.nodeid).split("/")[-1]

    def _bounds(self) -> dict[str, float]:
        try:
            with open(self._bounds_path, encoding="utf-8") as file:
                bounds: dict[str, float] = json.load(file)["max_ulp"]
                return bounds
        except FileNotFoundError:
            return {}

    def _recorded_bound(self) -> float:
        bound = self._bounds().get(self._bound_name)
        if bound is None:
            pytest.fail(
                f"{_BOUNDS} has no bound for {self._bound_name}; record what is found with "
                "pytest --loss-oracle-update-bounds",
                pytrace=False,
            )
        return float(bound)

    def _record(self, report: Report) -> None:
        # Up, so that the same errors pass.
        bound = math.ceil(report.max_ulp * 100) / 100
        with _locked(self._bounds_path):
            bounds = dict(self._bounds(), **{self._bound_name: bound})
            write_json(self._bounds_path, {"max_ulp": dict(sorted(bounds.items()))})


@contextlib.contextmanager
def _locked(path: str) -> Iterator[None]:
    """Keeps other workers out of a file of several tests."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    with open(os.path.join(tempfile.gettempdir(), f"loss_oracle-{os.getuid()}.lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
