"""Safetensors files of a few tensors, as NumPy's arrays, bfloat16 too; the format's package has no such arrays."""

from __future__ import annotations

import json
from pathlib import Path

import ml_dtypes
import numpy as np

DTYPES = {
    "F16": np.dtype("<f2"), "BF16": np.dtype(ml_dtypes.bfloat16), "F32": np.dtype("<f4"), "F64": np.dtype("<f8"),
    "I32": np.dtype("<i4"), "I64": np.dtype("<i8")}
FORMATS = {
    "float16": DTYPES["F16"], "bfloat16": DTYPES["BF16"], "float32": DTYPES["F32"], "float64": DTYPES["F64"]}
NAMES = {dtype: name for name, dtype in DTYPES.items()}


def read(path: Path) -> tuple[dict[str, str], dict[str, np.ndarray]]:
    """The metadata, and the tensors by name."""
    data = path.read_bytes()
    start = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:start])
    found = {}
    for name, entry in header.items():
        if name != "__metadata__":
            first, end = (start + offset for offset in entry["data_offsets"])
            found[name] = np.frombuffer(data[first:end], DTYPES[entry["dtype"]]).reshape(entry["shape"])
    return header.get("__metadata__", {}), found


def write(path: Path, arrays: dict[str, np.ndarray], metadata: dict[str, str]) -> int:
    """Writes a file, and gives its bytes."""
    header: dict[str, object] = {"__metadata__": metadata} if metadata else {}
    parts, end = [], 0
    # Every tensor begins at a multiple of eight, as the format asks: the widest first, the header padded.
    for name, array in sorted(arrays.items(), key=lambda each: -each[1].dtype.itemsize):
        part = np.ascontiguousarray(array).tobytes()
        header[name] = {
            "dtype": NAMES[array.dtype], "shape": list(array.shape), "data_offsets": [end, end + len(part)]}
        parts, end = [*parts, part], end + len(part)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return path.write_bytes(len(text).to_bytes(8, "little") + text + b"".join(parts))
