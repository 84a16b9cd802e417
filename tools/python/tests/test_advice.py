"""What findings advise in Python is there in Python, and the page's example prints what the page says."""

import os
import re

import losses
import pytest

import loss_oracle as lo
from loss_oracle._advice import in_python

ROOT = os.path.join(os.path.dirname(__file__), "..", "..", "..")
ADVICE = [
    os.path.join(ROOT, "Sources", "Checking", *place)
    for place in (("Findings", "FindingBlock.swift"), ("CheckResult+Document.swift",))
]
PAGE = os.path.join(ROOT, "Sources", "LossOracle", "Documentation.docc", "PythonPackage.md")


def test_no_advice_names_what_the_command_alone_has():
    texts = []
    for path in ADVICE:
        with open(path, encoding="utf-8") as file:
            literals = re.findall(r'"((?:[^"\\\n]|\\.)*)"', file.read())
        texts += [text.replace('\\"', '"') for text in literals]
    advice = [t for t in texts if "--" in t and "loss-oracle explain" not in t and "\\(c" not in t]
    assert len(advice) > 5
    for text in advice:
        assert "--" not in in_python(text), text
    step = "  to do    go through it step by step: loss-oracle explain --logits 1,2 --target 0\n  replay"
    assert "go through it step by step" in texts
    for with_options in (False, True):
        mended = in_python(step, with_options=with_options)
        assert "--" not in mended and "loss_oracle.evaluate" in mended and "\n  replay" in mended


def test_a_finding_advises_nothing_of_the_command():
    with pytest.raises(lo.AccuracyError) as error:
        lo.assert_accurate(losses.unshifted, "cross-entropy", cases=20, search=20)
    text = str(error.value)
    assert 'judge this row again with the line "replay"\n' in text and "--" not in text
    # The cause says it already.
    assert "diagnosis" not in text


def test_in_a_test_it_says_where_the_case_is_kept_if_it_is(pytester):
    pytester.makepyfile(
        """
        import losses
        import loss_oracle as lo

        @lo.accuracy("cross-entropy", cases=20, search=20)
        def test_loss(logits, target):
            return losses.unshifted(logits, target)
        """
    )
    pytester.syspathinsert(os.path.dirname(__file__))
    kept = "*to do *the line \"replay\": it is kept in .loss_oracle/, and tried first"
    for _ in range(2):
        result = pytester.runpytest()
        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines([kept])
    (folder,) = [p for p in pytester.path.iterdir() if p.name == ".loss_oracle"]
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()
    folder.write_text("in the way")
    result = pytester.runpytest()
    result.assert_outcomes(failed=1)
    assert "kept in" not in result.stdout.str()


def test_the_example_of_the_page_prints_what_the_page_says(pytester):
    with open(PAGE, encoding="utf-8") as file:
        page = file.read()
    loss, test, mended = re.findall(r"```python\n(.*?)```", page, re.S)[:3]
    sample = re.search(r"```\n\$ pytest\n(.*?)```", page, re.S).group(1)
    pytester.path.joinpath("my_losses.py").write_text(loss)
    pytester.path.joinpath("test_my_losses.py").write_text(test)
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(failed=2)
    # Other cases may come to be tried before those that find it today.
    lines = [
        line.removeprefix("E").strip()
        for line in sample.splitlines()
        if line.strip() not in ("", "...") and not re.match(" +(found|and) by ", line)
    ]
    assert len(lines) > 10
    printed = [line.removeprefix("E").strip() for line in result.stdout.lines]
    assert [line for line in lines if line not in printed] == []
    pytester.path.joinpath("my_losses.py").write_text("import numpy as np\n\n" + mended)
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=2)
