"""Which tasks make up a run: functions, formats and directions, and how many values of each."""
import random

from comparison import Task
from formats import DIRECTIONS, NAMED, format_named
from lines import FUNCTIONS
from numerals import write_hexadecimal

VALUES_PER_TASK = 2500
STANDARD = tuple(NAMED)
# IEEE-like formats off the beaten track: tiny, odd, wider than float64 either way.
UNUSUAL = ("e8m10", "e3m2", "e2m1", "e4m3", "e6m9", "e5m20", "e11m60", "e15m63", "e15m112", "e12m4",
           "e17m24")


def random_tasks(values, seed, functions, formats):
    """Every function and direction in turn, with formats at random, the same both ways at times."""
    functions, count = functions or FUNCTIONS, 0
    # Small runs too come round to every function and direction.
    per_task = max(1, min(VALUES_PER_TASK, values // (len(functions) * len(DIRECTIONS))))
    while count * per_task < values:
        choice = random.Random(f"{seed}:{count}:formats")
        function = functions[count % len(functions)]
        direction = DIRECTIONS[count // len(functions) % len(DIRECTIONS)]
        source = draw_format(choice, formats)
        target = source if choice.random() < 0.4 else draw_format(choice, ())
        yield Task(function, source, target, (direction,), f"{seed}:{count}",
                   min(per_task, values - count * per_task))
        count += 1


def draw_format(choice, formats):
    return choice.choice(formats or (STANDARD if choice.random() < 0.7 else UNUSUAL))


def exhaustive_tasks(seed, functions):
    """Every float16 logit, and the binary loss and gradient of it with the targets 0 and 1."""
    format = format_named("float16")
    logits = [write_hexadecimal(format.from_ordinal(sign, ordinal))
              for sign in (0, 1) for ordinal in range(format.largest_ordinal + 1)]
    logits += ["inf", "-inf", "nan"]
    for function in ("sigmoid", "log-sigmoid", "softplus", "binary-cross-entropy",
                     "binary-cross-entropy-gradient"):
        if functions and function not in functions:
            continue
        for target in ("", ', "target": 0', ', "target": 1'):
            if bool(target) != function.startswith("binary"):
                continue
            lines = [f'{{"logit": "{logit}"{target}}}' for logit in logits]
            for start in range(0, len(lines), VALUES_PER_TASK):
                yield Task(function, "float16", "float16", DIRECTIONS, f"{seed}:{start}",
                           lines=lines[start:start + VALUES_PER_TASK])
