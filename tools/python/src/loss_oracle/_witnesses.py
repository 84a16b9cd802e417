"""Files of witnesses: failing cases, sorted, the same bytes for the same cases."""

from __future__ import annotations

import json
import os
import tempfile
from typing import Any


def merged(kept: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """A file of witnesses with those of another that it does not have."""
    known = {_key(witness) for witness in kept["witnesses"]}
    added = [witness for witness in new["witnesses"] if _key(witness) not in known]
    if not added:
        return kept
    return {"schema": 1, "witnesses": sorted(kept["witnesses"] + added, key=_key)}


def _key(witness: dict[str, Any]) -> str:
    names = ("function", "format", "outputFormat", "options", "failure", "logits", "label")
    return json.dumps([witness.get(name) for name in (*names, "probabilities", "batch")])


def write_json(path: str, value: Any) -> None:
    """Writes a file whole or not at all."""
    folder = os.path.dirname(os.path.abspath(path))
    os.makedirs(folder, exist_ok=True)
    file = tempfile.NamedTemporaryFile(
        "w", dir=folder, suffix=".partial", delete=False, encoding="utf-8"
    )
    with file:
        json.dump(value, file, indent=2, sort_keys=True)
        file.write("\n")
    os.replace(file.name, path)
