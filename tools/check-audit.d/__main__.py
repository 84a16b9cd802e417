"""Recomputes audits with NumPy: which mistakes pass, and what catches them."""
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile

import ml_dtypes
import numpy as np
from safetensors.numpy import load_file

TYPES = {"float16": np.float16, "bfloat16": ml_dtypes.bfloat16, "float32": np.float32, "float64": np.float64}
# function, format, family, rows of a run, classes, rtol, atol, reduction
AUDITS = [
    ("softmax", "float32", "normal", 8, 12, 1e-2, 1e-2, "none"),
    ("softmax", "float32", "uniform", 4, 300, 1e-3, 1e-5, "none"),
    ("softmax", "bfloat16", "normal", 4, 300, 1e-2, 1e-2, "none"),
    ("log-softmax", "float16", "normal", 4, 7, 1e-3, 1e-3, "none"),
    ("cross-entropy", "float32", "normal", 8, 12, 1e-1, 2e-1, "none"),
    ("cross-entropy", "bfloat16", "confident", 4, 50, 1.6e-2, 1e-5, "none"),
    ("cross-entropy-gradient", "float32", "normal", 4, 40, 1e-2, 2e-2, "none"),
    ("cross-entropy", "float32", "normal", 8, 12, 1e-1, 2e-1, "mean"),
    ("cross-entropy", "float32", "normal", 5, 30, 1e-2, 1e-2, "sum"),
    ("cross-entropy-gradient", "float32", "normal", 5, 40, 1e-2, 2e-3, "mean"),
]


def command(*arguments):
    run = subprocess.run(
        [os.environ["LOSS_ORACLE"], *arguments], check=True, stdout=subprocess.PIPE)
    return run.stdout


def log_softmax(x, axis=-1):
    """With the greatest term kept out of the sum, for the digits of confident rows."""
    greatest = np.expand_dims(x.argmax(axis=axis), axis)
    x = x - np.take_along_axis(x, greatest, axis)
    terms = np.exp(x)
    np.put_along_axis(terms, greatest, 0, axis)
    return x - np.log1p(terms.sum(axis=axis, keepdims=True))


def right(function, x, labels):
    logarithms = log_softmax(x)
    if function == "softmax":
        return np.exp(logarithms)
    if function == "log-softmax":
        return logarithms
    if function == "cross-entropy":
        return -np.take_along_axis(logarithms, labels[:, None], 1)
    target = np.arange(x.shape[1])[None, :] == labels[:, None]
    return np.exp(logarithms) - target


def mistakes(function, x, labels):
    """What code would give: name, form, outputs."""
    good = right(function, x, labels)
    yield "all-zeros", None, np.zeros_like(good)
    yield "logits-unread", None, right(function, np.zeros_like(x), labels)
    yield "sign-flipped", None, -good
    yield "relu-first", None, right(function, np.maximum(x, 0), labels)
    yield "activation-twice", "softmax", right(function, np.exp(log_softmax(x)), labels)
    for form, factor in (
            ("halved", 0.5), ("doubled", 2), ("divided by the number of classes", 1 / x.shape[1]),
            ("times the number of rows", x.shape[0])):
        yield "wrong-denominator", form, good * factor
    if function in ("cross-entropy", "cross-entropy-gradient"):
        yield "off-by-one-label", "label + 1, around", right(function, x, (labels + 1) % x.shape[1])
        yield "off-by-one-label", "always the first", right(function, x, 0 * labels)
    if function == "cross-entropy":
        yield "mean-for-none", None, np.full_like(good, good.mean())
    if function in ("softmax", "log-softmax"):
        over = log_softmax(x, axis=0)
        yield "softmax-over-rows", None, over if function == "log-softmax" else np.exp(over)


def reduced(outputs, function, reduction, rows):
    """The one number that is compared, or the gradients by it."""
    if reduction != "none" and not function.endswith("gradient"):
        outputs = outputs.sum(axis=0, keepdims=True)
    return outputs / rows if reduction == "mean" else outputs


def recomputed(function, kind, x, labels, rows, rtol, atol, reduction):
    """Of each mistake: the runs that pass, and the least over the runs of its greatest errors."""
    found = {}
    for start in range(0, len(x) - rows + 1, rows):
        part, given = x[start:start + rows], labels[start:start + rows]
        expected = reduced(right(function, part, given), function, reduction, rows)
        expected = expected.astype(kind).astype(np.float64)
        for name, form, outputs in mistakes(function, part, given):
            with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
                outputs = reduced(outputs, function, reduction, rows)
                outputs = outputs.astype(kind).astype(np.float64)
                error = np.abs(outputs - expected)
                relative = np.where(error == 0, 0, error / np.abs(expected))
            passes = bool((error <= atol + rtol * np.abs(expected)).all())
            passed, greatest, farthest = found.get((name, form), (0, math.inf, math.inf))
            found[name, form] = (
                passed + passes, min(greatest, error.max()), min(farthest, relative.max()))
    return found


def differs(mine, theirs):
    if theirs is None:
        return math.isfinite(mine)
    return abs(mine - theirs) > 1e-4 * max(abs(mine), abs(theirs))


def main():
    (count, wrong) = (0, [])
    for function, kind, family, rows, classes, rtol, atol, reduction in AUDITS:
        with tempfile.TemporaryDirectory() as folder:
            path = str(pathlib.Path(folder) / "rows.safetensors")
            command("generate", "--function", function, "--format", kind, "--family", family, "--count",
                    str(rows * 25), "--classes", str(classes), "--output", path)
            report = json.loads(command(
                "audit", "--function", function, "--inputs", path, "--rows", str(rows), "--rtol", str(rtol),
                "--atol", str(atol), "--reduction", reduction, "--report", "json"))
            tensors = load_file(path)
        x = tensors["logits"].astype(np.float64)
        labels = tensors["targets"].astype(int) if "targets" in tensors else np.zeros(len(x), int)
        forms = {
            (m["name"], f.get("detail")): f for m in report["mistakes"] for f in m["forms"]}
        mine = recomputed(function, TYPES[kind], x, labels, rows, rtol, atol, reduction)
        for (name, form), (passed, greatest, farthest) in mine.items():
            theirs = forms.get((name, form))
            if theirs is None:
                # A form that came to the same as another one is told once.
                continue
            count += 1
            limits = theirs["caughtBelow"]
            if (passed != theirs["passedRuns"] or differs(greatest, limits.get("atol"))
                    or differs(farthest, limits.get("rtol"))):
                wrong.append(
                    f"{function} {kind} {family} {reduction}: {name} ({form}): {passed}, {greatest}, {farthest}; "
                    f"the audit has {theirs}")
    print(f"{count} numbers of runs and as many tolerances recomputed; {len(wrong)} differ")
    print("\n".join(wrong))
    sys.exit(bool(wrong or count < 40))


if __name__ == "__main__":
    main()
