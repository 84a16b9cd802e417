"""Audits the tolerances that have a name on the inputs of their suites."""
import argparse
import json
import os
import pathlib
import subprocess
import sys

import article
import figure

ARTICLE = pathlib.Path(__file__).resolve().parents[2] / (
    "Sources/LossOracle/Documentation.docc/WhatTestsNotice.md")


def audit(*arguments):
    command = [os.environ["LOSS_ORACLE"], "audit", *arguments, "--report", "json"]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def runs(usage):
    """As many as have a million logits, from 2 to 20."""
    return min(max(1_000_000 // (usage["rows"] * usage["classes"]), 2), 20)


def audits():
    """Each usage of each tolerance in each of its formats, with the report."""
    for known in audit("--list"):
        for usage in known["usages"]:
            for form in usage["formats"]:
                arguments = [
                    "--tolerance", known["name"], "--function", usage["function"], "--format", form,
                    "--rows", str(usage["rows"]), "--classes", str(usage["classes"]),
                    "--draw", usage["draw"], "--runs", str(runs(usage))]
                for name, usual in (("reduction", "none"), ("scale", 1), ("shift", 0)):
                    if usage[name] != usual:
                        arguments.append(f"--{name}={usage[name]}")
                print(" ".join(arguments), file=sys.stderr)
                yield {"known": known, "arguments": arguments, "report": audit(*arguments)}


def main():
    parser = argparse.ArgumentParser(prog="tools/audit-suites", description=__doc__)
    parser.add_argument(
        "--article", type=pathlib.Path, default=ARTICLE, help="the article to write (default: %(default)s)")
    parser.add_argument("--json", type=pathlib.Path, help="a file for the reports")
    options = parser.parse_args()
    results = list(audits())
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")
    picture = options.article.with_name("what-tests-notice")
    figure.draw(results, picture)
    options.article.write_text(article.text(results, picture.name))


if __name__ == "__main__":
    main()
