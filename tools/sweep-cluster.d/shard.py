"""One shard of a sweep, done by a worker; the driver sends this file to the workers."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

# Wrong arguments, or a state of another sweep: to try again would end the same way.
PERMANENT = (64, 65, 66, 69)


def path(folder: str, shard: int, count: int) -> Path:
    """The file of a shard: its state until it is complete, and then its certificate."""
    return Path(folder) / f"shard-{shard}-of-{count}.json"


def sweep(command: str, arguments: list[str], shard: int, count: int, folder: str, threads: int) -> str:
    """Does a shard, going on from its state if there is one.

    Returns an error that no worker could mend, or the empty string; raises for the others.
    """
    file = str(path(folder, shard, count))
    line = [command, "sweep", *arguments, "--shard", f"{shard}/{count}", "--threads", str(threads),
            "--resume", file, "--output", file]
    # Without this the command would outlive a killed worker, and race the one that takes over. That
    # could spoil nothing, as states are written whole and are prefixes of one another.
    if setpriv := shutil.which("setpriv"):
        line = [setpriv, "--pdeathsig", "KILL", *line]
    result = subprocess.run(line, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if result.returncode == 0:
        return ""
    message = f"shard {shard}/{count} ended with status {result.returncode}: {result.stderr.strip()}"
    if result.returncode in PERMANENT:
        return message
    raise RuntimeError(message)
