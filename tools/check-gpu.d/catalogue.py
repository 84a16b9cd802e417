"""The implementations: what each is called, its formats, and the packages whose versions matter."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from inputs import FORMATS

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
NARROW = ("float32", "bfloat16", "float16")
HALVES = ("bfloat16", "float16")


def _torch(*, form: bool = False, **options: bool) -> Callable:
    def load(format: str, device: str):
        import torch_functions as module

        return module.entries(module.PRACTICAL if form else module.FUNCTIONS, device, **options)

    return load


def _triton(name: str) -> Callable:
    def load(format: str, device: str):
        import triton_functions as module

        return getattr(module, name)(device)

    return load


def _jax(name: str) -> Callable:
    def load(format: str, device: str):
        import jax_functions as module

        module.require(device)
        return getattr(module, name)()

    return load


def _liger(format: str, device: str):
    import liger_functions as module

    return module.entries(device)


def _layer(name: str, **options: bool) -> Callable:
    def load(format: str, device: str):
        import layer_functions as module

        return getattr(module, name)(device, **options)

    return load


def _cuda(format: str, device: str):
    import cuda_functions as module

    return module.entries(format, device)


@dataclass(frozen=True)
class Implementation:
    key: str
    name: str
    packages: tuple[str, ...]
    formats: tuple[str, ...]
    # From a format and a device, "cuda" or "cpu", the functions by name.
    load: Callable
    # What is here no framework's but a form to copy, within 4 ulp as it says.
    is_form: bool = False


# The first are what the outputs of others are packed as differences to.
ALL = [
    Implementation("torch", "PyTorch", ("torch",), FORMATS, _torch()),
    Implementation("torch-autocast", "PyTorch (autocast)", ("torch",), HALVES, _torch(autocast=True)),
    Implementation("torch-compiled", "PyTorch (compiled)", ("torch", "triton"), FORMATS, _torch(compiled=True)),
    Implementation("jax", "JAX", ("jax", "jaxlib"), FORMATS, _jax("of_jax")),
    Implementation("optax", "optax", ("optax", "jax", "jaxlib"), FORMATS, _jax("of_optax")),
    Implementation("liger", "Liger", ("liger_kernel", "triton"), NARROW, _liger),
    # Of linear layers alone.
    Implementation("torch-tf32", "PyTorch (TF32)", ("torch",), ("float32",), _layer("tf32")),
    Implementation("torch-fused", "PyTorch linear_cross_entropy", ("torch",), NARROW, _layer("fused")),
    Implementation(
        "cut", "Cut Cross-Entropy", ("cut_cross_entropy", "triton"), NARROW, _layer("cut", filtered=True)),
    Implementation(
        "cut-unfiltered", "Cut Cross-Entropy (no filter)", ("cut_cross_entropy", "triton"), NARROW,
        _layer("cut", filtered=False)),
    Implementation("triton-fused", "Triton tutorial", ("triton",), NARROW, _triton("fused")),
    Implementation("triton-form", "practical in Triton", ("triton",), NARROW, _triton("practical"), is_form=True),
    Implementation("cuda-form", "practical in CUDA C++", (), NARROW, _cuda, is_form=True),
    Implementation("torch-form", "practical in PyTorch", ("torch",), FORMATS, _torch(form=True), is_form=True),
    Implementation(
        "torch-form-compiled", "practical in PyTorch (compiled)", ("torch", "triton"), NARROW,
        _torch(form=True, compiled=True), is_form=True),
    Implementation("jax-form", "practical in JAX", ("jax", "jaxlib"), NARROW, _jax("of_form"), is_form=True),
]
BY_KEY = {each.key: each for each in ALL}
# Those that compile for each shape take longest, and begin first.
SLOW = ("torch-form-compiled", "torch-compiled", "jax-form", "jax", "optax", "triton-form")


def loaded(key: str, format: str, device: str) -> dict:
    """The functions of an implementation, or the reason why it cannot be had, raised."""
    sys.path[:0] = [str(HERE / "implementations"), str(ROOT / "tools/forms")]
    return BY_KEY[key].load(format, device)
