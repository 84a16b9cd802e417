"""The article: which form is within four ulps where, five families beside the common form, and the cost."""

from __future__ import annotations

import math
import platform

from check import QUESTIONS, Answer, Question
from cost import Cost
from forms import ALL, COMMON, Form

FAMILIES = ("normal", "confident", "large-offset", "near-ties", "subnormal-results")
TITLES = {
    "normal": "normal", "confident": "confident and right", "large-offset": "a common offset of 10⁴",
    "near-ties": "near ties", "subnormal-results": "losses below the normal range"}

Answers = dict[tuple[str, str, str], Answer]

HEAD = '''# Forms to copy, in the languages of kernels

The practical form in C, CUDA C++, Triton, PyTorch, JAX, NumPy and Metal: how far each is from the exact values, and
what it costs.

## Overview

`tools/forms` holds one file for each language, of at most 150 lines and without dependencies, to copy into a kernel.
Each has the softmax, the log-softmax, the cross-entropy of labels and of soft targets with label smoothing, ignored
rows and z-loss, the binary loss, and the gradients; its bound stands beside each function. `tools/forms/README.md`
derives the bounds. [Forms to copy](OwnForms.md) tells of the same form in Swift, and of `faithful`.

### The lines that differ

The common form, in NumPy:

```python
shifted = x - x.max()
loss = np.log(np.exp(shifted).sum()) - shifted[t]
gradient = np.exp(shifted) / np.exp(shifted).sum() - one_hot
```

The practical form leaves the greatest logit out of the sum, keeps what rounding took off each difference, and takes
nothing away from 1:

```python
d, lost = two_sum(x, -x.max())                       # x - max, and the error of that, exactly
rest = (np.exp(d) * (1 + lost))[x < x.max()].sum()   # the others; equal greatest ones count as 1 each
loss = (x.max() - x[t]) + np.log1p(rest)             # no term of the other sign; the files add the errors too
gradient = -rest / (1 + rest)                        # at the greatest logit, where that is the target
```

So the loss of a confident right answer keeps its digits, where the common form returns 0, and a common offset of all
logits costs none. The files keep e^d 2¹⁰⁰ times as large, so that results below the normal range keep theirs.
'''


def falls_short(title: str, answer: Answer) -> bool:
    """Whether a form is not within the 4 ulp that it promises."""
    question = next(each for each in QUESTIONS if each.title == title)
    return question.is_bounded and not answer.is_passed


def number(ulps: float) -> str:
    if math.isinf(ulps):
        return "∞"
    return f"{ulps:.2f}" if ulps < 1000 else f"{ulps:.1e}".replace("e+0", "e").replace("e+", "e")


def table(heads: list[str], rows: list[list[str]]) -> list[str]:
    return ["| " + " | ".join(each) + " |" for each in [heads, ["---"] * len(heads), *rows]]


def families_table(answers: Answers) -> list[str]:
    shown = [(form, answers.get((form.key, "cross-entropy", "float32"))) for form in [COMMON, *ALL]]
    shown = [(form, answer) for form, answer in shown if answer]
    return table(
        ["family", *(form.name for form, _ in shown)],
        [[TITLES[name], *(number(answer.errors[name]) if name in answer.errors else "" for _, answer in shown)]
         for name in FAMILIES])


def errors_table(answers: Answers, format: str, forms: list[Form]) -> list[str]:
    def cell(form: Form, question: Question) -> str:
        answer = answers.get((form.key, question.title, format))
        if not answer:
            return ""
        return number(answer.error) + ("" if answer.is_passed or not question.is_bounded else " ✗")

    forms = [form for form in forms if format in form.formats]
    rows = [[question.title, *(cell(form, question) for form in forms)] for question in QUESTIONS]
    return table(["function", *(form.name for form in forms)], [row for row in rows if any(row[1:])])


def lines(answers: Answers, costs: list[Cost], versions: str, date: str) -> list[str]:
    out = [*HEAD.splitlines(), "", "### Five families, in float32", ""]
    out += ["The largest error of the cross-entropy in ulps, of labels and of soft targets.", "", *families_table(answers)]
    out += [
        "", "### Every function", "",
        "The largest error in ulps that `loss-oracle check --max-ulp 4` found, over its families and a search for the "
        "worst. ✗ marks what is not within 4 ulp. The gradient of soft targets is promised within 4 or 5 units of the "
        "greater of p and y, half an ulp of 1 each: where the two are near little may be left of their difference, "
        "and no fixed number of digits is enough for every row. In formats narrower than what is computed in, it is "
        "the difference of nearly exact numbers."]
    for format in ("float32", "float64", "bfloat16", "float16"):
        out += ["", f"In {format}:", "", *errors_table(answers, format, ALL)]
    out += [
        "", "### What was run", "",
        *table(["form", "file", "ran", "rows of one check"],
               [[form.name, f"`tools/forms/{form.file}`", form.ran,
                 f"{max((a.rows for (key, _, _), a in answers.items() if key == form.key), default=0):,}"]
                for form in ALL])]
    out += [
        "", "In this run no GPU was at hand: the CUDA C++ is compiled for sm_80 by nvcc, and its very text, as that of the Metal "
        "form, runs as C++ on the CPU with a block of 8 threads that take turns at each barrier. What a GPU makes of "
        "the forms is told in [Accuracy on a GPU](AccuracyOnGPUs.md)."]
    if costs:
        out += [
            "", "### Cost", "",
            "Nanoseconds a logit of float32 or float64 cross-entropy on one core, the least of some rounds, the forms "
            "in turn. The common form is the framework's own loss (optax's for JAX); in C it is the same loop, once "
            "with the exp of libm, which compilers do not vectorise, and once with the exp of the form.", "",
            *table(["language", "format", "classes", "common", "practical", "practical / common"],
                   [[c.language, c.format, f"{c.classes:,}", f"{c.common:.3g}", f"{c.practical:.3g}",
                     f"{c.practical / c.common:.2f}"] for c in costs])]
    out += ["", f"`tools/check-forms` wrote this page on {date}: {platform.system()} {platform.machine()}, {versions}."]
    return out
