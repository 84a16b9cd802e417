"""Numbers as text: the inputs of a line, and the hexadecimal and decimal texts of an answer.

The decimal point of a text is taken at its word: "0.1" is the rational 1/10, rounded once into the
input format, so that no double rounding through float64 can hide.
"""
import re
from fractions import Fraction

from formats import NAN, normalised

HEXADECIMAL = re.compile(r"([+-]?)0[xX]([0-9a-fA-F]*)(?:\.([0-9a-fA-F]*))?(?:[pP]([+-]?\d+))?")
DECIMAL = re.compile(r"([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?")


class Unreadable(ValueError):
    """A text that the command must refuse."""


def read_number(text, format):
    """The number of `format` that an input text means."""
    if text in ("inf", "-inf"):
        if format.finite_only:
            raise Unreadable(f"{format} has no infinity")
        return (int(text[0] == "-"), "inf")
    if text == "nan":
        return NAN
    if "x" in text or "X" in text:
        number = read_hexadecimal(text)
        if not format.holds(number):
            raise Unreadable(f"{text} is not a number of {format}")
        return number
    return round_fraction(*read_decimal(text), format)


def read_hexadecimal(text):
    """A hexadecimal-float text exactly, at any precision; also inf, -inf and nan."""
    if text in ("inf", "-inf"):
        return (int(text[0] == "-"), "inf")
    if text == "nan":
        return NAN
    match = HEXADECIMAL.fullmatch(text)
    if not match or not (match[2] or match[3]):
        raise Unreadable(f"{text} is not a hexadecimal float")
    fraction = match[3] or ""
    exponent = int(match[4] or 0) - 4 * len(fraction)
    return normalised(int(match[1] == "-"), int(match[2] + fraction, 16), exponent)


def read_decimal(text):
    """(sign, magnitude as a Fraction) of a decimal text."""
    match = DECIMAL.fullmatch(text)
    if not match or not (match[2] or match[3]):
        raise Unreadable(f"{text} is not a number")
    fraction = match[3] or ""
    digits, exponent = int(match[2] + fraction), int(match[4] or 0) - len(fraction)
    if exponent >= 0:
        return int(match[1] == "-"), Fraction(digits * 10**exponent)
    return int(match[1] == "-"), Fraction(digits, 10**-exponent)


def round_fraction(sign, magnitude, format):
    """A rational rounded to nearest-even; a zero keeps the sign of the text."""
    if magnitude == 0:
        return (sign, 0, 0)
    # Enough bits that the floor and a sticky bit decide: finer than every breakpoint.
    shift = max(format.breakpoint_bits, 0) + 3
    scaled, rest = divmod(magnitude.numerator << shift, magnitude.denominator)
    number = format.round(-scaled if sign else scaled, -shift,
                          (-1 if sign else 1) if rest else 0, "nearest-even")
    return number


def as_fraction(number):
    """A finite number's exact value."""
    sign, mantissa, exponent = number
    value = Fraction(mantissa << exponent) if exponent >= 0 else Fraction(mantissa, 1 << -exponent)
    return -value if sign else value


def write_hexadecimal(number):
    if number == NAN:
        return "nan"
    sign = "-" if number[0] else ""
    if number[1] == "inf":
        return sign + "inf"
    _, mantissa, exponent = number
    if mantissa == 0:
        return sign + "0x0p+0"
    bits = mantissa.bit_length() - 1
    padding = -bits % 4
    fraction = f"{(mantissa << padding) & ((1 << (bits + padding)) - 1):0{(bits + padding) // 4}x}"
    fraction = fraction.rstrip("0") if bits else ""
    return f"{sign}0x1{'.' + fraction if fraction else ''}p{exponent + bits:+d}"


def decimal_fault(text, number, format):
    """Why `text` is not the shortest decimal that reads back as `number`, or None.

    Among the decimals of the shortest length the nearest must be taken, as Python, Swift and
    JavaScript print it.
    """
    if number == NAN or number[1] in ("inf", 0):
        wanted = ("-0" if number[0] else "0") if number[1:2] == (0,) else write_hexadecimal(number)
        return None if text == wanted else f"expected {wanted}"
    sign, magnitude = read_decimal(text)
    if round_fraction(sign, magnitude, format) != number:
        return "does not read back"
    exact = abs(as_fraction(number))
    place = last_place(magnitude)
    for candidate in neighbours(exact, place + 1):
        # 1e-40 is above 9e-41, and no shorter.
        if (candidate and digits(candidate) < digits(magnitude)
                and round_fraction(sign, candidate, format) == number):
            return f"{scientific(candidate)} is shorter and reads back"
    for candidate in neighbours(exact, place):
        if (abs(candidate - exact) < abs(magnitude - exact)
                and round_fraction(sign, candidate, format) == number):
            return f"{scientific(candidate)} is as short and nearer"
    return None


def last_place(decimal):
    """The power of ten of the last digit that is not zero."""
    place, numerator = 0, decimal.numerator
    if decimal.denominator > 1:  # 2^a·5^b has max(a, b) decimal places
        twos = (decimal.denominator & -decimal.denominator).bit_length() - 1
        rest, fives = decimal.denominator >> twos, 0
        while rest > 1:
            rest, fives = rest // 5, fives + 1
        return -max(twos, fives)
    while numerator % 10 == 0:
        numerator, place = numerator // 10, place + 1
    return place


def digits(decimal):
    """How many significant digits."""
    return len(str(decimal / Fraction(10) ** last_place(decimal)))


def neighbours(exact, place):
    """The multiples of 10^place below and above."""
    unit = Fraction(10) ** place
    below = exact // unit
    return below * unit, (below + 1) * unit


def scientific(decimal):
    place = last_place(decimal)
    return f"{decimal / Fraction(10) ** place}e{place}"
