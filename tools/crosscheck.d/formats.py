"""Binary floating-point formats, and the rounding of an exact value into one.

A number of a format is a tuple: (sign, mantissa, exponent) stands for ±mantissa·2^exponent with
an odd mantissa, (sign, 0, 0) for a zero, (sign, "inf") for an infinity, NAN for not a number.
Every number has one such tuple, so == compares values, and tells -0 from +0.

Everything here is integer arithmetic: nothing is taken from a floating-point unit or library.
"""
import re

NAN = ("nan",)
DIRECTIONS = ("nearest-even", "toward-zero", "up", "down")


class Format:
    """exponent_bits and fraction_bits as stored; finite_only is float8_e4m3fn's encoding."""

    def __init__(self, name, exponent_bits, fraction_bits, finite_only=False):
        self.name = name
        self.fraction_bits = fraction_bits
        self.precision = fraction_bits + 1
        bias = (1 << (exponent_bits - 1)) - 1
        self.emin = 1 - bias
        # The all-ones exponent holds infinities and NaNs, except in e4m3fn, where it holds
        # numbers too and only the all-ones fraction is a NaN: its largest number is 1.75·2^8.
        self.emax = bias + 1 if finite_only else bias
        self.finite_only = finite_only
        self.quantum = self.emin - fraction_bits  # of subnormals: every number is n·2^quantum
        self.top = (2 << fraction_bits) - (2 if finite_only else 1)
        self.largest = normalised(0, self.top, self.emax - fraction_bits)
        self.largest_ordinal = self.ordinal(self.largest)
        # Every breakpoint, midpoints included, is a multiple of 2^-breakpoint_bits.
        self.breakpoint_bits = 1 - self.quantum

    def __repr__(self):
        return self.name

    def infinity(self, sign):
        return NAN if self.finite_only else (sign, "inf")

    def holds(self, number):
        """Whether a finite number is one of this format."""
        sign, mantissa, exponent = number
        return mantissa == 0 or self.round(-mantissa if sign else mantissa, exponent, 0,
                                           "nearest-even") == number

    def ordinal(self, number):
        """The count of non-negative numbers below |number|: the encoding without its sign."""
        _, mantissa, exponent = number
        if mantissa == 0:
            return 0
        top = mantissa.bit_length() + exponent - 1
        if top < self.emin:
            return mantissa << (exponent - self.quantum)
        shift = top - self.fraction_bits - exponent
        significand = mantissa << -shift if shift < 0 else mantissa >> shift
        return ((top - self.emin) << self.fraction_bits) + significand

    def from_ordinal(self, sign, ordinal):
        biased, fraction = ordinal >> self.fraction_bits, ordinal & ((1 << self.fraction_bits) - 1)
        if biased == 0:
            return normalised(sign, fraction, self.quantum)
        return normalised(sign, fraction | (1 << self.fraction_bits), self.quantum + biased - 1)

    def step(self, number, count):
        """The number `count` places further from zero (nearer if negative), kept in range."""
        place = min(max(self.ordinal(number) + count, 0), self.largest_ordinal)
        return self.from_ordinal(number[0], place)

    def round(self, mantissa, exponent, sticky, direction):
        """mantissa·2^exponent + sticky·(an infinitesimal), rounded; sticky is -1, 0 or 1.

        A sticky value stands for everything strictly between two breakpoints, which is what is
        left of an enclosure once the breakpoints are known to lie outside.
        """
        if mantissa == 0:
            if sticky == 0:
                return (0, 0, 0)
            mantissa, exponent, sticky = sticky, self.quantum - 2, 0
        sign = 1 if mantissa < 0 else 0
        magnitude = -mantissa if sign else mantissa
        if sign:
            sticky = -sticky
        # Two spare bits below the last make the unit finer than the spacing of breakpoints, so
        # that one unit less with a positive sticky is the same as a negative sticky.
        spare = self.precision + 3 - magnitude.bit_length()
        if sticky and spare > 0:
            magnitude, exponent = magnitude << spare, exponent - spare
        if sticky < 0:
            magnitude -= 1
        top = magnitude.bit_length() + exponent
        quantum = max(top - self.precision, self.quantum)
        shift = quantum - exponent
        if shift <= 0:
            kept, rest, half = magnitude << -shift, 0, 1
        else:
            kept = magnitude >> shift
            # Doubled, so that the sticky part fits below the last bit.
            rest = ((magnitude & ((1 << shift) - 1)) << 1) | (1 if sticky else 0)
            half = 1 << shift
        if rest:
            if direction == "nearest-even":
                away = rest > half or (rest == half and kept & 1)
            else:
                away = direction == ("down" if sign else "up")
            kept += away
        last = self.emax - self.fraction_bits  # the quantum of the topmost binade
        if quantum > last or (quantum == last and kept > self.top):
            return self._overflow(sign, direction)
        return normalised(sign, kept, quantum)

    def _overflow(self, sign, direction):
        if direction == "nearest-even" or direction == ("down" if sign else "up"):
            return self.infinity(sign)
        return (sign,) + self.largest[1:]


def normalised(sign, mantissa, exponent):
    """The one tuple of ±mantissa·2^exponent."""
    if mantissa == 0:
        return (sign, 0, 0)
    zeros = (mantissa & -mantissa).bit_length() - 1
    return (sign, mantissa >> zeros, exponent + zeros)


NAMED = {
    "float16": Format("float16", 5, 10),
    "bfloat16": Format("bfloat16", 8, 7),
    "float32": Format("float32", 8, 23),
    "float64": Format("float64", 11, 52),
    "float8_e4m3fn": Format("float8_e4m3fn", 4, 3, finite_only=True),
    "float8_e5m2": Format("float8_e5m2", 5, 2),
}


def format_named(name):
    """A format of the catalogue, or e⟨w⟩m⟨p⟩; ValueError for any other name."""
    if name not in NAMED:
        match = re.fullmatch(r"e(\d+)m(\d+)", name)
        if not match or not (2 <= int(match[1]) <= 19 and 1 <= int(match[2]) <= 112):
            raise ValueError(f"{name} is not a format")
        NAMED[name] = Format(name, int(match[1]), int(match[2]))
    return NAMED[name]
