"""The results of all tasks added up, as text and as JSON."""
import datetime
import json
import os
import platform
import sys
import time
from collections import Counter
from importlib.metadata import version


class Summary:
    def __init__(self, options):
        self.options, self.started = options, time.monotonic()
        self.counts, self.tallies, self.mismatches = Counter(), Counter(), []
        self.done = self.total = 0
        self.terminal = sys.stderr.isatty()

    def add(self, outcome):
        self.counts += outcome.counts
        self.tallies += outcome.tallies
        for mismatch in outcome.mismatches:
            self.mismatches.append(mismatch)
            self._clear()
            print(f"MISMATCH: {mismatch['command']}\n  input:    {mismatch['input']}")
            if mismatch["entry"] is not None:
                print(f"  entry:    {mismatch['entry']}")
            print(f"  expected: {mismatch['expected']}\n  obtained: {mismatch['obtained']}",
                  flush=True)

    def progress(self):
        """On a terminal only: how far, and for how long still."""
        self.done += 1
        if self.terminal:
            elapsed = time.monotonic() - self.started
            left = elapsed / self.done * (self.total - self.done)
            print(f"\r{sum(self.counts.values()):,} values, {self.done}/{self.total} tasks, "
                  f"{left:.0f} s left ", end="", file=sys.stderr, flush=True)

    def _clear(self):
        if self.terminal:
            print("\r\033[K", end="", file=sys.stderr, flush=True)

    def text(self):
        self._clear()
        elapsed = time.monotonic() - self.started
        values = sum(self.counts.values())
        lines = [f"{values:,} values compared in {elapsed:.0f} s ({values / elapsed:,.0f}/s)"]
        lines += [f"  {name}: {count:,}" for name, count in sorted(self.tallies.items())]
        return "\n".join(lines)

    def write(self, path, oracle_version):
        counts = {}
        for (function, source, target, direction), count in sorted(self.counts.items()):
            directions = counts.setdefault(function, {}).setdefault(f"{source} to {target}", {})
            directions[direction] = count
        elapsed = time.monotonic() - self.started
        document = {
            "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
            "arguments": {name: str(value) if isinstance(value, os.PathLike) else value
                          for name, value in vars(self.options).items()
                          if name not in ("output", "binary")},
            "seed": self.options.seed,
            "versions": {"loss-oracle": oracle_version, "python": platform.python_version(),
                         **{name: version(name) for name in ("python-flint", "mpmath", "gmpy2")}},
            "machine": {"system": platform.system(), "release": platform.release(),
                        "architecture": platform.machine(), "processors": os.cpu_count(),
                        "processor": processor()},
            "seconds": round(elapsed, 1),
            "values": sum(self.counts.values()),
            "tallies": dict(sorted(self.tallies.items())),
            "mismatches": self.mismatches,
            "counts": counts,
        }
        path.write_text(json.dumps(document, indent=1) + "\n")


def processor():
    """Its name as the system tells it, where it does."""
    try:
        with open("/proc/cpuinfo") as lines:
            return next((line.split(":", 1)[1].strip() for line in lines
                         if line.startswith("model name")), platform.processor())
    except OSError:
        return platform.processor()
