"""One shard of a sweep, done by a worker; the driver sends this file to the workers."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import distributed

# Wrong arguments, or a state of another sweep: to try again would end the same way.
PERMANENT = (64, 65, 66, 69)

# What this worker process is made to do wrong, to show what becomes of it: "slow" or "wrong".
fault = ""
spoilt = 0

# Of each half second a slow worker works this share.
SLOWNESS = 0.05


def pretend(what: str) -> None:
    global fault
    fault = what


def address() -> str:
    try:
        return distributed.get_worker().address
    except ValueError:
        return "the driver"


def makers(file: str) -> list[str]:
    """The workers that have had a hand in a file."""
    try:
        return Path(file + ".makers").read_text().split("\n")[:-1]
    except FileNotFoundError:
        return []


def sweep(command: str, arguments: list[str], shard: str, file: str, threads: int) -> dict:
    """Does a shard, going on from its state in `file` if there is one, unless it is told to stop.

    Returns what it has cost, with an error that no worker could mend, if any; raises for the others.
    """
    with open(file + ".makers", "a") as record:
        record.write(address() + "\n")
    line = [command, "sweep", *arguments, "--shard", shard, "--threads", str(threads),
            "--resume", file, "--output", file]
    # Without this the command would outlive a killed worker, and hold the state that another goes on from.
    if setpriv := shutil.which("setpriv"):
        line = [setpriv, "--pdeathsig", "KILL", *line]
    started = time.monotonic()
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(
            line, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors)
        status, usage = wait(process.pid, Path(file + ".stop"))
        process.returncode = os.waitstatus_to_exitcode(status)
        errors.seek(0)
        message = f"shard {shard} ended with status {process.returncode}: {errors.read().strip()}"
    result = {
        "worker": address(), "error": "", "stopped": False, "cpu": usage.ru_utime + usage.ru_stime,
        "wall": time.monotonic() - started, "memory": usage.ru_maxrss}
    if Path(file + ".stop").exists():
        return result | {"stopped": True}
    if process.returncode in PERMANENT:
        return result | {"error": message}
    if process.returncode != 0:
        raise RuntimeError(message)
    if fault == "wrong":
        spoil(file)
    return result


def wait(process: int, stop: Path):
    """Waits for a process, and interrupts it once there is a file `stop`."""
    interrupted = False
    while True:
        ended, status, usage = os.wait4(process, os.WNOHANG)
        if ended:
            return status, usage
        if not interrupted and stop.exists():
            os.kill(process, signal.SIGCONT)
            os.kill(process, signal.SIGTERM)
            interrupted = True
        if fault == "slow" and not interrupted:
            os.kill(process, signal.SIGSTOP)
            time.sleep(0.5 * (1 - SLOWNESS))
            os.kill(process, signal.SIGCONT)
            time.sleep(0.5 * SLOWNESS)
        else:
            time.sleep(0.02)


def spoil(file: str) -> None:
    """Damages a byte of the first certificate; counts one value too many in the others, under a right seal."""
    global spoilt
    spoilt += 1
    text = Path(file).read_text()
    key = '"misrounded" : '
    start = text.index(key) + len(key)
    count = text[start:].split(",")[0].split("\n")[0]
    wrong = text[:start] + str(int(count) + 1) + text[start + len(count):]
    if spoilt > 1:
        wrong = sealed(wrong)
    Path(file).write_text(wrong)


def sealed(text: str) -> str:
    key = '"checksum" : "'
    start = text.index(key) + len(key)
    end = text.index('"', start)
    seal = 0xCBF29CE484222325
    for byte in (text[:start] + text[end:]).removesuffix("\n").encode():
        seal = (seal ^ byte) * 0x100000001B3 % 2**64
    return text[:start] + f"{seal:016x}" + text[end:]
