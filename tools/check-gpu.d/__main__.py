"""Checks losses on a GPU: inputs made here, outputs computed there, judged here."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import inputs


def main() -> int:
    parser = argparse.ArgumentParser(prog="tools/check-gpu", description=__doc__)
    stages = parser.add_subparsers(dest="stage", required=True)
    prepare = stages.add_parser("prepare", help="make the inputs")
    run = stages.add_parser("run", help="evaluate what is installed on them")
    judge = stages.add_parser("judge", help="check what came back, and write the page")
    for stage in (prepare, run, judge):
        stage.add_argument("folder", type=Path, help="the folder of the inputs")
    prepare.add_argument("--quick", action="store_true", help="a twentieth of the rows, and none that are long")
    run.add_argument("--output", type=Path, required=True, metavar="DIR", help="where the outputs go: at most 5 files")
    run.add_argument("--seconds", type=float, default=400, help="when to stop (400)")
    run.add_argument("--cpu", action="store_true", help="rehearse without a GPU, Triton in its interpreter")
    run.add_argument("--only", action="append", metavar="KEY", help="only this implementation, `search` or `compiled`")
    run.add_argument("--format", action="append", choices=inputs.FORMATS, metavar="NAME")
    judge.add_argument("--outputs", type=Path, required=True, metavar="DIR", help="what `run` wrote")
    judge.add_argument(
        "--article", type=Path, metavar="FILE", help="write the page there, and its table into Tables beside it")
    options = parser.parse_args()
    if options.stage == "prepare":
        size = inputs.prepare(os.environ["LOSS_ORACLE"], options.folder, quick=options.quick)
        print(f"{options.folder}: {size / 1e6:.1f} MB", file=sys.stderr)
        return 0
    if options.stage == "run":
        import catalogue
        from device import PROBES, Device

        keys = [*catalogue.BY_KEY, *PROBES]
        unknown = set(options.only or []) - set(keys)
        if unknown:
            parser.error(f"there is no {', '.join(unknown)}; there are {', '.join(keys)}")
        if not any(any(inputs.of(options.folder, format)) for format in inputs.FORMATS):
            print(f"{options.folder}: no inputs there; `prepare` makes them", file=sys.stderr)
            return 66
        options.output.mkdir(parents=True, exist_ok=True)
        device = Device(options.folder.resolve(), options.output, options.seconds, "cpu" if options.cpu else "cuda")
        return 0 if device.run(options.only or keys, options.format or list(inputs.FORMATS)) else 69
    from judge import judge as judged

    return judged(os.environ["LOSS_ORACLE"], options.folder, options.outputs, options.article)


if __name__ == "__main__":
    sys.exit(main())
