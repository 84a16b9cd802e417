"""Whether the flags of a case say what is so of its logits and target, computed anew with mpmath."""
import math

import ml_dtypes
import mpmath

import float_numbers

# Enough for thresholds: numbers of the formats differ from them by far more.
mpmath.mp.prec = 300

CHECKED = {"TiedMaximum", "CommonOffset", "SubnormalLogits", "NegativeZero", "ExponentialOverflows",
           "ShiftedExponentialUnderflows", "SumRoundsToOne", "InfiniteLogits", "NaNLogits",
           "WrongPrediction", "SoftTarget", "MaskedTarget"}


def exponentials(logits, is_binary, format_name, scale):
    """Flags that tell what becomes of e^x, for logits multiplied with `scale`."""
    limits = ml_dtypes.finfo(float_numbers.DTYPES[format_name])
    numbers = [mpmath.mpf(x) * scale for x in logits]
    if any(mpmath.exp(abs(x)) > mpmath.mpf(float(limits.max)) for x in numbers):
        yield "ExponentialOverflows"
    row = sorted(numbers + ([mpmath.mpf(0)] if is_binary else []))
    if mpmath.exp(row[0] - row[-1]) < mpmath.mpf(float(limits.smallest_subnormal)) / 2:
        yield "ShiftedExponentialUnderflows"
    others = mpmath.fsum(mpmath.exp(x - row[-1]) for x in row[:-1])
    if others and others <= mpmath.mpf(2) ** -(limits.nmant + 1):
        yield "SumRoundsToOne"


def row_flags(logits):
    """Flags that tell how the logits of a row lie to each other."""
    if len(logits) > 1 and logits.count(max(logits)) > 1:
        yield "TiedMaximum"
    least = min(abs(x) for x in logits)
    has_one_sign = all(x > 0 for x in logits) or all(x < 0 for x in logits)
    if len(logits) > 1 and has_one_sign and least >= 16:
        if mpmath.mpf(max(logits)) - mpmath.mpf(min(logits)) <= mpmath.mpf(least) / 16:
            yield "CommonOffset"


def target_flags(logits, target, is_binary):
    """Flags that tell how the target lies to the logits."""
    if target == -1:
        return  # the class is in another shard
    if isinstance(target, int):
        if logits[target] == -math.inf:
            yield "MaskedTarget"
        if any(logits[target] < x for x in logits):
            yield "WrongPrediction"
    elif is_binary:
        if target not in (0, 1):
            yield "SoftTarget"
        elif (logits[0] > 0 if target == 0 else logits[0] < 0):
            yield "WrongPrediction"
    elif sorted(target) != [0] * (len(target) - 1) + [1]:
        yield "SoftTarget"


def flags(case, format_name, scale=mpmath.mpf(1)):
    """The flags of CHECKED that a case should have."""
    fields = case["input"]
    is_binary = "logit" in fields
    texts = [fields["logit"]] if is_binary else fields["logits"]
    logits = [float.fromhex(text) for text in texts]
    found = set()
    if any(math.isnan(x) for x in logits):
        found.add("NaNLogits")
    if any(math.isinf(x) for x in logits):
        found.add("InfiniteLogits")
    if any(x == 0 and math.copysign(1, x) < 0 for x in logits):
        found.add("NegativeZero")
    if any(float_numbers.result_class(x, format_name) == "subnormal" for x in logits):
        found.add("SubnormalLogits")
    if all(math.isfinite(x) for x in logits):
        found.update(exponentials(logits, is_binary, format_name, scale))
        if not is_binary:
            found.update(row_flags(logits))
    target = fields.get("target")
    if target is not None:
        if isinstance(target, list):
            target = [float.fromhex(text) for text in target]
        elif isinstance(target, str):
            target = float.fromhex(target)
        found.update(target_flags(logits, target, is_binary))
    return found


def problems(case, format_name):
    """Flags that a case should not have, and those that it lacks.

    A flag may be missing next to its threshold, and SumRoundsToOne where the lead is not enough for
    any row of so many classes.
    """
    present = CHECKED & set(case["flags"])
    false = present - flags(case, format_name)
    missing = flags(case, format_name, 1 - mpmath.mpf(2) ** -50) - present - {"SumRoundsToOne"}
    if false:
        yield f"what {sorted(false)} claim is not so"
    if missing:
        yield f"it lacks {sorted(missing)}"
