"""The pytest plugin, as a project uses it."""

import json
import os

import pytest

TEST = """
    import numpy as np
    import loss_oracle as lo

    @lo.accuracy("cross-entropy", dtypes=["float32", "float64"]{more})
    def test_loss(logits, target):
        x = logits - {shift}
        return np.log(np.exp(x).sum(axis=1)) - x[np.arange(len(x)), target]
"""
GOOD = {"shift": "logits.max(axis=1, keepdims=True)", "more": ""}
BAD = {"shift": "0", "more": ""}


@pytest.fixture(autouse=True)
def quick(pytester):
    pytester.makeini("[pytest]\nloss_oracle_profile = quick\n")


def test_one_item_for_each_dtype(pytester):
    pytester.makepyfile(TEST.format(**GOOD))
    result = pytester.runpytest_subprocess("-v", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*test_loss?float32? PASSED*", "*test_loss?float64? PASSED*"])
    assert not os.path.exists(pytester.path / ".loss_oracle")


def test_a_failing_case_is_shown_kept_and_tried_first(pytester):
    pytester.makepyfile(TEST.format(**BAD))
    result = pytester.runpytest_subprocess("-k", "float32", "--junitxml=junit.xml")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["*cross-entropy in float32: inaccurate*", "*logit *", "*replay   pytest '*float32*"]
    )
    (kept,) = (pytester.path / ".loss_oracle").iterdir()
    first = kept.read_text()
    assert json.loads(first)["witnesses"][0]["function"] == "cross-entropy"
    junit = (pytester.path / "junit.xml").read_text()
    assert 'name="loss_oracle.max_ulp" value="inf"' in junit
    assert 'name="loss_oracle.verdict" value="fell short"' in junit
    # Of no case of the families the kept ones are left.
    more = ', families=["few-bits"], search=0'
    pytester.makepyfile(TEST.format(shift="0", more=more))
    result = pytester.runpytest_subprocess("-k", "float32")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*by known*"])
    assert kept.read_text() == first
    pytester.makepyfile(TEST.format(**GOOD))
    pytester.runpytest_subprocess("-k", "float32").assert_outcomes(passed=1)


def test_a_folder_that_cannot_be_written_is_no_error(pytester):
    pytester.makepyfile(TEST.format(**BAD))
    (pytester.path / ".loss_oracle").write_text("in the way")
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(failed=2)
    assert "FileExistsError" not in result.stdout.str()
    assert "NotADirectoryError" not in result.stdout.str()


def test_it_works_under_xdist(pytester):
    pytester.makepyfile(TEST.format(**BAD))
    result = pytester.runpytest_subprocess("-n", "2", "--junitxml=junit.xml")
    result.assert_outcomes(failed=2)
    assert len(list((pytester.path / ".loss_oracle").iterdir())) == 2
    assert (pytester.path / "junit.xml").read_text().count("loss_oracle.max_ulp") == 2


def test_bounds_are_recorded_on_purpose(pytester):
    pytester.makepyfile(TEST.format(shift=GOOD["shift"], more=', max_ulp="recorded"'))
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["*has no bound for*--loss-oracle-update-bounds*"])
    pytester.runpytest_subprocess("--loss-oracle-update-bounds").assert_outcomes(passed=2)
    bounds = json.loads((pytester.path / "loss_oracle_bounds.json").read_text())["max_ulp"]
    assert len(bounds) == 2
    pytester.runpytest_subprocess().assert_outcomes(passed=2)
    bounds = {name: 0.5 for name in bounds}
    (pytester.path / "loss_oracle_bounds.json").write_text(json.dumps({"max_ulp": bounds}))
    pytester.runpytest_subprocess().assert_outcomes(failed=2)


def test_the_fixture_has_the_options_of_the_run(pytester):
    pytester.makepyfile(
        """
        import loss_oracle as lo

        def test_fixture(loss_oracle):
            report = loss_oracle.find_worst(lo.sigmoid, "sigmoid")
            assert report.data["seed"] == 5
            assert max(stage.cases for stage in report.stages) <= 4 * 30
        """
    )
    result = pytester.runpytest_subprocess(
        "--loss-oracle-seed=5", "--loss-oracle-cases=30", "--loss-oracle-report=reports"
    )
    result.assert_outcomes(passed=1)
    (folder,) = (pytester.path / "reports").iterdir()
    assert (folder / "report.json").exists()


def test_methods_of_classes_may_be_decorated(pytester):
    pytester.makepyfile(
        """
        import loss_oracle as lo

        class TestLoss:
            @lo.accuracy("softmax", dtypes=["float16"], max_ulp=0.5)
            def test_softmax(self, logits):
                return lo.softmax(logits)
        """
    )
    pytester.runpytest_subprocess().assert_outcomes(passed=1)


def test_a_run_without_it_loads_nothing(pytester):
    pytester.makepyfile(
        """
        import sys

        def test_nothing():
            assert not {m for m in sys.modules if m.startswith("loss_oracle._")}
            assert "numpy" not in sys.modules
        """
    )
    pytester.runpytest_subprocess().assert_outcomes(passed=1)
