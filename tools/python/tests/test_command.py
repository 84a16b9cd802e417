"""The command: its reports and exit statuses are those of loss-oracle."""

import json
import os
import re
import subprocess
import sys

import pytest

HERE = os.path.dirname(__file__)


def run(*words):
    return subprocess.run(
        [sys.executable, "-m", "loss_oracle", *words],
        cwd=HERE,
        capture_output=True,
        text=True,
        timeout=120,
    )


CHECK = ["check", "losses:shifted", "--function", "cross-entropy", "--cases", "50"]


def test_what_is_right_passes():
    result = run(*CHECK, "--dtype", "float64", "--search", "0", "--max-ulp", "inf")
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    assert lines[0] == "losses:shifted"
    assert lines[1].startswith("cross-entropy in float64, seed 1; claimed: ulp:inf")
    assert re.split("  +", lines[3]) == [
        "family", "cases", "median", "99 %", "max ulp", "of common", "misrounded", "non-finite", "failures",
    ]  # fmt: skip
    assert lines[-1] == "passed as ulp:inf"


def test_what_is_wrong_falls_short_and_is_replayed(tmp_path):
    file, folder = str(tmp_path / "kept.json"), tmp_path / "out"
    check = [word.replace("shifted", "unshifted") for word in CHECK]
    result = run(*check, "--save-witness", file, "--output", str(folder), "--report", "json")
    assert result.returncode == 1, result.stderr
    assert "cause    missing-max-shift" in result.stdout
    assert json.loads((folder / "report.json").read_text())["verdict"] == "fell short"
    assert run("check", "losses:unshifted", "--replay", file).returncode == 1
    assert run("check", "losses:shifted", "--replay", file).returncode == 0


@pytest.mark.parametrize(
    ("words", "status", "text"),
    [
        (["check", "losses:shifted"], 64, "--function"),
        (["check", "losses", "--function", "softmax"], 64, "MODULE:NAME"),
        (["check", "losses:nothing", "--function", "softmax"], 69, "cannot load"),
        (["check", "no_such_module:f", "--function", "softmax"], 69, "cannot load"),
        ([*CHECK, "--dtype", "float33"], 64, "float33"),
        ([*CHECK, "--options", "{"], 64, "--options"),
        ([*CHECK, "--claim", "perfect"], 64, "perfect"),
        ([*CHECK, "--family", "nobody"], 64, "nobody"),
        (["check", "losses:shifted", "--replay", "none.json"], 66, "none.json"),
        (["check", "losses:shifted", "--replay", "losses.py"], 65, "no witness"),
        (["chek"], 64, "chek"),
    ],
)
def test_bad_usage_has_its_status(words, status, text):
    result = run(*words)
    assert (result.returncode, result.stdout) == (status, "")
    assert text in result.stderr
