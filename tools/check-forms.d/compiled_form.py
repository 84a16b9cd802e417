"""A form compiled from C, CUDA or Metal for the CPU: the folder of its libraries, one for each format."""

import ctypes
import sys
from pathlib import Path
from types import SimpleNamespace

from entries import entries

import numpy as np
from protocol import FORMATS, serve

FOLDER = Path(sys.argv[1])
LIBRARIES = {FORMATS[path.stem]: ctypes.CDLL(str(path)) for path in FOLDER.glob("*.so")}


class Options(ctypes.Structure):
    _fields_ = [("label_smoothing", ctypes.c_double), ("z_loss", ctypes.c_double), ("ignore_index", ctypes.c_int32)]


def address(values):
    return None if values is None else values.ctypes.data_as(ctypes.c_void_p)


def of_rows(name, has_value_per_class):
    def call(x, target=None, **options):
        (rows, classes), library = x.shape, LIBRARIES[x.dtype]
        out = np.empty((rows, classes) if has_value_per_class else rows, x.dtype)
        size = (ctypes.c_size_t(rows), ctypes.c_size_t(classes))
        if target is None:
            getattr(library, f"check_{name}")(address(x), None, *size, address(out))
            return out
        y, t = (target, None) if target.ndim == 2 else (None, target.astype(np.int32))
        given = Options(options["label_smoothing"], options["z_loss"], options["ignore_index"])
        function = getattr(library, f"check_{name}_with")
        function(address(x), address(y), address(t), *size, ctypes.byref(given), address(out))
        return out

    return call


def binary(name):
    def call(z, y):
        out = np.empty_like(z)
        getattr(LIBRARIES[z.dtype], f"check_{name}")(
            address(z), address(y), ctypes.c_size_t(len(z)), ctypes.c_size_t(1), address(out))
        return out

    return call


if __name__ == "__main__":
    functions = SimpleNamespace(
        softmax=of_rows("softmax", True),
        cross_entropy=of_rows("cross_entropy", False),
        cross_entropy_gradient=of_rows("cross_entropy_gradient", True),
        binary_cross_entropy=binary("binary_cross_entropy"),
        binary_cross_entropy_gradient=binary("binary_cross_entropy_gradient"),
    )
    if all(hasattr(library, "check_log_softmax") for library in LIBRARIES.values()):
        functions.log_softmax = of_rows("log_softmax", True)
    formats = {name for name, dtype in FORMATS.items() if dtype in LIBRARIES}
    serve(entries(functions, frozenset(formats)))
