"""The article."""
from figure import function, share

HEAD = """# What tests notice

What the tolerances of well-known test suites let pass, and what would tell right from wrong.

## Overview

A test compares what code gives with what is expected, |a − e| ≤ atol + rtol·|e| for each output. `loss-oracle
audit` tries such a test on outputs that known mistakes would have given, and on those of right
implementations; e is the exact value, correctly rounded. The table does so with the tolerances of suites
that people know, each on logits as that suite draws them. Of suites with more rows than that, fewer are
drawn: what passes with more passes with fewer, and the share of the runs is the greater. Where a suite compares
the mean of the losses, or the gradient of that, so does the audit; a mean of more rows has a smaller gradient, of
which `atol` lets even more pass.

![Rows: suites. Columns: mistakes, coloured where they pass.]({picture}.png)

"""

NOTES = """
- *passing*: of the known mistakes that such inputs show, those that pass in some run, and in every run.
- *zeros*: whether an output of zeros passes.
- *right forms fail*: the runs in which some right implementation fails: the form in common use with each way to
  sum, and the forms to copy; with 16-bit logits the sums are kept in float32.
- *needed*: the tolerance that right implementations need, `rtol` alone or `atol` alone, and in ulps; and the mistakes
  that the best of the three catches in every run, of those that are shown.

A mistake that a suite's inputs do not show passes whatever the tolerance: logits from a normal distribution of
variance 1 overflow no exponential and saturate no probability. `--draw` with a family such as `confident` or
`overflow-edge` shows them.

"""


def number(value, up=False):
    return "—" if value is None else f"{value:.2g}"


def rows(results):
    yield ["suite", "function", "format", "rtol", "atol", "rows × classes", "passing (always)", "zeros",
           "right forms fail", "needed: rtol", "atol", "ulps", "then caught"]
    for result in results:
        report = result["report"]
        shown = [m for m in report["mistakes"] if m["isShown"]]
        passing = [m for m in shown if share(m) > 0]
        zeros = next(m for m in report["mistakes"] if m["name"] == "all-zeros")
        failing = max(form["failedRuns"] for form in report["rightForms"])
        best = max((len(s["caught"]) for s in report["separations"] if s["least"] is not None), default=0)
        yield [
            f"`{result['known']['name']}`", function(report), report["format"],
            f"{report['closeness']['rtol']:g}", f"{report['closeness']['atol']:g}",
            f"{report['rows']} × {report['classes']:,}",
            f"{len(passing)} of {len(shown)} ({sum(share(m) == 1 for m in shown)})",
            "pass" if share(zeros) == 1 else "no" if share(zeros) == 0 else f"{share(zeros):.0%}",
            f"{failing} of {report['runs']}" if failing else "no",
            number(report["needed"].get("rtol")), number(report["needed"].get("atol")),
            number(report["needed"].get("ulps")), f"{best} of {len(shown)}"]


def table(lines):
    lines = list(lines)
    return "\n".join(
        ["| " + " | ".join(lines[0]) + " |", "| " + " | ".join("---" for _ in lines[0]) + " |"]
        + ["| " + " | ".join(line) + " |" for line in lines[1:]])


def passing(results):
    """What passes in every run, suite by suite."""
    for result in results:
        report = result["report"]
        always = [m["name"] for m in report["mistakes"] if m["isShown"] and share(m) == 1]
        sometimes = [m["name"] for m in report["mistakes"] if m["isShown"] and 0 < share(m) < 1]
        text = ", ".join(always) or "none"
        if sometimes:
            text += "; in some runs " + ", ".join(sometimes)
        yield f"- `{result['known']['name']}`, {function(report)} in {report['format']}: {text}."


def text(results, picture):
    known = {r["known"]["name"]: r["known"] for r in results}
    sources = [f"- `{k['name']}`: {k['what']}; {k['source']}." for k in known.values()]
    return (
        HEAD.format(picture=picture) + table(rows(results)) + "\n" + NOTES
        + "## What passes\n\nIn every run:\n\n" + "\n".join(passing(results))
        + "\n\n## Where the tolerances stand\n\n" + "\n".join(sources)
        + "\n\n`loss-oracle audit --list` tells them with their numbers. `tools/audit-suites` makes this page; a "
        "row of it is, say,\n\n    loss-oracle audit " + " ".join(results[0]["arguments"]) + "\n\n"
        "and `tools/check-audit` recomputes such numbers with NumPy.\n")
