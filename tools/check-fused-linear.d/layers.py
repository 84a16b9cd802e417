"""Layers as files: what the oracle reads and what it judges."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import torch

DTYPES = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16, "I32": torch.int32}
NAMES = {dtype: name for name, dtype in DTYPES.items()}


def read(path: Path) -> dict[str, torch.Tensor]:
    """The tensors of a safetensors file."""
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    header.pop("__metadata__", None)
    body = bytearray(data[8 + length :])
    tensors = {}
    for name, entry in header.items():
        start, end = entry["data_offsets"]
        flat = torch.frombuffer(body[start:end], dtype=DTYPES[entry["dtype"]])
        tensors[name] = flat.reshape(entry["shape"])
    return tensors


def write(path: Path, tensors: dict[str, torch.Tensor]) -> None:
    """A safetensors file of tensors."""
    header, parts, offset = {}, [], 0
    for name, tensor in sorted(tensors.items()):
        plain = tensor.detach().contiguous().reshape(tensor.shape or (1,))
        size = plain.element_size()
        raw = plain.view(torch.uint8 if size == 1 else torch.int16 if size == 2 else torch.int32)
        bytes_ = np.ascontiguousarray(raw.numpy()).tobytes()
        header[name] = {
            "dtype": NAMES[plain.dtype],
            "shape": list(plain.shape),
            "data_offsets": [offset, offset + len(bytes_)],
        }
        parts.append(bytes_)
        offset += len(bytes_)
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(parts))


def generate(command: str, path: Path, family: str, format: str, shape: tuple[int, int, int]) -> None:
    """A layer of the oracle's: rows, classes, width."""
    rows, classes, width = map(str, shape)
    arguments = ["--rows", rows, "--classes", classes, "--width", width, "--format", format]
    subprocess.run(
        [command, "generate", "linear-cross-entropy", "--family", family, "--output", str(path)]
        + arguments,
        check=True,
    )


def judge(command: str, layer: Path, outputs: Path, reduction: str) -> dict:
    """The report of what was computed, which is to be as near as is common."""
    run = subprocess.run(
        [command, "check", "linear-cross-entropy", "--fixtures", str(layer)]
        + ["--outputs", str(outputs), "--reduction", reduction, "--report", "json"],
        capture_output=True,
        text=True,
    )
    if run.returncode not in (0, 1):
        sys.exit(f"the oracle could not judge {outputs}: {run.stderr}")
    return json.loads(run.stdout)
