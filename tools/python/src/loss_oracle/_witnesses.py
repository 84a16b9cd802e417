"""Files of witnesses: failing cases, sorted, the same bytes for the same cases."""

from __future__ import annotations

import contextlib
import json
import os
import threading
from typing import Any, Optional


def merged(kept: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """A file of witnesses with those of another that it does not have."""
    known = {_key(witness) for witness in kept["witnesses"]}
    added = [witness for witness in new["witnesses"] if _key(witness) not in known]
    if not added:
        return kept
    return {"schema": 1, "witnesses": sorted(kept["witnesses"] + added, key=_key)}


def _key(witness: dict[str, Any]) -> str:
    names = ("function", "format", "outputFormat", "options", "failure", "logits", "label")
    return json.dumps(
        [witness.get(name) for name in (*names, "probabilities", "batch", "reduction", "outputs")]
    )


def write_json(path: str, value: Any) -> None:
    """Writes a file whole or not at all."""
    os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    # Not a temporary file of Python's, which others may not read.
    partial = f"{path}.{os.getpid()}-{threading.get_ident()}.partial"
    try:
        with open(partial, "w", encoding="utf-8") as file:
            json.dump(value, file, indent=2, sort_keys=True)
            file.write("\n")
        os.replace(partial, path)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(partial)
        raise


def witness_text(witnesses: Any) -> Optional[str]:
    """Witnesses as JSON: of a dictionary, of a path, or as they are."""
    if witnesses is None:
        return None
    if isinstance(witnesses, dict):
        return json.dumps(witnesses)
    if isinstance(witnesses, str) and witnesses.lstrip().startswith("{"):
        return witnesses
    with open(os.fspath(witnesses), encoding="utf-8") as file:
        return file.read()
