"""Checks the frameworks behind the adapters and writes the article on their accuracy."""

from __future__ import annotations

import argparse
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import peer
import text
from article import FORMATS, FUNCTIONS, Article
from measurement import Checker, Measurement

ROOT = Path(__file__).resolve().parents[2]
ARTICLE = ROOT / "Sources/LossOracle/Documentation.docc/Accuracy.md"
REPORTS = ROOT / ".build/peers/reports"
NARROWED = ROOT / ".build/peers/Accuracy.md"
CASES, QUICK_CASES, SEED = 4000, 200, 1


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tools/peers", description=__doc__)
    parser.add_argument(
        "--only", action="append", choices=peer.keys(), metavar="ADAPTER",
        help=f"only this framework: {', '.join(peer.keys())}")
    parser.add_argument("--function", action="append", choices=FUNCTIONS, metavar="NAME")
    parser.add_argument("--format", action="append", choices=FORMATS, metavar="NAME")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_CASES} cases of each family")
    parser.add_argument("--cases", type=int, metavar="N", help=f"cases of each family ({CASES})")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the article there")
    parser.add_argument("--limit", type=float, default=120, help="seconds that one check may take")
    parser.add_argument(
        "--reuse", action="store_true",
        help="take the reports of an earlier run where there are any, and do not measure again")
    return parser.parse_args()


def frameworks(only: list[str] | None) -> list[peer.Peer]:
    """Those whose adapters load; one that does not is no reason to leave out the others."""
    found = []
    for key in peer.keys():
        if only and key not in only:
            continue
        try:
            found.append(peer.load(key))
        except RuntimeError as reason:
            print(f"left out: {reason}", file=sys.stderr)
    return found


def measure(peers: list[peer.Peer], checker: Checker, options: argparse.Namespace) -> list[Measurement]:
    jobs = [
        (each, function, format)
        for each in peers
        for function in FUNCTIONS
        for format in FORMATS
        if format in each.offers.get(function, [])
        and (not options.function or function in options.function)
        and (not options.format or format in options.format)
    ]
    found: dict[tuple, Measurement] = {}
    began = time.monotonic()
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        running = {pool.submit(checker.check, *job): job for job in jobs}
        try:
            for number, future in enumerate(as_completed(running), start=1):
                each, function, format = running[future]
                result = found[running[future]] = future.result()
                seen = result.problem or f"{text.ulps(result.error)} ulp, {result.failed} beyond rounding"
                print(
                    f"{number:3}/{len(jobs)} {time.monotonic() - began:5.0f} s  "
                    f"{each.key} {function} {format}: {seen}", file=sys.stderr, flush=True)
        except KeyboardInterrupt:
            pool.shutdown(cancel_futures=True, wait=False)
            raise
    return [found[job] for job in jobs]


def main() -> int:
    options = arguments()
    cases = options.cases or (QUICK_CASES if options.quick else CASES)
    checker = Checker(os.environ["LOSS_ORACLE"], cases, SEED, options.limit, REPORTS, options.reuse)
    measurements = measure(frameworks(options.only), checker, options)
    if not any(each.problem is None for each in measurements):
        print("tools/peers: nothing was measured", file=sys.stderr)
        return 69
    is_whole = not (options.only or options.function or options.format or options.quick or options.cases)
    output = options.output or (ARTICLE if is_whole else NARROWED)
    command = " ".join(["tools/peers", *(each for each in sys.argv[1:] if each != "--reuse")])
    Article(measurements, checker, command).write(output)
    problems = [each for each in measurements if each.problem is not None]
    print(f"{output}: {len(measurements) - len(problems)} measured, {len(problems)} not", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
