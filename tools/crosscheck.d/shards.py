"""Parts of a cross-entropy whose classes are split in shards, and the loss that they are merged to."""
from fractions import Fraction

from problems import Shards

ZERO, ONE = Fraction(0), Fraction(1)


def partials(logits, target):
    """[the maximum, Σ e^(x - maximum), the target's logit]; a target of -1 is elsewhere."""
    own = logits[target] if target >= 0 else "-inf"
    if "nan" in logits:
        return ["nan", "nan", own]
    if "inf" in logits:
        return ["inf", ONE if logits.count("inf") == 1 else "nan", own]
    finite = [x for x in logits if x != "-inf"]
    if not finite:
        return ["-inf", ZERO, own]
    return [max(finite), Shards("sum", finite, [ONE] * len(finite)), own]


def merged(maxima, numbers):
    """log Σ s e^m less the greatest t, for the sums s and then the t among the numbers."""
    sums, targets = numbers[:len(maxima)], numbers[len(maxima):]
    if "nan" in (*maxima, *numbers):
        return "nan"
    for m, s in zip(maxima, sums):
        if (s == 0 and m == "inf") or (s == "inf" and m == "-inf"):
            return "nan"
    counted = [(m, s) for m, s in zip(maxima, sums) if s != 0 and m != "-inf"]
    finite = [t for t in targets if not isinstance(t, str)]
    target = "inf" if "inf" in targets else max(finite) if finite else "-inf"
    whole = "inf" if any("inf" in pair for pair in counted) else None if counted else "-inf"
    if whole == target:
        return "nan"
    if whole is not None:
        return whole
    if isinstance(target, str):
        return "inf" if target == "-inf" else "-inf"
    return Shards("merged", *map(list, zip(*counted)), target)
