"""The PyTorch form, with gradients by autograd: eagerly, or under torch.compile with the argument `compile`."""

import sys
from types import SimpleNamespace

from entries import entries

import numpy as np
import practical_torch as form
import torch
from protocol import serve
from pytorch_adapter import array, tensor


def gradient(loss):
    def call(logits, target, *options):
        logits = logits.detach().requires_grad_()
        loss(logits, target, *options).sum().backward()
        return logits.grad

    return call


def cross_entropy(logits, target, *options):
    return form.cross_entropy(logits, target, *options)


def binary_cross_entropy(logits, target):
    return form.binary_cross_entropy(logits, target)


def adapted(function):
    """From arrays to arrays; the rows padded to one of a few counts, so that few shapes are compiled."""

    def call(logits, *others, **options):
        count, arrays = len(logits), [np.asarray(each) for each in (logits, *others)]
        if is_compiled:
            more = next(each for each in (16, 1024, 1 << 20) if each >= count) - count
            arrays = [np.concatenate([each, np.repeat(each[:1], more, axis=0)]) for each in arrays]
        return array(function(*map(tensor, arrays), *options.values()))[:count]

    return call


if __name__ == "__main__":
    is_compiled = "compile" in sys.argv[1:]
    torch._dynamo.config.recompile_limit = 1000
    made = torch.compile if is_compiled else lambda function: function
    names = ("softmax", "log_softmax")
    functions = {name: adapted(made(getattr(form, name))) for name in names}
    for loss in (cross_entropy, binary_cross_entropy):
        functions[loss.__name__] = adapted(made(loss))
        functions[f"{loss.__name__}_gradient"] = adapted(gradient(made(loss)))
    serve(entries(SimpleNamespace(**functions), frozenset({"float16", "bfloat16", "float32", "float64"})))
