"""The frameworks: what they are called, and which functions and formats their adapters offer."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ADAPTERS = Path(__file__).resolve().parent.parent / "adapters"

# The adapter's name, as it is called, and the packages whose versions matter.
NAMES = {
    "pytorch": ("PyTorch", ["torch"]),
    "pytorch_probabilities": ("PyTorch from probabilities", ["torch"]),
    "tensorflow": ("TensorFlow", ["tensorflow-cpu"]),
    "keras": ("Keras", ["keras", "tensorflow-cpu"]),
    "keras_probabilities": ("Keras from probabilities", ["keras", "jax", "jaxlib"]),
    "jax": ("JAX", ["jax", "jaxlib"]),
    "optax": ("optax", ["optax", "jax", "jaxlib"]),
    "onnxruntime": ("ONNX Runtime", ["onnxruntime"]),
    "scipy": ("SciPy", ["scipy", "numpy"]),
    "sklearn": ("scikit-learn", ["scikit-learn", "scipy", "numpy"]),
    "numpy": ("NumPy", ["numpy"]),
}

LISTING = """
import importlib, importlib.metadata, json, sys
sys.path.insert(0, sys.argv[1])
entries = importlib.import_module(sys.argv[2]).ENTRIES
versions = {name: importlib.metadata.version(name) for name in sys.argv[3:]}
offers = {name: sorted(entry.formats) for name, entry in entries.items()}
print(json.dumps([versions, offers]))
"""


@dataclass(frozen=True, eq=False)
class Peer:
    """A framework, behind its adapter."""

    key: str
    name: str
    versions: dict[str, str]
    offers: dict[str, list[str]]

    @property
    def command(self) -> list[str]:
        return [sys.executable, "-B", str(ADAPTERS / f"{self.key}_adapter.py")]


def keys() -> list[str]:
    """The adapters, those that are known by name in its order."""
    found = {path.name.removesuffix("_adapter.py") for path in ADAPTERS.glob("*_adapter.py")}
    return [key for key in NAMES if key in found] + sorted(found - NAMES.keys())


def load(key: str) -> Peer:
    """Asks the adapter what it offers, in a process of its own: a framework may fail to load."""
    name, packages = NAMES.get(key, (key, []))
    listing = subprocess.run(
        [sys.executable, "-B", "-c", LISTING, str(ADAPTERS), f"{key}_adapter", *packages],
        capture_output=True, text=True)
    if listing.returncode != 0:
        last = (listing.stderr.strip().splitlines() or ["no message"])[-1]
        raise RuntimeError(f"{key}: {last}")
    versions, offers = json.loads(listing.stdout.splitlines()[-1])
    return Peer(key, name, versions, offers)
