"""Outputs in few and small files, to the bit: each as its difference to those of the first implementation.

As integers the outputs of two implementations differ by little, and of most numbers a few bits are left. Where the
first found no place, each of the others stands for itself.
"""

from __future__ import annotations

import math
import os
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np
from tensors import FORMATS

LIMIT = 15 << 20


@dataclass(frozen=True)
class Result:
    """What an implementation gave for some inputs."""

    implementation: str
    function: str
    inputs: str
    format: str
    output_format: str
    shape: tuple[int, ...]

    @property
    def question(self) -> tuple[str, str, str, str]:
        """What has to be alike for outputs to be near."""
        return self.function, self.inputs, self.format, self.output_format


def _integers(array: np.ndarray) -> np.ndarray:
    return array.reshape(-1).view(f"<u{array.dtype.itemsize}")


def _encoded(array: np.ndarray, base: np.ndarray | None) -> bytes:
    bits = _integers(array)
    if base is not None:
        difference = (bits - _integers(base)).view(f"<i{bits.itemsize}")
        # 0, −1, 1, −2, …, so that the upper bytes are 0; then all first bytes, all second ones, …
        bits = (difference << 1) ^ (difference >> (8 * bits.itemsize - 1))
    return bits.view(np.uint8).reshape(-1, bits.itemsize).T.tobytes()


def _decoded(data: bytes, dtype: np.dtype, shape: tuple[int, ...], base: np.ndarray | None) -> np.ndarray:
    planes = np.frombuffer(data, np.uint8).reshape(dtype.itemsize, -1)
    bits = np.ascontiguousarray(planes.T).view(f"<u{dtype.itemsize}").reshape(-1)
    if base is not None:
        bits = (bits >> 1) ^ (~(bits & 1) + 1)
        bits = bits + _integers(base)
    return bits.view(dtype).reshape(shape)


def _loaded(result: Result, path: Path) -> np.ndarray:
    return np.frombuffer(path.read_bytes(), FORMATS[result.output_format]).reshape(result.shape)


def pack(outputs: list[tuple[Result, Path]], folder: Path, most_files: int) -> tuple[list[dict], list[Result]]:
    """Writes `outputs-0.bin` and so on from files of the numbers' bytes, the shortest first.

    Gives an index of what is in them, and what found no place in that many files.
    """
    outputs = sorted(outputs, key=lambda each: math.prod(each[0].shape))
    base_of: dict[tuple, tuple[Result, Path]] = {}
    for each in outputs:
        base_of.setdefault(each[0].question, each)

    def compressed(each: tuple[Result, Path], is_base: bool) -> bytes:
        base = None if is_base else _loaded(*base_of[each[0].question])
        return zlib.compress(_encoded(_loaded(*each), base), 6)

    index, left_out, files = [], [], [bytearray()]
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        tried = pool.map(lambda each: compressed(each, base_of[each[0].question] is each), outputs)
        for each, data in zip(outputs, tried, strict=True):
            result = each[0]
            is_base = base_of[result.question] is each
            if base_of[result.question][0] in left_out:
                data, is_base = compressed(each, True), True
            if len(files[-1]) + len(data) > LIMIT:
                if len(files) == most_files:
                    left_out.append(result)
                    continue
                files.append(bytearray())
            start = len(files[-1])
            files[-1] += data
            index.append({
                **asdict(result), "file": f"outputs-{len(files) - 1}.bin", "bytes": [start, start + len(data)],
                "is_base": is_base})
    for number, file in enumerate(files):
        (folder / f"outputs-{number}.bin").write_bytes(file)
    return index, left_out


def unpack(index: list[dict], folder: Path) -> Iterator[tuple[Result, np.ndarray]]:
    """The outputs again."""
    bases: dict[tuple, np.ndarray] = {}
    for entry in index:
        result = Result(**{each.name: entry[each.name] for each in fields(Result)})
        start, end = entry["bytes"]
        with open(folder / entry["file"], "rb") as file:
            file.seek(start)
            data = zlib.decompress(file.read(end - start))
        base = None if entry["is_base"] else bases[result.question]
        array = _decoded(data, FORMATS[result.output_format], result.shape, base)
        bases.setdefault(result.question, array)
        yield result, array
