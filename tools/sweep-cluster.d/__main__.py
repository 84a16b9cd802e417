"""Farms the shards of a sweep to a Dask cluster and merges their certificates."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

import dask
from distributed import Client, LocalCluster

import shard as work
from farm import Failure, Farm, note, read

# `loss-oracle sweep` divides all logits into at most so many shards.
MOST_SHARDS = 4096
# Parts of all float32 logits that begin or end with those from 1 to 2: of 2^20, 2^23, 2^27 and 2^30.
GROWTH = [("1017/4096", 1), ("128/512", 8), ("8/32", 16), ("1/4", 64)]


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="tools/sweep-cluster", description="Sweep every logit on a Dask cluster.",
        usage="%(prog)s [options] --output FILE -- ARGUMENTS OF loss-oracle sweep")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--workers", type=int, metavar="N", help="worker processes here (default: one for each core)")
    where.add_argument("--scheduler", metavar="ADDRESS", help="a running scheduler, such as tcp://10.0.0.1:8786")
    parser.add_argument("--shards", type=int, default=64, metavar="N", help="shards (default: 64)")
    parser.add_argument("--part", default="1/1", metavar="I/N", help="the part of all logits to sweep")
    parser.add_argument("--folder", metavar="DIR", help="shared folder for states (default: FILE.shards)")
    parser.add_argument("--threads", type=int, default=1, metavar="N", help="threads for a shard (default: 1)")
    parser.add_argument(
        "--recheck", type=float, default=1 / 16, metavar="SHARE",
        help="the share of the shards to do twice, beside the first of each worker (default: 1/16)")
    parser.add_argument("--kill-one", action="store_true", help="kill a local worker amid its shard")
    parser.add_argument("--slow-one", action="store_true", help="hold a local worker up")
    parser.add_argument("--corrupt-one", action="store_true", help="have a local worker return wrong shards")
    parser.add_argument(
        "--growth", action="store_true", help="sweep 2^20, 2^23, 2^27 and 2^30 logits, and print what each costs")
    parser.add_argument("--output", required=True, metavar="FILE", help="the certificate to write")
    parser.add_argument("sweep", nargs="+", metavar="ARGUMENT", help="what follows -- goes to loss-oracle sweep")
    arguments = parser.parse_args()
    for name in ("workers", "shards", "threads"):
        if getattr(arguments, name) is not None and getattr(arguments, name) < 1:
            parser.error(f"--{name} must be at least 1.")
    if not 0 <= arguments.recheck <= 1:
        parser.error("--recheck is a share, from 0 to 1.")
    if arguments.scheduler and (arguments.kill_one or arguments.slow_one or arguments.corrupt_one):
        parser.error("--kill-one, --slow-one and --corrupt-one are for worker processes of this machine.")
    faults = arguments.kill_one + arguments.slow_one + arguments.corrupt_one
    if faults and (arguments.workers or os.cpu_count() or 1) < faults + 1:
        parser.error(f"use --workers {faults + 1}, so that one has no fault.")
    taken = {"--shard", "--resume", "--output", "--threads"}
    for argument in arguments.sweep:
        if argument.split("=")[0] in taken:
            parser.error(f"{argument} is this tool's to give: leave it out behind --.")
    try:
        index, count = (int(text) for text in arguments.part.split("/"))
    except ValueError:
        parser.error("--part is written I/N, such as 1/4.")
    if not 1 <= index <= count:
        parser.error("of --part I/N, I lies between 1 and N.")
    if count * arguments.shards > MOST_SHARDS and not arguments.growth:
        parser.error(f"use --shards {MOST_SHARDS // count} at most, so that N of --part times them is {MOST_SHARDS}."
                     if count <= MOST_SHARDS else f"N of --part is at most {MOST_SHARDS}.")
    arguments.folder = str(Path(arguments.folder or arguments.output + ".shards").resolve())
    return arguments


def connect(arguments: argparse.Namespace) -> Client:
    # A shard that loses its worker goes on elsewhere, so deaths are no reason to give up soon. And a worker is
    # given the next shard when it has done one, not before.
    dask.config.set({"distributed.scheduler.allowed-failures": 10, "distributed.scheduler.worker-saturation": 1.0})
    if arguments.scheduler:
        client = Client(arguments.scheduler)
    else:
        client = Client(LocalCluster(
            n_workers=arguments.workers or os.cpu_count() or 1, threads_per_worker=1, processes=True,
            dashboard_address=None))
    client.upload_file(work.__file__)
    workers = list(client.scheduler_info(n_workers=-1)["workers"])
    arguments.spared = []
    for fault in ["slow"] * arguments.slow_one + ["wrong"] * arguments.corrupt_one:
        worker = workers.pop()
        client.run(work.pretend, fault, workers=[worker])
        arguments.spared.append(worker)
        note(f"{worker} is made {fault}")
    return client


def sweep(client: Client, command: str, arguments: argparse.Namespace, part: str, shards: int) -> dict:
    """Sweeps a part, and tells what that has cost."""
    started = time.monotonic()
    index, count = (int(text) for text in part.split("/"))
    farm = Farm(client, command, arguments, (index, count), shards)
    farm.run()
    files = [str(shard.accepted) for shard in farm.shards]
    merged = subprocess.run(
        [command, "merge", *files, "--output", arguments.output], capture_output=True, text=True)
    if merged.returncode != 0:
        raise Failure(merged.stderr.strip())
    print(merged.stdout, end="", flush=True)
    rows = sum(state["end"] - state["first"] for state in (read(Path(file)) for file in files))
    cost = {
        "rows": rows, "shards": shards, "wall": time.monotonic() - started, "cpu": farm.cpu,
        "memory": farm.memory / 1024, "checked": sum(shard.checked for shard in farm.shards)}
    note("{rows:,} logits in {shards} shards, {checked} of them done twice: {wall:.1f} s, {cpu:.1f} s of CPUs, "
         "{each:.1f} for each 10^9; at most {memory:.0f} MiB a process".format(
             each=farm.cpu * 1e9 / rows, **cost))
    return cost


def table(costs: list[dict]) -> str:
    lines = ["| logits | shards | seconds | CPU seconds | for each 10⁹ | MiB a process |",
             "| --- | --- | --- | --- | --- | --- |"]
    for cost in costs:
        lines.append("| {rows:,} | {shards} | {wall:.1f} | {cpu:.2f} | {each:.1f} | {memory:.0f} |".format(
            each=cost["cpu"] * 1e9 / cost["rows"], **cost))
    return "\n".join(lines)


def main() -> int:
    arguments = parse()
    command = os.environ["LOSS_ORACLE"]
    Path(arguments.folder).mkdir(parents=True, exist_ok=True)
    client = connect(arguments)
    try:
        if arguments.growth:
            print(table([sweep(client, command, arguments, part, shards) for part, shards in GROWTH]))
        else:
            sweep(client, command, arguments, arguments.part, arguments.shards)
    except Failure as failure:
        note(f"tools/sweep-cluster: {failure}\nwhat is done stays in {arguments.folder}")
        return 1
    finally:
        client.close()
        if client.cluster is not None:
            client.cluster.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
