"""A copy of the package to plant mutants in, and what the tests say of each."""

import enum
import os
import re
import resource
import signal
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

from mutant import Mutant

# An error may make a search for precision endless; it must not take the machine with it. What is mapped of
# files does not count, as some are but a hole.
MEMORY_LIMIT = 12 << 30
# Without debug information a build links in half the time.
BUILD_OPTIONS = ["-Xswiftc", "-gnone"]
# Where the nearest tests of a target are not those of its name alone.
NEAR = {
    "Checking": ["LiveProgramsTests", "CheckingTests", "CommandTests"],
    "DrawingKernels": ["CasesTests"],
    "FastKernels": ["FastTierTests", "SweepsTests"],
    "LockstepKernels": ["LossesTests"],
    "LossFunctions": ["ReferenceTests", "CasesTests"],
    "Reference": ["ReferenceTests", "FastTierTests"],
    "Supervision": ["CommandTests"],
    "Sweeps": ["SweepsTests", "CommandTests"],
    "Verification": ["VerificationTests", "SweepsTests"],
    "loss-oracle": ["CommandTests"],
}


class Outcome(enum.Enum):
    """What became of a mutant."""

    KILLED = "killed"
    STOPPED = "stopped"  # the tests ran without end, or crashed
    SURVIVED = "survived"
    UNBUILT = "unbuilt"  # it does not compile: not a mutant

    @property
    def is_killed(self) -> bool:
        return self in (Outcome.KILLED, Outcome.STOPPED)


class Workplace:
    """A clone with a build folder of its own, so that a mutant rebuilds only what it changes."""

    def __init__(self, root: Path, folder: Path, timeout: int) -> None:
        if folder.exists():
            subprocess.run(["git", "-C", folder, "fetch", "-q", root, "HEAD"], check=True)
            subprocess.run(["git", "-C", folder, "reset", "-q", "--hard", "FETCH_HEAD"], check=True)
        else:
            subprocess.run(["git", "clone", "-q", root, folder], check=True)
        self.folder = folder
        self.timeout = timeout
        self.killer = ""
        # What is recorded of one platform alone is no claim: the copy takes itself for another.
        path = folder / "Sources/Verification/Platform.swift"
        path.write_text(path.read_text().replace(
            'public var name: String { "\\(system)-\\(fingerprint)" }',
            'public var name: String { "elsewhere" }'))
        if "elsewhere" not in path.read_text():
            raise SystemExit(f"tools/mutants: the name of the platform is not where it was: {path}")

    def outcome(self, mutant: Mutant | None) -> Outcome:
        """Builds and tests with a mutant, or as it is; the sources are restored afterwards."""
        self.killer = ""
        if mutant is None:
            return self._run([])
        path = self.folder / mutant.file
        original = path.read_text()
        path.write_text(mutant.planted(original))
        try:
            return self._run(self._near(mutant))
        finally:
            path.write_text(original)

    def _run(self, near: list[str]) -> Outcome:
        build = subprocess.run(
            ["swift", "build", "--product", "LossOraclePackageTests", *BUILD_OPTIONS],
            cwd=self.folder, capture_output=True, text=True)
        if build.returncode != 0:
            self.killer = next(
                (line for line in build.stdout.splitlines() if "error:" in line), "")
            return Outcome.UNBUILT
        # The tests beside it find most errors, in a fraction of the time.
        if near:
            outcome = self._test(["--filter", f"^({'|'.join(near)})\\."])
            if outcome is not Outcome.SURVIVED:
                return outcome
        return self._test([])

    def _test(self, selection: list[str]) -> Outcome:
        environment = os.environ | {
            "SWIFT_BACKTRACE": "enable=no"}
        tests = subprocess.Popen(
            ["swift", "test", "--skip-build", "--disable-xctest", *BUILD_OPTIONS, *selection],
            cwd=self.folder,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
            env=environment, start_new_session=True,
            preexec_fn=lambda: resource.setrlimit(
                resource.RLIMIT_DATA, (MEMORY_LIMIT, MEMORY_LIMIT)))
        # The first failure is enough; the rest of the tests need not run.
        timer = _Timer(tests, self.timeout, self._end_orphans)
        with timer:
            for line in tests.stdout:
                if match := re.match(r'✘ Test "?(.+?)"? (?:with .*)?recorded an issue', line):
                    self.killer = match[1].strip('"')
                    return Outcome.KILLED
            tests.wait()
        if timer.has_fired:
            return Outcome.STOPPED
        return Outcome.SURVIVED if tests.returncode == 0 else Outcome.STOPPED

    def _near(self, mutant: Mutant) -> list[str]:
        """The targets of tests that are nearest to a mutant's file."""
        target = mutant.file.split("/")[1]
        names = NEAR.get(target, [f"{target}Tests"])
        return [name for name in names if (self.folder / "Tests" / name).is_dir()]

    def _end_orphans(self) -> None:
        """Ends what the tests have started and left: a mutant of the command may run for ever."""
        pattern = f"{self.folder}/.build/.*/(loss-oracle|LossOraclePackageTests)"
        subprocess.run(["pkill", "-KILL", "-f", pattern])


class _Timer:
    """Kills a process and its children after a time, and at the end."""

    def __init__(
            self, process: subprocess.Popen, seconds: int, clean_up: Callable[[], None]) -> None:
        self.process = process
        self.has_fired = False
        self.clean_up = clean_up
        self.timer = threading.Timer(seconds, self._fire)

    def _fire(self) -> None:
        self.has_fired = True
        self.kill()
        # What the tests run in may have a group of its own, and holds the pipe that is read.
        self.clean_up()

    def kill(self) -> None:
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def __enter__(self) -> "_Timer":
        self.timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.timer.cancel()
        self.kill()
        self.clean_up()
        self.process.wait()
