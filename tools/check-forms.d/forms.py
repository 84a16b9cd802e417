"""The forms: how each is built and asked, and on how many cases."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
FORMS = ROOT / "tools/forms"
BUILD = ROOT / ".build/forms"
NARROW = ("float32", "float16", "bfloat16")
KERNEL_FLAGS = (
    "-O2", "-std=c++17", "-ffp-contract=off", "-Wall", "-Wno-unknown-pragmas", "-Wno-unknown-attributes",
    "-Wno-unused-function", f"-I{HERE / 'cpu'}", "-fPIC", "-shared")


@dataclass(frozen=True)
class Form:
    key: str
    name: str
    file: str
    formats: tuple[str, ...]
    # Where it ran, as the article says it.
    ran: str
    command: Callable[[], list[str]]
    cases: int = 1000
    searched: int = 4000
    classes: str = "1-12"
    # Fewer families where a row takes long; none for all.
    families: tuple[str, ...] = ()
    # Fewer questions, by their titles; none for all.
    titles: tuple[str, ...] = ()


def compiled(key: str, flags_of: dict[str, list[str]], source: Path, compiler: str, *flags: str) -> list[str]:
    """Compiles a library for each format, and gives the program that answers with them."""
    folder = BUILD / key
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, more in flags_of.items():
        subprocess.run(
            [compiler, *flags, *more, str(source), "-lm", "-o", str(folder / f"{name}.so")], check=True)
    return python("compiled_form.py", str(folder))


def python(program: str, *arguments: str) -> list[str]:
    return [sys.executable, "-B", str(HERE / program), *arguments]


def c_form() -> list[str]:
    source = f'-DFORM="{FORMS / "practical.c"}"'
    flags = {
        "float32": ["-DSTORED=float"], "float64": ["-DSTORED=double", "-DREAL_IS_DOUBLE"],
        "float16": ["-DSTORED=_Float16"], "bfloat16": ["-DBFLOAT16"]}
    return compiled(
        "c", flags, HERE / "library.c", "cc", "-O3", "-march=native", "-Wall", "-fPIC", "-shared", source)


def cuda_form() -> list[str]:
    flags = {name: [f"-DSTORED={of}"] for name, of in zip(NARROW, ("float", "__half", "__nv_bfloat16"))}
    return compiled("cuda", flags, HERE / "kernels_on_cpu.cpp", "clang++", *KERNEL_FLAGS)


def metal_form() -> list[str]:
    BUILD.mkdir(parents=True, exist_ok=True)
    copy = BUILD / "practical.metal.h"
    copy.write_text((FORMS / "practical.metal").read_text().replace(" [[threadgroup(0)]]", ""))
    flags = {
        name: [f"-DSTORED={of}", f'-DMETAL="{copy}"'] for name, of in zip(NARROW, ("float", "half", "bfloat"))}
    return compiled("metal", flags, HERE / "kernels_on_cpu.cpp", "clang++", *KERNEL_FLAGS)


ALL = [
    Form("c", "C", "practical.c", (*NARROW[:1], "float64", *NARROW[1:]), "compiled by cc -O3 -march=native", c_form),
    Form(
        "numpy", "NumPy", "practical_numpy.py", ("float32", "float64", "float16", "bfloat16"), "NumPy",
        lambda: python("numpy_form.py"), cases=300, searched=1200),
    Form(
        "torch", "PyTorch, eager", "practical_torch.py", ("float32", "float64", "float16", "bfloat16"), "CPU",
        lambda: python("torch_form.py"), cases=100, searched=400),
    Form(
        "compile", "PyTorch, compiled", "practical_torch.py", ("float32",),
        "CPU, torch.compile", lambda: python("torch_form.py", "compile"), cases=100, searched=200, classes="4",
        families=("normal", "confident", "large-offset", "subnormal-results", "near-ties", "soft-targets"),
        titles=(
            "softmax", "log-softmax", "cross-entropy", "gradient of labels", "binary cross-entropy",
            "binary gradient of 0 and 1")),
    Form(
        "jax", "JAX", "practical_jax.py", ("float32", "bfloat16"), "CPU, under jit", lambda: python("jax_form.py"), cases=100,
        searched=400, classes="2-5"),
    # Not bfloat16: the interpreter cuts digits off where it converts to that, and has other subnormal numbers.
    Form(
        "triton", "Triton", "practical_triton.py", ("float32", "float16"), "interpreter, no GPU",
        lambda: python("triton_form.py"), cases=4, searched=10, classes="1-9",
        families=("normal", "confident", "large-offset", "subnormal-results", "near-ties", "soft-targets")),
    Form(
        "cuda", "CUDA C++", "practical.cu", NARROW, "as C++ with 8 threads on a CPU; nvcc compiles it", cuda_form,
        cases=300, searched=1200),
    Form(
        "metal", "Metal", "practical.metal", NARROW, "as C++ with 8 threads on a CPU", metal_form, cases=300,
        searched=1200),
]
COMMON = Form(
    "common", "the common form", "numpy_adapter.py", ("float32",), "NumPy",
    lambda: [sys.executable, "-B", str(ROOT / "tools/adapters/numpy_adapter.py")], titles=("cross-entropy",))
