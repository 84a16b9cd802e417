"""scikit-learn: the losses that its classifiers minimise, and the softmax of their predictions.

`sklearn.metrics.log_loss` takes probabilities and answers a mean only. LogisticRegression and
HistGradientBoostingClassifier learn from raw predictions, which are logits, through `sklearn._loss`.
"""

from __future__ import annotations

import numpy as np
from protocol import Entry, Request, Unsupported, serve
from sklearn._loss import HalfBinomialLoss, HalfMultinomialLoss
from sklearn.utils.extmath import softmax

FORMATS = frozenset({"float32", "float64"})
BINARY = HalfBinomialLoss()


def _multinomial(r: Request) -> tuple[HalfMultinomialLoss, dict[str, np.ndarray]]:
    classes = r.logits.shape[1]
    if classes < 2:
        raise Unsupported("one class")
    # It indexes the logits with the label, unchecked.
    if ((r.labels < 0) | (r.labels >= classes)).any():
        raise ValueError("a target index is out of range")
    arguments = {"y_true": r.labels.astype(r.logits.dtype), "raw_prediction": r.logits}
    return HalfMultinomialLoss(n_classes=classes), arguments


def _categorical(r: Request) -> np.ndarray:
    loss, arguments = _multinomial(r)
    return loss.loss(**arguments)


def _categorical_gradient(r: Request) -> np.ndarray:
    loss, arguments = _multinomial(r)
    return loss.gradient(**arguments)


def _categorical_both(r: Request) -> tuple[np.ndarray, np.ndarray]:
    loss, arguments = _multinomial(r)
    return loss.loss_gradient(**arguments)


def _column(r: Request) -> dict[str, np.ndarray]:
    return {"y_true": r.probabilities[:, 0], "raw_prediction": r.logits[:, 0]}


ENTRIES = {
    "sigmoid": Entry(lambda r: BINARY.predict_proba(r.logits[:, 0])[:, 1], FORMATS),
    "softmax": Entry(lambda r: softmax(r.logits), FORMATS | {"float16"}),
    "binary-cross-entropy": Entry(
        lambda r: BINARY.loss(**_column(r)), FORMATS,
        both=lambda r: BINARY.loss_gradient(**_column(r))),
    "binary-cross-entropy-gradient": Entry(lambda r: BINARY.gradient(**_column(r)), FORMATS),
    "cross-entropy": Entry(_categorical, FORMATS, both=_categorical_both),
    "cross-entropy-gradient": Entry(_categorical_gradient, FORMATS),
}

if __name__ == "__main__":
    serve(ENTRIES)
