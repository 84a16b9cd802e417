"""Rows of logits, and the functions of them in Python's libraries."""
import dataclasses

import gmpy2
import ml_dtypes
import mpmath
import numpy as np
import scipy.special

TYPES = {
    "float16": np.float16, "bfloat16": ml_dtypes.bfloat16, "float32": np.float32,
    "float64": np.float64,
}
# Of formats in bits, as mpmath and gmpy2 are asked for them, with some to spare.
PRECISIONS = {"float16": 24, "bfloat16": 24, "float32": 40, "float64": 70}


@dataclasses.dataclass
class Workload:
    function: str
    format: str
    classes: int
    rows: int
    logits: np.ndarray = None
    labels: np.ndarray = None

    def __post_init__(self):
        generator = np.random.default_rng([1, self.classes, len(self.function)])
        draws = 3 * generator.standard_normal((self.rows, self.classes))
        self.logits = draws.astype(TYPES[self.format]).astype(np.float64)
        count = 2 if self.is_binary else self.classes
        self.labels = generator.integers(0, count, self.rows, dtype=np.int32)

    @property
    def is_binary(self):
        return self.classes == 1

    @property
    def is_gradient(self):
        return self.function.endswith("gradient")

    def write(self, path):
        with open(path, "wb") as file:
            file.write(self.logits.tobytes())
            file.write(self.labels.tobytes())

    # --- In double, not certified ---

    def numpy(self, rows):
        x, t = self.logits[:rows], self.labels[:rows]
        if self.is_binary:
            z = x[:, 0] if self.function == "softplus" else np.where(t == 1, -x[:, 0], x[:, 0])
            w = np.exp(-np.abs(z))
            if self.is_gradient:
                return np.where(z >= 0, 1, w) / (1 + w) * np.where(t == 1, -1, 1)
            return np.maximum(z, 0) + np.log1p(w)
        m = x.max(axis=1, keepdims=True)
        e = np.exp(x - m)
        s = e.sum(axis=1)
        if self.is_gradient:
            e /= s[:, None]
            e[np.arange(rows), t] -= 1
            return e
        return np.log(s) + m[:, 0] - x[np.arange(rows), t]

    def scipy(self, rows):
        x, t = self.logits[:rows], self.labels[:rows]
        if self.is_binary:
            z = x[:, 0] if self.function == "softplus" else np.where(t == 1, -x[:, 0], x[:, 0])
            if self.is_gradient:
                return scipy.special.expit(z) * np.where(t == 1, -1, 1)
            return -scipy.special.log_expit(-z)
        if self.is_gradient:
            p = scipy.special.softmax(x, axis=1)
            p[np.arange(rows), t] -= 1
            return p
        return scipy.special.logsumexp(x, axis=1) - x[np.arange(rows), t]

    # --- In many digits, to a little more than the format's ---

    def mpmath(self, rows):
        mpmath.mp.prec = PRECISIONS[self.format]
        return self.general(rows, mpmath.mpf, mpmath.exp, mpmath.log1p)

    def gmpy2(self, rows):
        gmpy2.get_context().precision = PRECISIONS[self.format]
        return self.general(rows, gmpy2.mpfr, gmpy2.exp, gmpy2.log1p)

    def general(self, rows, number, exp, log1p):
        return [
            self.general_row([number(x) for x in row.tolist()], int(t), exp, log1p)
            for row, t in zip(self.logits[:rows], self.labels[:rows])
        ]

    def general_row(self, x, t, exp, log1p):
        if self.is_binary:
            z = -x[0] if self.function != "softplus" and t == 1 else x[0]
            w = exp(-abs(z))
            if self.is_gradient:
                p = (1 if z >= 0 else w) / (1 + w)
                return -p if t == 1 else p
            return log1p(w) + z if z > 0 else log1p(w)
        top = max(range(len(x)), key=x.__getitem__)
        m = x[top]
        if self.is_gradient:
            e = [exp(v - m) for v in x]
            others = sum(v for i, v in enumerate(e) if i != t)
            total = others + e[t]
            return [-others / total if i == t else v / total for i, v in enumerate(e)]
        return log1p(sum(exp(v - m) for i, v in enumerate(x) if i != top)) + (m - x[t])
