"""One implementation in one format on all inputs, in a process of its own: a fault of a kernel ends no other."""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path

import inputs
import numpy as np
import tensors
from parcel import Result

def questions(folder: Path, format: str) -> list[tuple[str, inputs.Inputs]]:
    return [(function, each) for each in inputs.of(folder, format) for function in each.functions]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("key")
    parser.add_argument("format")
    parser.add_argument("device")
    options = parser.parse_args()
    if options.device == "cpu":
        os.environ["TRITON_INTERPRET"] = "1"
    # Each line is whole, whenever this process ends.
    journal = open(options.output / f"{options.key}-{options.format}.jsonl", "w", buffering=1)
    try:
        import catalogue

        functions = catalogue.loaded(options.key, options.format, options.device)
        from rows import Layer, Rows
    except Exception as reason:
        print(json.dumps({"problem": _text(reason)}), file=journal)
        return
    for number, (function, each) in enumerate(questions(options.folder, options.format)):
        if function not in functions:
            continue
        began = time.monotonic()
        line: dict[str, object] = {"function": function, "inputs": each.name}
        try:
            found = tensors.read(each.file(options.folder, options.format))[1]
            has_target = "softmax" not in function
            given = (
                Layer(found["hidden"], found["weight"], found["targets"].astype(np.int64)) if each.width
                else Rows(found["logits"], found["targets"] if has_target else None))
            outputs = np.asarray(functions[function](given))
            shape = given.shape(function)
            if outputs.shape != shape or outputs.dtype not in tensors.NAMES:
                raise ValueError(f"gives {outputs.dtype} {outputs.shape} for {shape}")
            output_format = next(name for name, dtype in tensors.FORMATS.items() if dtype == outputs.dtype)
            result = Result(options.key, function, each.name, options.format, output_format, shape)
            path = options.output / f"{options.key}-{options.format}-{number}.bytes"
            path.write_bytes(np.ascontiguousarray(outputs).tobytes())
            line |= {"result": vars(result), "path": path.name}
        except Exception as reason:
            line |= {"problem": _text(reason)}
            # Nothing more can be asked of a process after that.
            if "CUDA error" in str(reason) or type(reason).__name__ == "AcceleratorError":
                line |= {"is_last": True}
        print(json.dumps(line | {"seconds": round(time.monotonic() - began, 3)}), file=journal)
        if "is_last" in line:
            return


def _text(reason: Exception) -> str:
    detail = getattr(reason, "stderr", None) or str(reason)
    lines = [line for line in str(detail).splitlines() if line.strip()] or [""]
    return f"{type(reason).__name__}: {lines[0][:300]}"


if __name__ == "__main__":
    main()
