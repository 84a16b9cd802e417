"""Farms the shards of a sweep to a Dask cluster and merges their certificates."""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import dask
from distributed import Client, LocalCluster
from distributed.scheduler import KilledWorker

import shard as work

RETRIES = 3


def note(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="tools/sweep-cluster", description="Sweep every logit on a Dask cluster.",
        usage="%(prog)s [options] --output FILE -- ARGUMENTS OF loss-oracle sweep")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--workers", type=int, metavar="N", help="worker processes here (default: one for each core)")
    where.add_argument("--scheduler", metavar="ADDRESS", help="a running scheduler, such as tcp://10.0.0.1:8786")
    parser.add_argument("--shards", type=int, default=64, metavar="N", help="shards (default: 64)")
    parser.add_argument("--folder", metavar="DIR", help="shared folder for states (default: FILE.shards)")
    parser.add_argument("--threads", type=int, default=1, metavar="N", help="threads for a shard (default: 1)")
    parser.add_argument("--kill-one", action="store_true", help="kill a local worker amid its shard")
    parser.add_argument("--output", required=True, metavar="FILE", help="the certificate to write")
    parser.add_argument("sweep", nargs="+", metavar="ARGUMENT", help="what follows -- goes to loss-oracle sweep")
    arguments = parser.parse_args()
    for name in ("workers", "shards", "threads"):
        if getattr(arguments, name) is not None and getattr(arguments, name) < 1:
            parser.error(f"--{name} must be at least 1.")
    if arguments.kill_one and arguments.scheduler:
        parser.error("--kill-one kills a worker process of this machine: use it with --workers.")
    taken = {"--shard", "--resume", "--output", "--threads"}
    for argument in arguments.sweep:
        if argument.split("=")[0] in taken:
            parser.error(f"{argument} is this tool's to give: leave it out behind --.")
    arguments.folder = str(Path(arguments.folder or arguments.output + ".shards").resolve())
    return arguments


def states(arguments: argparse.Namespace) -> dict[int, dict]:
    """The shards that have been begun, as their files tell."""
    found = {}
    for index in range(1, arguments.shards + 1):
        try:
            found[index] = json.loads(work.path(arguments.folder, index, arguments.shards).read_text())
        except FileNotFoundError:
            pass
    return found


class Progress:
    """A line on standard error: overwritten on a terminal, else a new one for each tenth."""

    def __init__(self) -> None:
        self.shown = -1

    def show(self, found: dict[int, dict], shards: int) -> None:
        done = sum(s["done"] - s["first"] for s in found.values())
        domain = next((s["domain"] for s in found.values()), 0)
        complete = sum(s["done"] == s["end"] for s in found.values())
        share = 100 * done // domain if domain else 0
        text = f"{share:3} %: {done:,} of {domain:,} logits, {complete} of {shards} shards complete"
        if sys.stderr.isatty():
            print(f"\r{text}", end="\n" if complete == shards else "", file=sys.stderr, flush=True)
        elif share // 10 != self.shown:
            self.shown = share // 10
            note(text)


def kill_one(client: Client, found: dict[int, dict]) -> bool:
    """Kills, without warning, a worker whose shard is half done; whether there was one."""
    for address, keys in client.processing().items():
        for key in keys:
            state = found.get(int(key.split("-")[-1]))
            if state is None or not state["first"] < state["done"] < state["end"]:
                continue
            process = client.run(os.getpid, workers=[address])[address]
            os.kill(process, signal.SIGKILL)
            note(f"killed worker process {process} amid {key}: {state['done'] - state['first']:,} of "
                 f"{state['end'] - state['first']:,} logits were saved")
            return True
    return False


def farm(client: Client, arguments: argparse.Namespace, command: str) -> str:
    """Has all shards done; returns the first error that stands."""
    client.upload_file(work.__file__)
    pending = [
        client.submit(
            work.sweep, command, arguments.sweep, index, arguments.shards, arguments.folder,
            arguments.threads, key=f"shard-{index}", retries=RETRIES, pure=False)
        for index in range(1, arguments.shards + 1)
    ]
    progress = Progress()
    to_kill = arguments.kill_one
    while pending:
        time.sleep(0.25)
        found = states(arguments)
        progress.show(found, arguments.shards)
        if to_kill and kill_one(client, found):
            to_kill = False
        for future in [f for f in pending if f.done()]:
            pending.remove(future)
            try:
                error = future.result()
            except (KilledWorker, RuntimeError) as failure:
                error = str(failure)
            if error:
                client.cancel(pending)
                return error
    progress.show(states(arguments), arguments.shards)
    return "no shard was seen half done: use fewer shards for --kill-one" if to_kill else ""


def main() -> int:
    arguments = parse()
    command = os.environ["LOSS_ORACLE"]
    Path(arguments.folder).mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    # A shard that loses its worker goes on elsewhere, so deaths are no reason to give up soon.
    dask.config.set({"distributed.scheduler.allowed-failures": 10})
    if arguments.scheduler:
        client = Client(arguments.scheduler)
    else:
        workers = arguments.workers or os.cpu_count() or 1
        client = Client(LocalCluster(
            n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=None))
    try:
        error = farm(client, arguments, command)
    finally:
        client.close()
        if client.cluster is not None:
            client.cluster.close()
    if error:
        note(f"tools/sweep-cluster: {error}\nwhat is done stays in {arguments.folder}")
        return 1
    files = [str(work.path(arguments.folder, i, arguments.shards)) for i in range(1, arguments.shards + 1)]
    status = subprocess.run([command, "merge", *files, "--output", arguments.output]).returncode
    note(f"{arguments.shards} shards in {time.monotonic() - started:.1f} s")
    return status


if __name__ == "__main__":
    sys.exit(main())
