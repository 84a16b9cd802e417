"""One task: lines of one function and one pair of formats, answered by the command and by both
backends.
"""
import random
from collections import Counter
from dataclasses import dataclass, field

import arb_values
import mpmath_values
from cases import Cases
from formats import format_named
from lines import leaves_of
from numerals import Unreadable, decimal_fault, read_hexadecimal, write_hexadecimal
from oracle import Oracle
from rounding import Unaffordable, Undecided

MISMATCHES_KEPT = 20  # of one task; all are counted


@dataclass
class Task:
    function: str
    input_format: str
    output_format: str
    directions: tuple
    seed: str
    values: int = 0  # how many to draw, unless lines are given
    lines: list = field(default_factory=list)


@dataclass
class Settings:
    binary: str  # path of the command, or None to compare the backends with each other
    arb: bool = True
    mpmath_share: float = 0.1  # of the lines
    decimal_share: float = 0.02  # of the values


@dataclass
class Outcome:
    """counts: values compared, by (function, formats, direction); tallies: everything else."""
    counts: Counter = field(default_factory=Counter)
    tallies: Counter = field(default_factory=Counter)
    mismatches: list = field(default_factory=list)


class Comparison:
    def __init__(self, task, settings):
        self.task, self.settings = task, settings
        self.random = random.Random(task.seed)
        self.input = format_named(task.input_format)
        self.output = format_named(task.output_format)
        self.outcome = Outcome()

    def run(self):
        lines = self.task.lines or self._draw()
        answers = {}
        for direction in self.task.directions:
            if self.settings.binary:
                try:
                    answers[direction] = Oracle(self.settings.binary).answers(
                        lines, *self._case(direction))
                except (RuntimeError, ValueError) as error:
                    self._mismatch(direction, "(the whole batch)", "one answer a line", str(error))
                    return self.outcome
            else:
                answers[direction] = [None] * len(lines)
        for number, line in enumerate(lines):
            self._line(line, {direction: answers[direction][number] for direction in answers})
        return self.outcome

    def _case(self, direction):
        return self.task.function, self.input, self.output, direction

    def _draw(self):
        cases = Cases(self.random, self.task.function, self.input, self.output)
        lines, values = [], 0
        while values < self.task.values:
            line, count = cases.line()
            lines.append(line)
            values += count
        return lines

    def _line(self, line, answers):
        try:
            leaves, shape = flat(leaves_of(self.task.function, line, self.input))
        except Unreadable as reason:
            for direction, answer in answers.items():
                if answer is not None and not isinstance(answer, str):
                    self._mismatch(direction, line, f"a refusal: {reason}", "an answer")
                self.outcome.tallies["refused by both"] += 1
            return
        backends = self._backends()
        # Rounded in every direction from the same enclosures.
        values = {name: [value_of(leaf) for leaf in leaves] for name, value_of in backends.items()}
        for direction, answer in answers.items():
            self.outcome.tallies["focal lines"] += "focal_gamma" in line
            self.outcome.tallies["capped lines"] += "softcap" in line
            if isinstance(answer, str):
                # Only of these nothing says that they are irrational.
                kind = next((kind for kind, option in (("capped", "softcap"), ("focal", "focal_gamma"),
                                                       ("distilled", "target_logits"))
                             if option in line), None)
                if self.task.function == "entropy":
                    kind = "entropy"
                if "undecided" in answer and kind:
                    self.outcome.tallies[f"{kind} lines undecided by the command"] += 1
                else:
                    self._mismatch(direction, line, "an answer", f"refused: {answer}")
                continue
            self._answer(line, direction, answer, values, shape)

    def _backends(self):
        """The functions from a leaf to a Value for this line."""
        backends = {"arb": arb_values.value_of} if self.settings.arb else {}
        if self.random.random() < self.settings.mpmath_share:
            # Now and then a spread that takes a second's work, usually a millisecond's.
            bits = mpmath_values.MOST_BITS if self.random.random() < 0.01 else 4000
            backends["mpmath"] = lambda leaf: mpmath_values.value_of(leaf, bits)
        return backends

    def _answer(self, line, direction, answer, values, shape):
        if answer is None:
            obtained, decimals = [None] * len(next(iter(values.values()), ())), None
        else:
            obtained, got_shape = flat(answer.get("values", answer.get("value")))
            decimals, _ = flat(answer.get("decimals", answer.get("decimal")))
            if got_shape != shape or len(decimals) != len(obtained):
                self._mismatch(direction, line, f"the shape {shape}", f"{got_shape}")
                return
        for place, text in enumerate(obtained):
            expected = self._expected(line, direction, place, values)
            if expected is None:
                self.outcome.tallies["not decided by any backend"] += 1
                continue
            self.outcome.counts[tuple(map(str, self._case(direction)))] += 1
            if text is None:
                continue
            try:
                number = read_hexadecimal(text)
            except Unreadable:
                number = None
            if number != expected:
                self._mismatch(direction, line, write_hexadecimal(expected), text, place)
            elif self.random.random() < self.settings.decimal_share:
                self._decimal(line, direction, place, decimals[place], number)

    def _expected(self, line, direction, place, values):
        """What the backends say of one value; None where none decides."""
        results = {}
        for name, leaf_values in values.items():
            try:
                results[name] = leaf_values[place].rounded(self.output, direction)
                self.outcome.tallies[f"by {name}"] += 1
            except Undecided:
                self.outcome.tallies[f"undecided by {name}"] += 1
            except Unaffordable:
                self.outcome.tallies[f"beyond {name}'s precision"] += 1
        if len(results) == 2:
            self.outcome.tallies["by both"] += 1
            if results["arb"] != results["mpmath"]:
                self.outcome.tallies["backends disagree"] += 1
                self._mismatch(direction, line, f"arb {write_hexadecimal(results['arb'])}",
                               f"mpmath {write_hexadecimal(results['mpmath'])}", place)
        return next(iter(results.values()), None)

    def _decimal(self, line, direction, place, text, number):
        self.outcome.tallies["decimals"] += 1
        fault = decimal_fault(text, number, self.output)
        if fault:
            self._mismatch(direction, line, f"the shortest decimal ({fault})", text, place)

    def _mismatch(self, direction, line, expected, obtained, place=None):
        self.outcome.tallies["mismatches"] += 1
        if len(self.outcome.mismatches) < MISMATCHES_KEPT:
            self.outcome.mismatches.append({
                "command": " ".join(["loss-oracle", *Oracle.arguments(*self._case(direction))]),
                "input": line, "entry": place, "expected": expected, "obtained": obtained})


def flat(nested):
    """(the leaves in order, the shape: None for a single one, else the list of parts' shapes)"""
    if not isinstance(nested, list):
        return [nested], None
    leaves, shape = [], []
    for part in nested:
        more, part_shape = flat(part)
        leaves += more
        shape.append(part_shape)
    return leaves, shape


def run(task_and_settings):
    return Comparison(*task_and_settings).run()
