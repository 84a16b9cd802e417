"""What the rounding of p leaves of the binary loss, by mpmath."""

import mpmath
import numpy as np
from tables import Claims, near, table

TYPES = {"float64": np.float64, "float32": np.float32, "float16": np.float16}


def check(answer: dict) -> Claims:
    mpmath.mp.prec = 400
    for row in table(answer, "The exact loss of z, and of its rounded p"):
        z = float(row["z"])
        p = _rounded(z, np.float32)
        yield f"p of z = {z}", np.float32(row["p"]) == p
        right = mpmath.mpf(float(p))
        yield f"loss of p at z = {z}", near(row["y = 1: of p"], float(-mpmath.log(right)))
        yield f"loss of z = {z}", near(
            row["y = 1: of z"], float(mpmath.log1p(mpmath.exp(-mpmath.mpf(z)))))
        yield f"loss of 1 - p at z = {z}", row["y = 0: of p"] == "inf" if p == 1 else near(
            row["y = 0: of p"], float(-mpmath.log(1 - right)))
    for row in table(answer, "Where it is lost"):
        if row["format"] in TYPES:
            for column, target, limit in [
                ("right, 1 %", 1, 0.01), ("right, half", 1, 0.5), ("mistake, 1 %", 0, 0.01),
            ]:
                first = _first(TYPES[row["format"]], target, limit)
                # Four digits are printed: 17.38 for 17.375.
                yield f"{column} in {row['format']}", abs(float(row[column]) - first) < 0.01


def _rounded(z: float, kind: type) -> np.floating:
    return kind(mpmath.nstr(1 / (1 + mpmath.exp(-mpmath.mpf(z))), 60))


def _first(kind: type, target: int, limit: float) -> float:
    """The first z in eighths at which the loss of the rounded p is off by more than a share."""
    step = 0
    while True:
        step += 1
        z = mpmath.mpf(float(kind(step / 8)))
        p = mpmath.mpf(float(_rounded(float(z), kind)))
        exact = mpmath.log1p(mpmath.exp(-z if target else z))
        q = p if target else 1 - p
        if q == 0 or abs(-mpmath.log(q) / exact - 1) > limit:
            return step / 8
