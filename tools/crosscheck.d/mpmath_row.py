"""One categorical row by the textbook: p = e^x / Σ e^x, lse = log Σ e^x, loss = Σ a·(lse - x)."""
from fractions import Fraction

from mpmath import iv

from mpmath_interval import Spread, exp, interval, log, power, set_precision, sign

ZERO = Fraction(0)
LARGEST_UNSHIFTED = 4096  # a common offset above it is taken off first, it only costs bits


def parts(row, kind, index):
    """(head, tail): see mpmath_values. The head is the limit as the gaps grow without bound."""
    if rational(row, kind):
        return limit(row, kind, index, row.maximum, row.gaps), None
    plain = row.z_loss == 0 and row.focal_gamma is None
    head = limit(row, kind, index, row.maximum, row.gaps) if plain else ZERO

    def tail(precision, tiny, most_bits):
        spread = Spread(tiny, (row.total + 1) * len(row.gaps), plain)
        gaps = [spread.clamp(gap) for gap in row.gaps]
        clamped = gaps != row.gaps
        maximum = ZERO if clamped or abs(row.maximum) > LARGEST_UNSHIFTED else row.maximum
        offset = row.maximum - maximum
        widest = max(gaps)
        extra = 0 if row.focal_gamma is None else (
            2 * int(row.focal_gamma + 1).bit_length() + 2 * int(widest).bit_length())
        set_precision(precision + extra, widest, most_bits)
        value = textbook(row, kind, index, [maximum - gap for gap in gaps], offset)
        if not plain:
            return value
        # lse - x does not see the offset; a bare log-sum-exp does.
        return spread.widened(value - interval(limit(row, kind, index, maximum, gaps)), clamped)
    return head, tail


def rational(row, kind):
    if len(row.gaps) == 1:
        return True
    if row.focal_gamma is not None:
        return row.coefficients[row.target] == 0
    if kind in ("loss", "gradient") and row.total == row.z_loss == 0:
        return True
    return kind in ("softmax", "gradient") and row.z_loss == 0 and (
        not any(row.gaps) or (kind == "gradient" and row.total == 0))


def limit(row, kind, index, maximum, gaps):
    if kind == "log-sum-exp":
        return maximum
    if kind == "log-softmax":
        return -gaps[index]
    share = ZERO if index is None or gaps[index] else Fraction(1, row.ties)
    if kind == "softmax":
        return share
    if row.focal_gamma is not None:
        return ZERO
    if kind == "loss":
        return (sum(a * gap for a, gap in zip(row.coefficients, gaps))
                + row.z_loss * maximum * maximum)
    return (row.total + 2 * row.z_loss * maximum) * share - row.coefficients[index]


def textbook(row, kind, index, logits, offset):
    """The quantity at `logits`, whose common offset the true ones have only for the z-loss."""
    x = [interval(logit) for logit in logits]
    powers = [exp(logit) for logit in x]
    total = sum(powers)
    lse = log(total)
    if kind == "log-sum-exp":
        return lse
    if kind == "log-softmax":
        return x[index] - lse
    if kind == "softmax":
        return powers[index] / total
    if row.focal_gamma is not None:
        return focal(row, kind, index, powers, total, lse - x[row.target])
    true_lse = lse + interval(offset)
    if kind == "loss":
        return (sum(interval(a) * (lse - logit) for a, logit in zip(row.coefficients, x))
                + interval(row.z_loss) * true_lse**2)
    share = powers[index] / total
    return (interval(row.total) * share - interval(row.coefficients[index])
            + 2 * interval(row.z_loss) * true_lse * share)


def jacobian(row, numbers, index):
    """(0, tail): p_i·(g_i - Σ p g) as it is written."""
    size = max(abs(number) for number in numbers) * 4 + 4

    def tail(precision, tiny, most_bits):
        spread = Spread(tiny, size * len(row.gaps), False)
        # What g have in common cancels, however far they are above what is left.
        digits = max(number.numerator.bit_length() + number.denominator.bit_length()
                     for number in numbers)
        set_precision(precision + 2 * digits + tiny, 2 * max(row.gaps), most_bits)
        powers = [exp(interval(-gap)) for gap in row.gaps]
        total = sum(powers)
        shares = [each / total for each in powers]
        mean = sum(p * interval(number) for p, number in zip(shares, numbers))
        return shares[index] * (interval(numbers[index]) - mean)
    return ZERO, tail


def focal(row, kind, index, powers, total, negative_log):
    """F = -a·(1 - p)^γ·log p, and dF/dx_j = F'(p)·p·(δ - p_j)."""
    gamma, a = row.focal_gamma, interval(row.coefficients[row.target])
    p = powers[row.target] / total
    q = 1 - p
    if sign(q) <= 0:
        return iv.mpf(["-inf", "inf"])
    if kind == "loss":
        return a * power(q, gamma) * negative_log
    slope = -interval(gamma) * power(q, gamma - 1) * negative_log - power(q, gamma) / p
    if index == row.target:
        return a * slope * p * q
    return -a * slope * p * powers[index] / total
