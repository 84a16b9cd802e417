"""Times of subjects that take turns."""
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

from workload import Workload

PYTHON = ["numpy", "scipy", "mpmath", "gmpy2"]
SUBJECTS = ["fast", "mpfr-tier", "mpfr", "arb", "mpmath", "gmpy2", "numpy", "scipy"]
# The logits that a subject is given at a time, at most but at least a row: milliseconds for each.
LOGITS = {
    "fast": 1 << 18, "swift-kernel": 1 << 18, "threads": 1 << 18, "numpy": 1 << 18, "scipy": 1 << 18,
    "mpfr-tier": 4000, "mpfr": 4000, "arb": 4000, "mpmath": 1000, "gmpy2": 1000,
}
LEAST_NORMAL = {"float16": 2.0**-14, "bfloat16": 2.0**-126, "float32": 2.0**-126, "float64": 0}


class Benchmark:
    """The Swift and C subjects, in a process that waits for requests."""

    def __init__(self, command):
        self.process = subprocess.Popen(
            [command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="measure-speed-"))

    def ask(self, *words):
        self.process.stdin.write(" ".join(str(word) for word in words) + "\n")
        answer = self.process.stdout.readline().rstrip()
        if not answer or answer.startswith("error"):
            sys.exit(f"{' '.join(map(str, words))}: {answer or 'no answer'}")
        return answer

    def load(self, workload):
        path = self.folder / "logits"
        workload.write(path)
        self.ask("load", workload.function, workload.format, workload.classes, path)

    def values(self, subject, rows):
        path = self.folder / "values"
        self.ask("values", subject, rows, path)
        return np.fromfile(path)

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        for path in self.folder.iterdir():
            path.unlink()
        self.folder.rmdir()


def row_count(subject, workload):
    return max(1, min(workload.rows, LOGITS[subject] // workload.classes))


def nanoseconds(benchmark, workload, subject):
    """Per logit. What takes a millisecond is called once before, as the slow ones, whose turn was before,
    have taken the caches."""
    if LOGITS[subject] >= 1 << 18:
        run_once(benchmark, workload, subject)
    return run_once(benchmark, workload, subject)


def run_once(benchmark, workload, subject):
    rows = row_count(subject, workload)
    if subject in PYTHON:
        start = time.perf_counter_ns()
        getattr(workload, subject)(rows)
        total = time.perf_counter_ns() - start
    else:
        total = float(benchmark.ask("time", subject, rows))
    return total / (rows * workload.classes)


def measure(benchmark, workload, rounds, subjects=None):
    """The median of each subject; they take turns."""
    subjects = list(subjects or SUBJECTS)
    benchmark.load(workload)
    agree(benchmark, workload)
    times = {subject: [] for subject in subjects}
    for index in range(rounds):
        for subject in subjects:
            # A second a round is enough of what takes that long.
            if index > 0 and times[subject][0] * workload.classes > 3e8:
                continue
            times[subject].append(nanoseconds(benchmark, workload, subject))
    return {subject: statistics.median(values) for subject, values in times.items()}


def agree(benchmark, workload):
    """Ends the run unless the values of all that round correctly are the same, below the normal range
    apart."""
    rows = row_count("mpfr", workload)
    ours = benchmark.values("fast", rows)
    for subject in ["mpfr-tier", "mpfr", "arb"]:
        theirs = benchmark.values(subject, rows)
        differ = (ours != theirs) & (np.abs(ours) >= LEAST_NORMAL[workload.format])
        if differ.any():
            i = int(np.argmax(differ))
            sys.exit(f"{workload}: value {i} is {ours[i].hex()}, {subject} has {theirs[i].hex()}")


def growth(benchmark, format, exponents, rounds):
    """ns per logit of the fast tier by the number of classes. Those take turns too, or the machine's
    fast and slow minutes would look like growth. Eight rows at least: the search for a row's maximum ends
    where it stands, and takes up to a fifth of the time."""
    workloads = [
        Workload("cross-entropy", format, 1 << exponent, max(8, (1 << 20) >> exponent))
        for exponent in exponents]
    times = [[] for _ in workloads]
    for _ in range(rounds):
        for workload, taken in zip(workloads, times):
            taken.append(some_nanoseconds(benchmark, workload))
    return {w.classes: statistics.median(taken) for w, taken in zip(workloads, times)}


def log_softmax_ratios(benchmark, rounds):
    """How many times as long as the log-softmax of the same rows the softmax takes, both by the fast tier."""
    found = []
    for format in ("float32", "float64"):
        for classes in (10, 1000, 128_000):
            subjects = [
                Workload(function, format, classes, max(8, (1 << 18) // classes))
                for function in ("log-softmax", "softmax")]
            taken = [[some_nanoseconds(benchmark, subject) for subject in subjects] for _ in range(rounds)]
            log_softmax, softmax = (statistics.median(column) for column in zip(*taken))
            found.append({"format": format, "classes": classes, "ratio": softmax / log_softmax})
    return found


def some_nanoseconds(benchmark, workload):
    """Per logit, the median of a few calls after a first that does not count: most take a millisecond,
    which one interruption would double."""
    benchmark.load(workload)
    benchmark.ask("time", "fast", workload.rows)
    times = [float(benchmark.ask("time", "fast", workload.rows)) for _ in range(15)]
    return statistics.median(times) / (workload.rows * workload.classes)


def rows_growth(benchmark, exponents, rounds):
    """ns per logit by the number of rows of 10 classes, and the growth of the peak of memory."""
    workloads = [Workload("cross-entropy", "float32", 10, 1 << exponent) for exponent in exponents]
    times = {workload.rows: [] for workload in workloads}
    memory = {}
    for _ in range(rounds):
        for workload in workloads:
            times[workload.rows].append(some_nanoseconds(benchmark, workload))
            # The last, as what a first call touches for good is not what grows with rows.
            memory[workload.rows] = kibibytes(benchmark, workload)
    return {
        rows: {"ns": statistics.median(taken), "KiB": memory[rows]} for rows, taken in times.items()}


BINARY_KINDS = ["plain", "soft", "pos_weight", "label_smoothing", "temperature", "focal_gamma", "up", "toward-zero"]
ROW_KINDS = ["plain", "soft", "class_weights", "label_smoothing", "temperature", "z_loss", "focal_gamma", "up",
             "toward-zero"]


def certified(benchmark, rounds):
    """Of rows with soft targets, options and directions: ns per logit of both tiers, and the share of the rows that
    MPFR decides."""
    found = []
    for function, format, classes in [
            (function, format, 10 if function.startswith("cross") else 1)
            for function in ("binary-cross-entropy", "binary-cross-entropy-gradient", "cross-entropy",
                             "cross-entropy-gradient")
            for format in ("float32", "float64")]:
        workload = Workload(function, format, classes, 20_000 // classes)
        benchmark.load(workload)
        for kind in ROW_KINDS if classes > 1 else BINARY_KINDS:
            slow = max(1, 500 // classes)
            taken = [
                [float(word) for word in benchmark.ask("certified", kind, workload.rows, slow).split()]
                for _ in range(rounds)]
            fast, share, mpfr = (statistics.median(column) for column in zip(*taken))
            found.append({
                "function": function, "format": format, "classes": classes, "kind": kind,
                "fast": fast / workload.logits.size, "mpfr": mpfr / (slow * classes),
                "share": share / workload.rows})
    return found


def gradient_memory(benchmark, classes):
    """KiB that the gradient of one row takes. Of 2^17 classes the exponentials are kept, 1 MiB of doubles, so a
    measurement of memory that saw nothing would show."""
    workload = Workload("cross-entropy-gradient", "float32", classes, 1)
    benchmark.load(workload)
    return kibibytes(benchmark, workload)


def kibibytes(benchmark, workload):
    """None where the system does not tell."""
    answer = benchmark.ask("memory", workload.rows)
    return None if answer == "unknown" else int(answer)
