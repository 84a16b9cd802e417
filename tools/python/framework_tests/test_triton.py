"""The worked example of the gate: a Triton softmax, whole and with three planted faults."""

import importlib.util
import os
import pathlib

import pytest

# Read when Triton is imported.
os.environ["TRITON_INTERPRET"] = "1"
pytest.importorskip("triton")
EXAMPLE = pathlib.Path(__file__).parents[1] / "examples" / "triton_softmax_gate.py"


def test_the_gate_accepts_the_kernel_and_refuses_the_faults():
    specification = importlib.util.spec_from_file_location("example", EXAMPLE)
    example = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(example)
    verdicts = list(example.verdicts().values())
    assert [verdict.accepted for verdict in verdicts] == [True, False, False, False]
    reasons = ["\n".join(verdict.reasons) for verdict in verdicts]
    assert "not finite" in reasons[1]
    assert "left at zero" in reasons[2] and "left at zero" in reasons[3]
    assert "1031 rows" in reasons[3] and "64 rows" not in reasons[3]
