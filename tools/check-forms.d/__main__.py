"""Checks the forms to copy and writes the article on them."""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import subprocess
import sys
import time
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import article
import cost
from check import QUESTIONS, Answer, check
from forms import ALL, BUILD, COMMON, HERE, ROOT

ARTICLE = ROOT / "Sources/LossOracle/Documentation.docc/FormsInOtherLanguages.md"
PACKAGES = ("numpy", "ml_dtypes", "torch", "triton", "jax", "optax", "nvidia-cuda-nvcc")


def compile_cuda() -> None:
    """Compiles the kernels for a GPU, which shows that they are CUDA C++."""
    import nvidia

    tools = next(Path(next(iter(nvidia.__path__))).glob("*/bin/nvcc"))
    subprocess.run(
        [str(tools), "-arch=sm_80", "-cubin", "-Werror", "all-warnings", str(HERE / "kernels.cu"), "-o",
         str(BUILD / "kernels.cubin")], check=True)


def versions() -> str:
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if "model name" in line), "")
    compilers = [
        subprocess.run([name, "--version"], capture_output=True, text=True).stdout.splitlines()[0]
        for name in ("cc", "clang++")]
    packages = [f"{name} {version(name)}" for name in PACKAGES]
    return ", ".join([model, f"{os.cpu_count()} cores", " ".join(platform.libc_ver()), *compilers, *packages])


def main() -> int:
    parser = argparse.ArgumentParser(prog="tools/check-forms", description=__doc__)
    keys = [form.key for form in ALL]
    parser.add_argument("--only", action="append", choices=keys, metavar="FORM", help=", ".join(keys))
    parser.add_argument("--format", action="append", metavar="NAME")
    parser.add_argument("--quick", action="store_true", help="a tenth of the cases, and no costs")
    parser.add_argument(
        "--reuse", action="store_true", help="take the answers of an earlier run for the forms that have them")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the article there")
    options = parser.parse_args()
    BUILD.mkdir(parents=True, exist_ok=True)
    compile_cuda()
    answers, began = {}, time.monotonic()
    for form in [COMMON, *ALL]:
        is_common = form is COMMON
        if not is_common and options.only and form.key not in options.only:
            continue
        if options.quick:
            form = replace(form, cases=max(form.cases // 10, 2), searched=form.searched // 10)
        kept = BUILD / f"answers-{form.key}.json"
        if options.reuse and kept.exists():
            for *key, answer in json.loads(kept.read_text()):
                answers[tuple(key)] = Answer(**answer)
            continue
        command = form.command()
        questions = [each for each in QUESTIONS if not form.titles or each.title in form.titles]
        for format in form.formats:
            if options.format and format not in options.format and not is_common:
                continue
            for question in questions:
                answer = check(os.environ["LOSS_ORACLE"], form, command, question, format)
                if answer.status == 69 and not answer.errors:
                    continue  # the form has no such function
                answers[form.key, question.title, format] = answer
                kept.write_text(json.dumps(
                    [[*key, vars(each)] for key, each in answers.items() if key[0] == form.key]))
                shortfall = not is_common and article.falls_short(question.title, answer)
                print(
                    f"{time.monotonic() - began:5.0f} s  {form.key} {format} {question.title}: "
                    f"{article.number(answer.error)} ulp{', falls short' * shortfall}", file=sys.stderr, flush=True)
    costs = [] if options.quick or options.only else [*cost.of_c(), *cost.of_python()]
    failed = sum(
        article.falls_short(title, answer)
        for form in ALL for (key, title, _), answer in answers.items() if key == form.key)
    is_whole = not (options.only or options.format or options.quick)
    output = options.output or (ARTICLE if is_whole else BUILD / ARTICLE.name)
    date = datetime.date.today().isoformat()
    output.write_text("\n".join(article.lines(answers, costs, versions(), date)) + "\n")
    print(f"{output}: {len(answers)} checks, {failed} not within 4 ulp", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
