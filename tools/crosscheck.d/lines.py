"""From a line of input to the leaves of its answer: fields, options, batches and reductions."""
import json
from fractions import Fraction

import binary
import capped
import capped_parts
import categorical
import distributions
import gradients
import probabilities
import shards
from formats import NAN, format_named
from numerals import Unreadable, as_fraction, read_number
from problems import scaled, total

LOSSES = ("binary-cross-entropy", "cross-entropy")
GRADIENTS = ("binary-cross-entropy-gradient", "cross-entropy-gradient")
ONE_LOGIT_GRADIENTS = ("sigmoid-gradient", "log-sigmoid-gradient", "softplus-gradient")
ROW_GRADIENTS = ("log-sum-exp-gradient", "softmax-gradient", "log-softmax-gradient")
SHARDS = ("shard-partials", "merged-cross-entropy")
COMPARISONS = ("kl-divergence", "kl-divergence-gradient", "js-divergence", "js-divergence-gradient")
DISTRIBUTIONS = ("entropy", "entropy-gradient", *COMPARISONS)
FUNCTIONS = ("sigmoid", "log-sigmoid", "softplus", "log-sum-exp", "softmax", "log-softmax",
             *LOSSES, *GRADIENTS, *ONE_LOGIT_GRADIENTS, *ROW_GRADIENTS, *SHARDS,
             *DISTRIBUTIONS)
# Those that a row may have one number of grad_output for.
MULTIPLIED = (*GRADIENTS, "entropy-gradient", "kl-divergence-gradient", "js-divergence-gradient")
NUMERIC_OPTIONS = ("scale", "softcap", "temperature", "label_smoothing", "pos_weight", "z_loss",
                   "focal_gamma", "focal_alpha", "beta", "threshold")


class Number(str):
    """The text of a JSON number, which is decimal; integers as targets are told by .isdigit()."""


class Reader:
    """Numbers of a line, rounded into the input format: Fractions, or "nan", "inf", "-inf"."""

    def __init__(self, format):
        self.format = format

    def number(self, text):
        if not isinstance(text, str):
            raise Unreadable(f"{text} is not a number")
        number = read_number(text, self.format)
        if number == NAN:
            return "nan"
        if number[1] == "inf":
            return "-inf" if number[0] else "inf"
        return as_fraction(number)

    def numbers(self, texts):
        return [self.number(text) for text in texts]

    def options(self, line):
        # Real parameters, whatever the format of the row.
        wide = Reader(format_named("float64"))
        options = {name: wide.number(line[name]) for name in NUMERIC_OPTIONS if name in line}
        for name in ("class_weights", "logit_bias"):
            if name in line:
                options[name] = self.numbers(line[name])
        if "ignore_index" in line:
            options["ignore_index"] = int(line["ignore_index"])
        return options


def parse(text):
    return json.loads(text, parse_int=Number, parse_float=Number)


def leaves_of(function, text, format):
    """A leaf, a list of leaves, or a list of lists of leaves, shaped as the answer is."""
    line, reader = parse(text), Reader(format)
    options = reader.options(line)
    if "rows" in line:
        return batch(function, line, reader, options)
    leaves = leaves_of_row(function, line, reader, options)
    if function not in MULTIPLIED or "grad_output" not in line or is_ignored(line, options):
        return leaves
    return gradients.multiplied(leaves, reader.number(line["grad_output"]))


def is_ignored(line, options):
    target = line.get("target")
    return isinstance(target, Number) and "ignore_index" in options and (
        int(target) == options["ignore_index"])


def leaves_of_row(function, line, reader, options):
    if function in ONE_LOGIT_GRADIENTS or function in ROW_GRADIENTS:
        return upstream_of_row(function, line, reader, options)
    if function in DISTRIBUTIONS or "target_logits" in line:
        return distributions_of_row(function, line, reader, options)
    if function == "shard-partials":
        logits, target = reader.numbers(line["logits"]), int(line["target"])
        if "softcap" in options:
            return capped_parts.partials(logits, target, options)
        return shards.partials(shaped(logits, options), target)
    if function == "merged-cross-entropy":
        return shards.merged(reader.numbers(line["logits"]), reader.numbers(line["partials"]))
    if function == "softplus" and ("beta" in options or "threshold" in options):
        return gradients.softplus(reader.number(line["logit"]), options)
    if function in ("sigmoid", "log-sigmoid", "softplus"):
        logits = [reader.number(line["logit"])]
        if capped.concerns(logits, options):
            return capped.CappedRow(logits, None, options).activation(function)
        return binary.activation(function, shaped(logits, options)[0])
    if function in ("log-sum-exp", "softmax", "log-softmax"):
        logits = reader.numbers(line["logits"])
        if capped.concerns(logits, options):
            return capped.CappedRow(logits, None, options).activation(function)
        return getattr(categorical, function.replace("-", "_"))(shaped(logits, options))
    row = read_row(function, line, reader, options)
    if function in LOSSES:
        return row.loss()
    gradient = row.gradient()
    return gradient[0] if function.startswith("binary") else gradient


def upstream_of_row(function, line, reader, options):
    one = function in ONE_LOGIT_GRADIENTS
    logits = [reader.number(line["logit"])] if one else reader.numbers(line["logits"])
    numbers = line["grad_output"]
    numbers = reader.numbers(numbers) if isinstance(numbers, list) else [reader.number(numbers)]
    if capped.concerns(logits, options):
        leaves = capped_parts.upstream(function, capped_parts.PartRow(logits, options), numbers)
        return leaves[0] if one else leaves
    made, slopes = shaped(logits, options), capped.slopes(logits, options)
    if one:
        return by_logits([gradients.one_logit(function, made[0], numbers[0], options)], slopes)[0]
    if function == "log-sum-exp-gradient":
        return by_logits(gradients.log_sum_exp(made, numbers[0]), slopes)
    return by_logits(gradients.row(function, made, numbers, Fraction(1)), slopes)


def distributions_of_row(function, line, reader, options):
    logits = reader.numbers(line["logits"])
    targets = reader.numbers(line.get("target_logits", []))
    if capped.concerns(logits + targets, options):
        row, other = (capped_parts.PartRow(each, options) if each else None
                      for each in (logits, targets))
        return capped_parts.distributions(function, row, other)
    temperature = options.get("temperature", Fraction(1))
    leaves = distributions.leaves(
        function, shaped(logits, options), shaped(targets, options), temperature)
    if not function.endswith("gradient"):
        return leaves
    # Those by v, over the temperature.
    return by_logits(leaves, [slope * temperature for slope in capped.slopes(logits, options)])


def by_logits(leaves, slopes):
    """Derivatives by v/T as those by the logits; 0·inf is nan."""
    return [scaled(leaf, slope) if slope else Fraction(0) if leaf not in ("nan", "inf", "-inf")
            else "nan" for leaf, slope in zip(leaves, slopes)]


def shaped(logits, options):
    """The logits scaled, biased, and over the temperature; infinite ones stay, unless a cap, which is here
    of 0 and infinite logits alone, makes them a number."""
    scale, cap = options.get("scale", Fraction(1)), options.get("softcap")
    bias = options.get("logit_bias", [Fraction(0)] * len(logits))
    ends = {} if cap is None else {"inf": cap, "-inf": -cap}
    logits = [ends.get(x, x) if isinstance(x, str) else scale * x for x in logits]
    return [x if isinstance(x, str) else (x + b) / options.get("temperature", Fraction(1))
            for x, b in zip(logits, bias)]


def read_row(function, line, reader, options):
    for field, row in probabilities.ROWS.items():
        if field in line:
            numbers, target = line[field], line["target"]
            if function.startswith("binary"):
                return row(reader.number(numbers), reader.number(target), options)
            target = int(target) if isinstance(target, Number) else reader.numbers(target)
            return row(reader.numbers(numbers), target, options)
    if function.startswith("binary"):
        logits, target = [reader.number(line["logit"])], reader.number(line["target"])
        if capped.concerns(logits, options):
            return capped.CappedBinaryRow(logits, target, options)
        return binary.BinaryRow(shaped(logits, options)[0], target, options,
                                capped.slopes(logits, options))
    logits = reader.numbers(line["logits"])
    target = line["target"]
    if isinstance(target, Number):
        target = int(target)
    else:
        target = reader.numbers(target)
    if capped.concerns(logits, options):
        return capped.CappedRow(logits, target, options)
    return categorical.CategoricalRow(shaped(logits, options), target, options,
                                      capped.slopes(logits, options))


def batch(function, line, reader, options):
    """The rows' losses or gradients, reduced.

    A mean divides by the weights of the targets where those are class indices, as PyTorch does,
    by the number of rows otherwise. Nothing over nothing is nan.
    """
    rows = [read_row(function, row, reader, options) for row in line["rows"]]
    reduction = line.get("reduction", "mean")
    share = None  # of each row in the reduced loss; None for the undefined 1/0
    weight = sum(row.weight() for row in rows) if reduction == "mean" else Fraction(1)
    if weight:
        share = 1 / weight
    if function in LOSSES:
        losses = [row.loss() for row in rows]
        if reduction == "none":
            return losses
        return "nan" if share is None else total(losses, share)
    derivatives = []
    for row, text in zip(rows, line["rows"]):
        if share is None and not row.ignored:
            derivatives.append(["nan"] * row.size)
            continue
        leaves = [scaled(leaf, share or Fraction(1)) for leaf in row.gradient()]
        if "grad_output" in text and not row.ignored:
            leaves = gradients.multiplied(leaves, reader.number(text["grad_output"]))
        derivatives.append(leaves)
    if function.startswith("binary"):
        return [gradient[0] for gradient in derivatives]
    return derivatives
