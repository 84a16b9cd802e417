"""The command line. Standard library only: it is read before the environment exists."""
import argparse
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DESCRIPTION = """\
Compare what `loss-oracle evaluate` answers with two independent computations of the same values:
ball arithmetic (Arb) for every value, interval arithmetic (mpmath) and textbook formulas for a
share of them. Rounding is done anew in integers; no MPFR is involved. Exits 1 on one mismatch."""


class Parser(argparse.ArgumentParser):
    def error(self, message):
        self.print_usage()
        self.exit(64, f"{self.prog}: {message}\n")


def parse(arguments):
    parser = Parser(prog="tools/crosscheck", description=DESCRIPTION,
                    formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--values", type=int, default=1_000_000, metavar="N",
                        help="how many values to compare (default: %(default)s)")
    parser.add_argument("--seed", default="1", help="same seed, same lines (default: %(default)s)")
    parser.add_argument("--binary", type=Path, default=ROOT / ".build" / "release" / "loss-oracle",
                        metavar="PATH", help="the command (default: .build/release/loss-oracle)")
    parser.add_argument("--function", action="append", metavar="NAME",
                        help="only this function; may be repeated")
    parser.add_argument("--format", action="append", metavar="NAME",
                        help="only this input format; may be repeated")
    parser.add_argument("--jobs", type=int, default=2, metavar="N",
                        help="processes (default: %(default)s)")
    parser.add_argument("--backend", choices=("both", "mpmath", "arb"), default="both",
                        help="both: Arb for all, mpmath for a share of the lines "
                             "(default: %(default)s)")
    parser.add_argument("--mpmath-share", type=float, default=0.1, metavar="SHARE",
                        help="that share (default: %(default)s)")
    parser.add_argument("--exhaustive-float16", action="store_true",
                        help="instead of random lines, all 2^16 float16 logits of the functions of "
                             "one logit, the binary loss and gradient with targets 0 and 1, in all "
                             "four directions")
    parser.add_argument("--self-check", action="store_true",
                        help="compare the two backends with each other, without the command")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write a summary as JSON")
    options = parser.parse_args(arguments)
    if options.values < 1 or options.jobs < 1 or not 0 <= options.mpmath_share <= 1:
        parser.error("--values and --jobs must be at least 1, --mpmath-share from 0 to 1")
    return options
