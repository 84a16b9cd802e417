"""What a form costs beside its framework's own: losses of normal logits, in turn, the least of some rounds."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from forms import BUILD, FORMS, HERE, ROOT

SHAPES = ((50_000, 10), (1_000, 1_000), (8, 128_000))


@dataclass(frozen=True)
class Cost:
    """Nanoseconds a logit."""

    language: str
    format: str
    classes: int
    common: float
    practical: float


def least_times(forms: list[Callable[[], object]], count: int) -> list[float]:
    times = [[] for _ in forms]
    for form in forms:
        form()
    for _ in range(11):
        for form, each in zip(forms, times):
            began = time.perf_counter()
            form()
            each.append((time.perf_counter() - began) / count * 1e9)
    return [min(each) for each in times]


def of_c() -> list[Cost]:
    found = []
    for format, flags in (("float32", []), ("float64", ["-DREAL_IS_DOUBLE"])):
        program = BUILD / f"cost-{format}"
        subprocess.run(
            ["cc", "-O3", "-march=native", *flags, f'-DFORM="{FORMS / "practical.c"}"', str(HERE / "cost.c"), "-lm",
             "-o", str(program)], check=True)
        for line in subprocess.run([str(program)], capture_output=True, text=True, check=True).stdout.splitlines():
            classes, libm, lanes, practical = line.split()
            found.append(Cost("C, exp of libm", format, int(classes), float(libm), float(practical)))
            found.append(Cost("C, in lanes", format, int(classes), float(lanes), float(practical)))
    return found


def of_python() -> list[Cost]:
    import sys

    sys.path[:0] = [str(FORMS), str(ROOT / "tools/adapters")]
    import jax
    import jax.numpy as jnp
    import optax
    import practical_jax
    import practical_numpy
    import practical_torch
    import torch
    import torch.nn.functional as F
    from numpy_adapter import _log_softmax

    torch.set_num_threads(1)
    found, random = [], np.random.default_rng(1)

    def practical_of(x, t):
        return practical_torch.cross_entropy(x, t)

    common_jax = jax.jit(optax.softmax_cross_entropy_with_integer_labels)
    own_jax = jax.jit(practical_jax.cross_entropy)
    for rows, classes in SHAPES:
        x = random.normal(size=(rows, classes)).astype(np.float32)
        t = random.integers(classes, size=rows)
        tensors, arrays = (torch.from_numpy(x), torch.from_numpy(t)), (jnp.asarray(x), jnp.asarray(t))
        # For each shape anew: of shapes as symbols the compiler takes minutes to simplify what they come to.
        compiled = torch.compile(practical_of, dynamic=False)
        numpy_times = least_times(
            [lambda: -np.take_along_axis(_log_softmax(x), t[:, None], 1), lambda: practical_numpy.cross_entropy(x, t)],
            x.size)
        torch_times = least_times(
            [lambda: F.cross_entropy(*tensors, reduction="none"), lambda: practical_of(*tensors),
             lambda: compiled(*tensors)], x.size)
        jax_times = least_times(
            [lambda: common_jax(*arrays).block_until_ready(), lambda: own_jax(*arrays).block_until_ready()], x.size)
        found.append(Cost("NumPy", "float32", classes, *numpy_times))
        found.append(Cost("PyTorch, eager", "float32", classes, *torch_times[:2]))
        found.append(Cost("PyTorch, compiled", "float32", classes, torch_times[0], torch_times[2]))
        found.append(Cost("JAX", "float32", classes, *jax_times))
    return found
