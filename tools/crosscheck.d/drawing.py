"""Random numbers of a format, and the texts that mean them."""
import math
from fractions import Fraction

from formats import NAN, normalised
from numerals import as_fraction, last_place, round_fraction, write_hexadecimal


class Drawing:
    """Draws for one task: a generator, an input format and an output format."""

    def __init__(self, random, input_format, output_format):
        self.random, self.input, self.output = random, input_format, output_format

    def chance(self, probability):
        return self.random.random() < probability

    def nearest(self, value):
        """A float or a Fraction as a finite number of the input format."""
        if isinstance(value, float) and not math.isfinite(value):
            value = math.copysign(1e308, value)
        value = Fraction(value)
        number = round_fraction(int(value < 0), abs(value), self.input)
        return number if number[1:2] != ("inf",) and number != NAN else (
            (int(value < 0),) + self.input.largest[1:])

    def real(self, value):
        """The same with the low bits of a wide format filled at random."""
        number = self.nearest(value)
        spare = self.input.precision - 53
        if spare > 0 and number[1] and self.chance(0.7):
            return self.input.step(number, self.random.getrandbits(spare))
        return number

    def bits(self):
        """A random encoding. Of very wide exponents mostly those near 1, the others cost much."""
        format, sign = self.input, self.random.getrandbits(1)
        if format.emax > 2000 and self.chance(0.95):
            biased = self.random.randint(-120, 14) + format.emax
            return format.from_ordinal(sign, (biased << format.fraction_bits)
                                       + self.random.getrandbits(format.fraction_bits))
        return format.from_ordinal(sign, self.random.randint(0, format.largest_ordinal))

    def output_breakpoint(self, low=-6, high=10):
        """A number of the output format, or a midpoint of two, of modest exponent."""
        format = self.output
        low = max(low, format.emin)
        exponent = self.random.randint(low, max(low, min(high, format.emax)))
        significand = self.random.getrandbits(format.precision) | (1 << format.fraction_bits)
        number = 2 * significand + self.random.getrandbits(1)
        return Fraction(number) * Fraction(2) ** (exponent - format.precision)

    def text(self, number):
        """A JSON value that means the number: hexadecimal mostly, decimal where it is short."""
        if number == NAN or number[1] == "inf":
            return f'"{write_hexadecimal(number)}"'
        if self.chance(0.65) or abs(number[2] + number[1].bit_length()) > 200:
            return f'"{write_hexadecimal(number)}"'
        decimal = self._near_midpoint(number) if self.chance(0.1) else self._decimal(number)
        return decimal if self.chance(0.7) else f'"{decimal}"'

    def _decimal(self, number):
        """The value to 17 digits, or a few, which may be another number of the format."""
        sign, value = number[0], abs(as_fraction(number))
        digits = 17 if self.chance(0.6) else self.random.randint(1, 6)
        if value == 0:
            return "-0.0" if sign else self.random.choice(("0", "0.0", "0e5"))
        place = math.floor(math.log10(value)) + 1 - digits
        return ("-" if sign else "") + plain(round(value / Fraction(10) ** place), place)

    def _near_midpoint(self, number):
        """The midpoint to the next number, exactly, or one digit beside it at the far end."""
        follower = self.input.step(number, 1)
        middle = (abs(as_fraction(number)) + abs(as_fraction(follower))) / 2
        if middle == 0:
            return "0"
        place = last_place(middle) - 1
        digits = int(middle / Fraction(10) ** place) + self.random.choice((-1, 0, 1))
        return ("-" if number[0] else "") + plain(digits, place)


def plain(digits, place):
    """digits·10^place in one of JSON's spellings."""
    text = str(digits)
    if place == 0:
        return text
    if -len(text) < place < 0:
        return f"{text[:place]}.{text[place:]}"
    return f"{text}e{place}"


def signed(sign, number):
    return (sign,) + number[1:]


ZERO = (0, 0, 0)
ONE = normalised(0, 1, 0)
