"""The JAX form, under jit, with gradients by jax.grad."""

from functools import partial
from types import SimpleNamespace

from entries import entries

import jax
import jax.numpy as jnp
import numpy as np
import practical_jax as form
from protocol import serve

OPTIONS = ("label_smoothing", "ignore_index", "z_loss")


@partial(jax.jit, static_argnames=OPTIONS)
def cross_entropy(logits, target, label_smoothing, ignore_index, z_loss):
    return form.cross_entropy(logits, target, label_smoothing, ignore_index, z_loss)


@partial(jax.jit, static_argnames=OPTIONS)
def cross_entropy_gradient(logits, target, label_smoothing, ignore_index, z_loss):
    def total(x):
        return form.cross_entropy(x, target, label_smoothing, ignore_index, z_loss).sum()

    return jax.grad(total)(logits)


def binary_cross_entropy_gradient(logits, target):
    return jax.grad(lambda z: form.binary_cross_entropy(z, target).sum())(logits)


def padded(rows):
    """Rows to one of a few counts, so that few shapes are compiled."""
    def call(function):
        def called(logits, *others, **options):
            count = len(logits)
            more = next(each for each in (16, 1024, 1 << 20) if each >= count) - count
            arrays = [
                jnp.asarray(np.concatenate([np.asarray(each), np.repeat(np.asarray(each)[:1], more, axis=0)]))
                for each in (logits, *others)
            ]
            return np.asarray(function(*arrays, **options))[:count]

        return called

    return call(rows)


if __name__ == "__main__":
    functions = SimpleNamespace(
        softmax=padded(jax.jit(form.softmax)),
        log_softmax=padded(jax.jit(form.log_softmax)),
        cross_entropy=padded(cross_entropy),
        cross_entropy_gradient=padded(cross_entropy_gradient),
        binary_cross_entropy=padded(jax.jit(form.binary_cross_entropy)),
        binary_cross_entropy_gradient=padded(jax.jit(binary_cross_entropy_gradient)),
    )
    serve(entries(functions, frozenset({"float16", "bfloat16", "float32"})))
