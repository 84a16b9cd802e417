"""The Triton form: on a GPU where there is one, and else in Triton's interpreter."""

import os
from types import SimpleNamespace

import torch

if not torch.cuda.is_available():
    os.environ["TRITON_INTERPRET"] = "1"

from entries import entries  # noqa: E402

import numpy as np  # noqa: E402
import practical_triton as form  # noqa: E402
from protocol import serve  # noqa: E402
from pytorch_adapter import array, tensor  # noqa: E402

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
BLOCK = 1024 if DEVICE == "cuda" else 8  # in the interpreter, several blocks to a row, which is what may fail


def moved(values):
    return tensor(np.asarray(values)).to(DEVICE)


def kind(name):
    def call(logits, *target, **options):
        return array(form.rows(name, moved(logits), *map(moved, target), **options, block=BLOCK).cpu())

    return call


def binary(name):
    return lambda z, y: array(form.binary(name, moved(z)[:, 0], moved(y)[:, 0]).cpu())[:, None]


if __name__ == "__main__":
    functions = SimpleNamespace(
        softmax=kind("softmax"), log_softmax=kind("log-softmax"), cross_entropy=kind("loss"),
        cross_entropy_gradient=kind("gradient"), binary_cross_entropy=binary("loss"),
        binary_cross_entropy_gradient=binary("gradient"))
    serve(entries(functions, frozenset({"float16", "bfloat16", "float32"})))
