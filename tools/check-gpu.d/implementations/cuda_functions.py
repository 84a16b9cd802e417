"""The CUDA C++ form to copy, compiled by nvcc for the GPU at hand and called through ctypes."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import torch

from rows import Function, Rows, Unsupported, array, tensor

HERE = Path(__file__).resolve().parent
STORED = {"float32": "float", "float16": "__half", "bfloat16": "__nv_bfloat16"}


def compiled(format: str, folder: Path) -> ctypes.CDLL:
    major, minor = torch.cuda.get_device_capability()
    library = folder / f"{format}.so"
    subprocess.run(
        [shutil.which("nvcc") or "/usr/local/cuda/bin/nvcc", f"-arch=sm_{major}{minor}", "-O3", "-shared",
         "-Xcompiler", "-fPIC", f"-DSTORED={STORED[format]}", str(HERE / "launch.cu"), "-o", str(library)],
        check=True, capture_output=True, text=True)
    return ctypes.CDLL(str(library))


def entries(format: str, device: str) -> dict[str, Function]:
    if device != "cuda":
        raise Unsupported("no GPU")
    folder = tempfile.mkdtemp()
    library = compiled(format, Path(folder))
    # That of the rows (z, 0), which are float32.
    of_pairs = library if format == "float32" else compiled("float32", Path(folder))

    def address(values: torch.Tensor | None) -> ctypes.c_void_p:
        return ctypes.c_void_p(None if values is None else values.data_ptr())

    def ended(status: int) -> None:
        if status != 0:
            raise RuntimeError(f"CUDA error {status}")

    def activation(name: str) -> Function:
        def call(rows: Rows):
            x = tensor(rows.logits, device)
            out = torch.empty_like(x)
            torch.cuda.synchronize()
            ended(getattr(library, name)(address(x), *x.shape, address(out)))
            return array(out)

        return call

    def row(with_library: ctypes.CDLL, x: torch.Tensor, target: torch.Tensor, is_gradient: bool) -> torch.Tensor:
        soft, labels = (target, None) if target.is_floating_point() else (None, target.to(torch.int32))
        out = torch.empty_like(x) if is_gradient else x.new_empty(len(x))
        loss, gradient = (None, out) if is_gradient else (out, None)
        torch.cuda.synchronize()
        ended(with_library.losses(
            address(x), address(soft), address(labels), *x.shape, address(loss), address(gradient)))
        return out

    def categorical(is_gradient: bool) -> Function:
        return lambda rows: array(row(
            library, tensor(rows.logits, device), tensor(rows.target, device), is_gradient))

    def binary(is_gradient: bool) -> Function:
        """By the row (z, 0) and the target (y, 1 - y), as the form has it."""

        def call(rows: Rows):
            z, y = (tensor(each.astype(np.float32), device) for each in (rows.logits, rows.target))
            pairs = torch.stack([z, torch.zeros_like(z)], 1), torch.stack([y, 1 - y], 1)
            out = row(of_pairs, *pairs, is_gradient)
            return array(out[:, 0] if is_gradient else out).astype(rows.logits.dtype)

        return call

    return {
        "softmax": activation("softmaxes"), "log-softmax": activation("log_softmaxes"),
        "cross-entropy": categorical(False), "cross-entropy-gradient": categorical(True),
        "binary-cross-entropy": binary(False), "binary-cross-entropy-gradient": binary(True)}
