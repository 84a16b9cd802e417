"""Plants mutants in a copy of the package and runs the tests on each."""

import argparse
import csv
import json
import sys
import tempfile
import time
from pathlib import Path

from mutant import Mutant, read_all
from trial import Outcome, Workplace

ROOT = Path(__file__).resolve().parents[2]
# What stands in a file of outcomes where the tests have passed on the sources as they are.
UNMUTATED = "unmutated"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tools/mutants", description=__doc__)
    parser.add_argument("--check", action="store_true", help="only see that each can be planted")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="only this one")
    parser.add_argument("--output", type=Path, help="a file for the table, as CSV")
    parser.add_argument(
        "--resume", type=Path, metavar="FILE",
        help="a file of outcomes, which is added to: mutants that it holds are not tried again")
    parser.add_argument(
        "--tried", action="store_true", help="try no more, and report those that the file holds")
    parser.add_argument(
        "--copy", type=Path, metavar="FOLDER", help="keep the copy of the package, with its build")
    parser.add_argument(
        "--timeout", type=int, default=400, help="seconds after which the tests count as failing")
    return parser.parse_args()


def check(mutants: list[Mutant]) -> int:
    problems = [problem for mutant in mutants if (problem := mutant.problem(ROOT))]
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"{len(mutants)} mutants, {len(problems)} of which cannot be planted")
    return 1 if problems else 0


def main() -> int:
    options = arguments()
    mutants = read_all(Path(__file__).parent)
    if options.only:
        mutants = [mutant for mutant in mutants if mutant.name in options.only]
        if len(mutants) < len(set(options.only)):
            print("tools/mutants: no such mutant", file=sys.stderr)
            return 64
    if options.check or check(mutants):
        return check(mutants) if options.check else 1
    known = recorded(options.resume)
    if options.tried:
        mutants = [mutant for mutant in mutants if mutant.digest in known]
    left = [mutant for mutant in mutants if mutant.digest not in known]
    if not mutants:
        print("tools/mutants: none has been tried", file=sys.stderr)
        return 64
    if left:
        with tempfile.TemporaryDirectory(prefix="loss-oracle-mutants-") as folder:
            copy = options.copy or Path(folder) / "package"
            workplace = Workplace(ROOT, copy, options.timeout)
            if not try_all(left, workplace, known, options.resume):
                return 65
    return report([(mutant, *known[mutant.digest]) for mutant in mutants], options.output)


def recorded(path: Path | None) -> dict[str, tuple[Outcome, str]]:
    """The outcomes of a file of them."""
    if path is None or not path.exists():
        return {}
    entries = [json.loads(line) for line in path.read_text().splitlines()]
    return {entry["digest"]: (Outcome(entry["outcome"]), entry["killer"]) for entry in entries}


def try_all(
        left: list[Mutant], workplace: Workplace, known: dict[str, tuple[Outcome, str]],
        path: Path | None) -> bool:
    """Tries mutants, and adds what became of them to what is known; false where no test can tell."""
    if UNMUTATED not in known:
        print("building and testing without a mutant", flush=True)
        if workplace.outcome(None) is not Outcome.SURVIVED:
            print(
                f"the tests fail as they are: mend them first ({workplace.killer})",
                file=sys.stderr)
            return False
        record(path, "none", UNMUTATED, Outcome.SURVIVED, "")
    for number, mutant in enumerate(left, start=1):
        start = time.monotonic()
        outcome = workplace.outcome(mutant)
        known[mutant.digest] = (outcome, workplace.killer)
        print(
            f"{number:3}/{len(left)}  {outcome.value:9}  {mutant.name:42}"
            f"  {time.monotonic() - start:5.0f} s  {workplace.killer}",
            flush=True)
        record(path, mutant.name, mutant.digest, outcome, workplace.killer)
    return True


def record(path: Path | None, name: str, digest: str, outcome: Outcome, killer: str) -> None:
    """Adds an outcome to a file of them."""
    if path:
        entry = {"name": name, "digest": digest, "outcome": outcome.value, "killer": killer}
        with path.open("a") as file:
            file.write(json.dumps(entry, ensure_ascii=False) + "\n")


def report(rows: list[tuple[Mutant, Outcome, str]], output: Path | None) -> int:
    killed = sum(outcome.is_killed for _, outcome, _ in rows)
    share = killed / len(rows)
    print(f"{killed} of {len(rows)} killed: {share:.1%}")
    survivors = [mutant.name for mutant, outcome, _ in rows if not outcome.is_killed]
    if survivors:
        print("survivors: " + ", ".join(survivors))
    if output:
        table = [["mutant", "part", "outcome", "first test that failed"]]
        table += [[m.name, m.part, o.value, k] for m, o, k in rows]
        with open(output, "w", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(table)
    return 0 if share >= 0.95 else 1


sys.exit(main())
