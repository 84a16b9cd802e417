"""Numbers of the formats, from hexadecimal and decimal text, as NumPy and ml_dtypes have them."""
import ml_dtypes
import numpy

DTYPES = {"float16": numpy.float16, "float32": numpy.float32, "float64": numpy.float64,
          "bfloat16": ml_dtypes.bfloat16, "float8_e4m3fn": ml_dtypes.float8_e4m3fn,
          "float8_e5m2": ml_dtypes.float8_e5m2}


def array(texts, format_name):
    """The hexadecimal floats, which the format must hold, as an array of it."""
    wide = numpy.array([float.fromhex(text) for text in texts], dtype=numpy.float64)
    with numpy.errstate(over="ignore", invalid="ignore"):
        narrow = wide.astype(DTYPES[format_name])
    if not same(narrow.astype(numpy.float64), wide):
        raise ValueError(f"not all of {texts} are numbers of {format_name}")
    return narrow


def same(one, other):
    """Whether two arrays are the same numbers: -0 is not 0, and NaN is NaN."""
    one, other = one.astype(numpy.float64), other.astype(numpy.float64)
    return (one.shape == other.shape and numpy.array_equal(one, other, equal_nan=True)
            and numpy.array_equal(numpy.signbit(one) & ~numpy.isnan(one),
                                  numpy.signbit(other) & ~numpy.isnan(other)))


def result_class(value, format_name):
    """The class of an expected value."""
    value = float(value)
    if value != value:
        return "nan"
    if value in (float("inf"), float("-inf")):
        return "infinite"
    if value == 0:
        return "zero"
    least = float(ml_dtypes.finfo(DTYPES[format_name]).smallest_normal)
    return "subnormal" if abs(value) < least else "normal"


def from_decimals(texts, format_name):
    """Decimals as NumPy and ml_dtypes read them, through float64."""
    with numpy.errstate(over="ignore", invalid="ignore"):
        wide = numpy.array([float(text) for text in texts], dtype=numpy.float64)
        return wide.astype(DTYPES[format_name])
