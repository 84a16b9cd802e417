"""The command: `python -m loss_oracle check my_module:my_loss --function cross-entropy`."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
from typing import Any, Callable, Optional, Sequence

OK, FELL_SHORT, USAGE, BAD_DATA, NO_INPUT = 0, 1, 64, 65, 66
UNAVAILABLE, CANNOT_CREATE, INTERRUPTED = 69, 73, 130


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> Any:
        self.print_usage(sys.stderr)
        self.exit(USAGE, f"{self.prog}: {message}\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m loss_oracle", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, parser_class=_Parser)
    check = commands.add_parser(
        "check", help="search for the input at which a function is furthest from the exact values"
    )
    check.add_argument("subject", help="the function, as MODULE:NAME")
    check.add_argument("--function", help="what it computes: cross-entropy, softmax, …")
    check.add_argument("--dtype", "--format", default=None, help="of the logits (float32)")
    check.add_argument("--output-dtype", "--output-format", help="that the function must give")
    check.add_argument("--framework", choices=["numpy", "torch", "jax"], default="numpy")
    check.add_argument("--device", help="where the arrays lie, such as cuda")
    check.add_argument("--gradient", action="store_true", help="check the gradient, by autograd")
    check.add_argument("--targets", choices=["index", "probabilities", "any"], default="index")
    check.add_argument("--reduction", choices=["none", "mean", "sum"], default="none")
    check.add_argument(
        "--axis",
        type=int,
        choices=[-1, 0, 1],
        default=-1,
        help="where the classes are: -1, 1 of [outer, classes, 3], 0 of [classes, rows]",
    )
    check.add_argument("--options", default="{}", help='JSON, such as {"label_smoothing": 0.1}')
    check.add_argument("--claim", help="what passes: common (the default), ulp:N, …")
    check.add_argument("--max-ulp", type=float, help="the largest error that passes, in ulps")
    check.add_argument("--subnormals", choices=["keep", "flush"], help="what becomes of them")
    check.add_argument("--special-values", choices=["apart", "strict"], default="apart")
    check.add_argument("--cases", type=int, default=1000, help="the cases of each family (1000)")
    check.add_argument("--search", type=int, help="the cases of the search (four times --cases)")
    check.add_argument("--seed", type=int, default=1)
    check.add_argument("--classes", default="1-10", help="a number, or two such as 2-10")
    check.add_argument("--family", action="append", help="only this family (repeatable)")
    check.add_argument("--isolate", action="store_true", help="in a process of its own")
    check.add_argument("--report", action="append", choices=["json", "markdown", "junit", "html"])
    check.add_argument("--output", help="the folder to write the reports to")
    check.add_argument("--save-witness", metavar="FILE", help="add failing cases to this file")
    check.add_argument(
        "--replay", metavar="FILE", help="judge the cases of this file, and no others"
    )
    return parser


class _Failure(Exception):
    def __init__(self, text: str, status: int) -> None:
        super().__init__(text)
        self.status = status


def _load(name: str) -> Callable[..., Any]:
    module, separator, attribute = name.partition(":")
    if not separator or not module or not attribute:
        raise _Failure(f"{name!r} is not MODULE:NAME", USAGE)
    sys.path.insert(0, os.getcwd())
    try:
        value: Any = importlib.import_module(module)
        for part in attribute.split("."):
            value = getattr(value, part)
    except (ImportError, AttributeError) as error:
        raise _Failure(f"cannot load {name}: {error}", UNAVAILABLE) from error
    function: Callable[..., Any] = value
    return function


def _table(report: Any) -> str:
    data = report.data
    heading = ["family", "cases", "median", "99 %", "max ulp", "of common", "misrounded"]
    rows = [heading + ["non-finite", "failures"]]
    for stage in report.stages:
        is_empty = stage.median_ulp != stage.median_ulp
        rows.append(
            [
                stage.family,
                str(stage.cases),
                _ulps(stage.median_ulp),
                _ulps(stage.percentile_99_ulp),
                "-" if is_empty else _ulps(stage.max_ulp),
                "-" if is_empty else f"{stage.of_common:.3g}",
                "-" if is_empty else f"{100 * stage.misrounded:.1f}%",
                str(stage.non_finite),
                str(stage.failures),
            ]
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        data["subject"],
        f"{data['function']} in {data['format']}, seed {data['seed']}; claimed: {data['claim']}",
        "",
    ]
    for row in rows:
        cells = [row[0].ljust(widths[0])] + [c.rjust(w) for c, w in zip(row[1:], widths[1:])]
        lines.append("  ".join(cells).rstrip())
    for reason, count in sorted(data.get("abstentions", {}).items()):
        lines.append(f"left out: {count} rows: {reason}")
    return "\n".join(lines)


def _ulps(value: float) -> str:
    if value != value:
        return "-"
    if value == float("inf"):
        return "inf"
    return f"{value:.2f}" if value < 1000 else f"{value:.0f}" if value < 1e6 else f"{value:.2e}"


def _check(arguments: argparse.Namespace, words: Sequence[str]) -> int:
    from . import _search
    from ._errors import LossOracleError
    from ._replay import described
    from ._witnesses import witness_text

    f = _load(arguments.subject)
    known: Optional[str] = None
    function, dtype, families = arguments.function, arguments.dtype, arguments.family
    try:
        options = json.loads(arguments.options)
        bounds = [int(part) for part in arguments.classes.split("-")]
        classes = (bounds[0], bounds[-1])
    except ValueError as error:
        raise _Failure(f"--options or --classes: {error}", USAGE) from error
    if not isinstance(options, dict):
        raise _Failure("--options must be a JSON object", USAGE)
    claim = arguments.claim
    given: dict[str, Any] = {}
    parts: Sequence[Optional[int]] = (None,)
    if arguments.replay:
        try:
            known = witness_text(arguments.replay)
            kept, given, both = described(known)
        except OSError as error:
            raise _Failure(f"{arguments.replay}: {error.strerror}", NO_INPUT) from error
        except (ValueError, LossOracleError) as error:
            raise _Failure(f"{arguments.replay} has no witness to replay", BAD_DATA) from error
        function, dtype, parts = function or kept, dtype or given.pop("dtype"), both or parts
        if claim is None and arguments.max_ulp is None:
            claim = given["claim"]
        families = []
    asked = {
        "reduction": arguments.reduction,
        "output_dtype": arguments.output_dtype,
        "subnormals": arguments.subnormals,
        "special_values": arguments.special_values,
    }
    # What is asked for goes before what the witnesses say.
    for name, value in asked.items():
        if value in (None, "none", "apart"):
            asked[name] = given.get(name, value)
    own = set(asked) | {"dtype", "claim", "families", "search", "known"}
    options = options or {name: value for name, value in given.items() if name not in own}
    if function is None:
        raise _Failure("give --function, or a file to --replay", USAGE)
    if function == "linear-cross-entropy":
        return _check_layers(f, arguments, options, _search.claim_text(arguments.max_ulp, claim))
    again = "python -m loss_oracle " + " ".join(_quoted(word) for word in words)
    try:
        reports = [
            _search.search_for_worst(
                f,
                function,
                dtype=dtype or "float32",
                claim=_search.claim_text(arguments.max_ulp, claim),
                framework=arguments.framework,
                device=arguments.device,
                gradient=arguments.gradient,
                targets=arguments.targets,
                families=families,
                cases=arguments.cases,
                search=0 if arguments.replay else arguments.search,
                classes=classes,
                seed=arguments.seed,
                known=known,
                subject_name=arguments.subject,
                isolate=arguments.isolate,
                axis=arguments.axis,
                again=again,
                replay=f"python -m loss_oracle check {arguments.subject} --replay FILE"
                + ("" if arguments.axis == -1 else f" --axis {arguments.axis}"),
                part=part,
                **asked,
                **options,
            )
            for part in parts
        ]
    except (LossOracleError, TypeError, ValueError) as error:
        raise _Failure(str(error), USAGE) from error
    for report in reports:
        _write(report, arguments, len(reports) > 1)
    if all(report.passed for report in reports):
        return OK
    return FELL_SHORT if any(r.verdict == "fell short" for r in reports) else UNAVAILABLE


def _check_layers(
    f: Callable[..., Any], arguments: argparse.Namespace, options: dict[str, Any], claim: str
) -> int:
    from ._errors import LossOracleError
    from ._linear_search import search_layers

    try:
        report = search_layers(
            f,
            dtype=arguments.dtype or "float32",
            claim=claim,
            gradient=arguments.gradient,
            reduction=arguments.reduction,
            framework=arguments.framework,
            device=arguments.device,
            families=arguments.family,
            cases=min(arguments.cases, 6),
            seed=arguments.seed,
            **options,
        )
    except (LossOracleError, TypeError, ValueError) as error:
        raise _Failure(str(error), USAGE) from error
    print(report.text)
    return OK if report.passed else FELL_SHORT if report.verdict == "fell short" else UNAVAILABLE


def _write(report: Any, arguments: argparse.Namespace, is_part: bool) -> None:
    layouts = tuple(arguments.report or ())
    part = "gradient" if report.data["function"].endswith("-gradient") else "loss"
    if layouts and arguments.output is None:
        for layout in layouts:
            sys.stdout.write(report.layout(layout))
    else:
        print(_table(report))
        print()
        print(report.words(with_options=True))
    try:
        if arguments.output is not None:
            folder = os.path.join(arguments.output, part) if is_part else arguments.output
            report.save(folder, layouts or ("json",))
        if arguments.save_witness and report.witnesses["witnesses"]:
            from ._witnesses import merged, write_json

            kept: dict[str, Any] = {"schema": 1, "witnesses": []}
            if os.path.exists(arguments.save_witness):
                with open(arguments.save_witness, encoding="utf-8") as file:
                    kept = json.load(file)
            write_json(arguments.save_witness, merged(kept, report.witnesses))
    except OSError as error:
        raise _Failure(f"cannot write: {error}", CANNOT_CREATE) from error


def _quoted(word: str) -> str:
    import shlex

    return shlex.quote(word)


def main(words: Optional[Sequence[str]] = None) -> int:
    """Runs the command; its exit statuses are those of `loss-oracle`."""
    words = sys.argv[1:] if words is None else words
    arguments = _parser().parse_args(words)
    try:
        return _check(arguments, words)
    except _Failure as failure:
        print(f"loss_oracle: {failure}", file=sys.stderr)
        return failure.status
    except KeyboardInterrupt:
        print("loss_oracle: interrupted", file=sys.stderr)
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
