"""Has the shards of a sweep done by the workers of a Dask cluster, whatever becomes of some of them.

- A shard whose worker dies goes on from its state elsewhere.
- A shard that takes far longer than the others, when workers have nothing else to do, goes on from a copy of
  its state on another one too; the first certificate counts (J. Dean, S. Ghemawat, "MapReduce", OSDI 2004).
- Each certificate has to fit its seal. Of each worker the first one, and a random share of all, are done again
  on another worker, and have to have the same bytes; where not, the driver does the shard too, and of the worker
  that stands alone nothing is kept.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path

from distributed import Client
from distributed.scheduler import KilledWorker

import shard as work

RETRIES = 3
# A shard is late that takes so many times as long as the median, and more than so many seconds.
LATE, LEAST_LATE = 2.0, 2.0


def note(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


class Failure(Exception):
    """What no worker could mend."""


class Shard:
    """A part of the sweep, with the files of those who do it."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.stem = f"shard-{name.replace('/', '-of-')}"
        self.folder = folder
        self.accepted: Path | None = None
        self.checked = False
        self.count = 0

    def files(self) -> list[Path]:
        """The states and certificates of the attempts, the furthest first."""
        first = self.folder / f"{self.stem}.json"
        files = [first] * first.exists() + list(self.folder.glob(f"{self.stem}.try-*.json"))
        return sorted(files, key=lambda file: -done(file))

    def next_file(self) -> Path:
        """The file of a new attempt, in which nothing stands."""
        while True:
            self.count += 1
            file = self.folder / (self.stem + (f".try-{self.count}" if self.count > 1 else "") + ".json")
            if not file.exists() and not Path(f"{file}.stop").exists():
                return file

    @property
    def recheck(self) -> Path:
        return self.folder / f"{self.stem}.recheck.json"


def read(file: Path) -> dict:
    try:
        return json.loads(file.read_bytes())
    except (OSError, ValueError):
        return {}


def done(file: Path) -> int:
    state = read(file)
    return state["done"] - state["first"] if state else -1


def remove(file: Path) -> None:
    for path in (file, Path(f"{file}.makers")):
        path.unlink(missing_ok=True)


class Attempt:
    def __init__(self, shard: Shard, file: Path, kind: str) -> None:
        self.shard, self.file, self.kind = shard, file, kind
        self.key = f"{file.name}-{random.getrandbits(32):08x}"
        self.future = None
        self.started: float | None = None

    def stop(self) -> None:
        Path(f"{self.file}.stop").touch()
        self.future.cancel()


class Farm:
    def __init__(self, client: Client, command: str, arguments, part: tuple[int, int], shards: int) -> None:
        self.client, self.command, self.options = client, command, arguments
        self.folder = Path(arguments.folder)
        (index, count), self.pending = part, []
        self.shards = [
            Shard(f"{(index - 1) * shards + i}/{count * shards}", self.folder) for i in range(1, shards + 1)]
        self.durations: list[float] = []
        self.tested: set[str] = set()
        self.distrusted: set[str] = set()
        self.cpu, self.memory, self.shown = 0.0, 0, -1
        self.to_kill = arguments.kill_one
        self.draw = random.SystemRandom()

    def run(self) -> None:
        """Has all done; throws `Failure`."""
        for leftover in self.folder.glob("*.stop"):
            leftover.unlink()
        for shard in self.shards:
            whole = next((f for f in shard.files() if self.is_sealed(f)), None)
            begun = next(iter(shard.files()), None)
            shard.accepted = whole
            if whole is None:
                self.submit(shard, begun or shard.next_file(), "first")
            else:
                self.examine(shard)
        while self.pending:
            time.sleep(0.1)
            self.show()
            if self.to_kill and self.kill_one():
                self.to_kill = False
            for attempt in [a for a in self.pending if a.future.done()]:
                if attempt in self.pending:
                    self.pending.remove(attempt)
                    self.take(attempt)
            self.help_the_late()
        self.show()
        if self.to_kill:
            raise Failure("no shard was seen half done: use fewer shards for --kill-one")

    def submit(self, shard: Shard, file: Path, kind: str, without: list[str] = []) -> None:
        others = [w for w in self.workers() if w not in without]
        attempt = Attempt(shard, file, kind)
        attempt.future = self.client.submit(
            work.sweep, self.command, self.options.sweep, shard.name, str(file), self.options.threads,
            key=attempt.key, retries=RETRIES, pure=False, priority=1 if kind == "recheck" else 0,
            workers=others if without and others else None)
        self.pending.append(attempt)

    def workers(self) -> list[str]:
        return [w for w in self.client.scheduler_info(n_workers=-1)["workers"] if w not in self.distrusted]

    # --- What comes back ---

    def take(self, attempt: Attempt) -> None:
        if attempt.future.cancelled():
            return
        try:
            result = attempt.future.result()
        except (KilledWorker, RuntimeError) as failure:
            raise Failure(str(failure)) from failure
        self.cpu += result["cpu"]
        self.memory = max(self.memory, result["memory"])
        if result["stopped"]:
            return
        if result["error"]:
            raise Failure(result["error"])
        shard, worker = attempt.shard, result["worker"]
        if not self.is_sealed(attempt.file):
            note(f"shard {shard.name} of {worker} does not fit its seal: done again")
            remove(attempt.file)
            file = shard.recheck if attempt.kind == "recheck" else shard.next_file()
            self.submit(shard, file, attempt.kind, without=[worker])
        elif attempt.kind == "recheck":
            self.compare(shard)
        elif shard.accepted is None:
            self.durations.append(result["wall"])
            shard.accepted = attempt.file
            if attempt.kind == "backup":
                note(f"shard {shard.name} was late, and {worker} has ended it first")
            for other in [a for a in self.pending if a.shard is shard]:
                other.stop()
                self.pending.remove(other)
            self.examine(shard)

    def is_sealed(self, file: Path) -> bool:
        """Whether a file is a complete certificate, as the command that merges them says."""
        state = read(file)
        if not state or state["done"] != state["end"]:
            return False
        seen = f"{file}.seen"
        status = subprocess.run(
            [self.command, "merge", str(file), "--output", seen], capture_output=True).returncode
        Path(seen).unlink(missing_ok=True)
        return status == 0

    def examine(self, shard: Shard) -> None:
        """Has the first shard of a worker done again, and a share of all."""
        makers = work.makers(str(shard.accepted))
        is_first = not self.tested.issuperset(makers)
        self.tested.update(makers)
        if shard.checked or not (is_first or self.draw.random() < self.options.recheck):
            return
        self.submit(shard, shard.recheck, "recheck", without=makers)

    def compare(self, shard: Shard) -> None:
        if shard.accepted.read_bytes() == shard.recheck.read_bytes():
            shard.checked = True
            return
        referee = self.folder / f"{shard.stem}.referee.json"
        remove(referee)
        work.sweep(self.command, self.options.sweep, shard.name, str(referee), self.options.threads)
        right = referee.read_bytes()
        wrong = [f for f in (shard.accepted, shard.recheck) if f.read_bytes() != right]
        remove(referee)
        if len(wrong) == 2:
            raise Failure(f"three computations of shard {shard.name} have three results: is it deterministic?")
        makers = work.makers(str(wrong[0]))
        note(f"shard {shard.name} of {', '.join(makers)} is not what two others make of it")
        if shard.accepted in wrong:
            remove(shard.accepted)
            shard.accepted = shard.next_file()
            for end in ("", ".makers"):
                os.replace(f"{shard.recheck}{end}", f"{shard.accepted}{end}")
        remove(shard.recheck)
        shard.checked = True
        if len(set(makers)) == 1 and makers[0] != "the driver":
            self.distrust(makers[0])

    def distrust(self, worker: str) -> None:
        """Gives a worker nothing more to do, and has done again what it had a hand in."""
        self.distrusted.add(worker)
        if not self.workers():
            raise Failure(f"{worker} is wrong, and no other worker is left")
        self.client.retire_workers([worker], close_workers=True)
        count = 0
        for shard in self.shards:
            files = shard.files() + [shard.recheck]
            tainted = [f for f in files if worker in work.makers(str(f))]
            if shard.accepted in tainted:
                # What it was to be held against goes with it: who made that may be the one to make it anew.
                tainted, shard.accepted = files, None
            for attempt in [a for a in self.pending if a.file in tainted]:
                attempt.stop()
                self.pending.remove(attempt)
            for file in tainted:
                remove(file)
            if shard.accepted is None and not any(a.shard is shard for a in self.pending):
                self.submit(shard, shard.next_file(), "again")
                count += 1
        note(f"{worker} is given no more; {count} shards that it had a hand in are done again")

    # --- Late ones ---

    def help_the_late(self) -> None:
        now = time.monotonic()
        busy = {key: w for w, keys in self.client.processing().items() for key in keys}
        idle = set(self.workers()) - set(busy.values())
        for attempt in self.pending:
            if attempt.started is None and Path(f"{attempt.file}.makers").exists():
                attempt.started = now
        if not idle or not self.durations:
            return
        limit = max(LEAST_LATE, LATE * statistics.median(self.durations))
        for attempt in list(self.pending):
            late = attempt.started is not None and now - attempt.started > limit
            worker = busy.get(attempt.key)
            alone = sum(a.shard is attempt.shard for a in self.pending) == 1
            if not late or not alone or attempt.kind == "recheck" or worker is None or not idle:
                continue
            copy = attempt.shard.next_file()
            if attempt.file.exists():
                shutil.copy(attempt.file, copy)
                shutil.copy(f"{attempt.file}.makers", f"{copy}.makers")
            note(f"shard {attempt.shard.name} is late on {worker}: {max(0, done(copy)):,} logits are taken over")
            self.submit(attempt.shard, copy, "backup", without=[worker])
            idle.pop()

    # --- What is shown, and what is made to go wrong ---

    def show(self) -> None:
        """A line on standard error: overwritten on a terminal, else a new one for each tenth."""
        states = [read(s.accepted or next(iter(s.files()), s.recheck)) for s in self.shards]
        finished = sum(s["done"] - s["first"] for s in states if s)
        complete = sum(s.accepted is not None for s in self.shards)
        width = next((s["end"] - s["first"] for s in states if s), 0)
        share = 100 * finished // (width * len(states)) if width else 0
        text = f"{min(share, 100):3} %: {finished:,} logits, {complete} of {len(states)} shards complete"
        if sys.stderr.isatty():
            print(f"\r{text}", end="\n" if not self.pending else "", file=sys.stderr, flush=True)
        elif share // 10 != self.shown:
            self.shown = share // 10
            note(text)

    def kill_one(self) -> bool:
        """Kills, without warning, a worker whose shard is half done; whether there was one."""
        attempts = {a.key: a for a in self.pending}
        spared = self.options.spared
        for worker, keys in self.client.processing().items():
            for attempt in [attempts[k] for k in keys if k in attempts and worker not in spared]:
                state = read(attempt.file)
                if not state or not state["first"] < state["done"] < state["end"]:
                    continue
                process = self.client.run(os.getpid, workers=[worker])[worker]
                os.kill(process, signal.SIGKILL)
                note(f"killed worker process {process} amid shard {attempt.shard.name}: "
                     f"{state['done'] - state['first']:,} of {state['end'] - state['first']:,} logits were saved")
                return True
        return False
