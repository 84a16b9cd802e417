"""The NumPy form."""

from entries import entries

import practical_numpy
from protocol import FORMATS, serve

if __name__ == "__main__":
    serve(entries(practical_numpy, frozenset({"float16", "bfloat16", "float32", "float64"})))
