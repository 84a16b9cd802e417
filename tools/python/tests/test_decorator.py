"""Wrong arguments of the decorator: one short error, where they are written and before any test runs."""

import re

import numpy as np
import pytest

import loss_oracle as lo

TEST = """
    import loss_oracle as lo

    @lo.accuracy({arguments})
    def test_loss(logits, target):
        return lo.cross_entropy(logits, target)
"""


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ('"cross-entorpy"', "there is no function 'cross-entorpy'; did you mean 'cross-entropy'?"),
        ('"cross-entropy", max_upl=2', "did you mean max_ulp?"),
        ('"cross-entropy", label_smothing=0.1', "did you mean label_smoothing?"),
        ('"cross-entropy", pos_weight=2', "cross-entropy has no option pos_weight; it has class_"),
        ('"cross-entropy", max_ulp="3"', "max_ulp is '3'"),
        ('"cross-entropy", max_ulp=2, claim="common"', "give max_ulp or claim, not both"),
        ('"cross-entropy", claim="comon"', "there is no claim 'comon'; did you mean 'common'?"),
        ('"cross-entropy", claim="ulp:two"', "there is no claim 'ulp:two'"),
        ('"cross-entropy", families=["unifrom"]', "did you mean 'uniform'?"),
        ('"cross-entropy", subnormals="flushed"', "did you mean 'flush'?"),
        ('"cross-entropy", classes=3', "classes is 3; give two numbers"),
        ('"cross-entropy", cases=0.5', "cases is 0.5"),
        ('"cross-entropy", dtypes=["float23"]', "there is no dtype 'float23'; did you mean 'float"),
        ('"cross-entropy", dtypes=[]', "dtypes is empty"),
        ('"cross-entropy", dtype="float32", dtypes="float64"', "give dtypes or dtype, not both"),
        ("print", '@loss_oracle.accuracy("cross-entropy")'),
    ],
)
def test_a_wrong_argument_is_one_error_where_it_is_written(arguments, text):
    def test(logits, target):
        raise AssertionError("it is not called")

    with pytest.raises((lo.InvalidInputError, TypeError), match=re.escape(text)) as error:
        eval(f"lo.accuracy({arguments})(test)", {"lo": lo, "test": test})
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("search", [lo.assert_accurate, lo.find_worst])
def test_a_search_outside_of_a_test_says_the_same(search):
    with pytest.raises(lo.InvalidInputError, match="did you mean 'uniform'"):
        search(lo.cross_entropy, "cross-entropy", families=["unifrom"])
    with pytest.raises(lo.InvalidInputError, match="did you mean label_smoothing"):
        search(lo.cross_entropy, "cross-entropy", label_smothing=0.1)


def test_pytest_shows_the_line_and_no_internals(pytester):
    pytester.makepyfile(TEST.format(arguments='"cross-entropy", max_upl=2'))
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["*@lo.accuracy(*max_upl=2)*", "E *InvalidInputError: max_upl *did you mean max_ulp*"]
    )
    shown = result.stdout.str()
    assert "_arguments.py" not in shown and "_pytest_decorator.py" not in shown
    assert len(shown.splitlines()) < 20


@pytest.mark.parametrize("arguments", ['dtypes="float64"', 'dtype="float64"', 'dtype=["float64"]'])
def test_one_dtype_may_be_given_by_itself(pytester, arguments):
    pytester.makepyfile(TEST.format(arguments=f'"cross-entropy", cases=5, search=5, {arguments}'))
    result = pytester.runpytest_subprocess("-v")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*test_loss?float64? PASSED*"])


def test_numbers_of_numpy_are_bounds_and_dtypes():
    lo.accuracy("softmax", dtypes=np.float16, max_ulp=np.float32(2))
    lo.accuracy("softmax", dtypes=(np.dtype("float64"), np.float32), max_ulp=np.int64(2))


def test_what_is_missing_for_bfloat16_is_said_when_tests_are_collected(pytester):
    # None stands for a module that cannot be imported.
    pytester.makeconftest("import sys\nsys.modules['ml_dtypes'] = None")
    pytester.makepyfile(TEST.format(arguments='"cross-entropy", dtypes=["float32", "bfloat16"]'))
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["E *TypeError: bfloat16 of NumPy arrays needs ml_dtypes: pip install ml_dtypes"]
    )
    assert len(result.stdout.str().splitlines()) < 20
