"""What findings advise, for who calls from Python: the library's words are those of its command."""

from __future__ import annotations

import re

#: What only `loss-oracle` has.
_COMMAND = (
    (
        r"go through it step by step(: loss-oracle explain [^\n]*)?",
        "go through it step by step: loss_oracle.evaluate gives the exact values of steps, "
        'such as "log-sum-exp"',
    ),
    (
        r"what is read and written, or say it by --signature",
        "what the function gets and gives",
    ),
    (r", --budget gives more time", ""),
    (r"--timeout SECONDS allows more for a request", "timeout=SECONDS allows more for a call"),
)
#: What `python -m loss_oracle` has as well.
_OPTIONS = (
    (
        r"mend it, and judge this row again with the line \"replay\"; --save-witness FILE keeps it",
        'mend it, and judge this row again with the line "replay"',
    ),
    (r"which report\.json and --save-witness hold", "which report.findings holds"),
    (r"--claim ulp:N says how far that may be off", "max_ulp=N says how far that may be off"),
    (r"--seed tries other rows", "seed=N tries other rows"),
    (r"--subnormals flush", 'subnormals="flush"'),
    (r"--special-values strict", 'special_values="strict"'),
)
_MENDED = _OPTIONS[0][1]


def in_python(text: str, *, with_options: bool = False) -> str:
    """The text of findings for Python, or for its command, which has options."""
    for pattern, words in _COMMAND if with_options else _COMMAND + _OPTIONS:
        text = re.sub(pattern, lambda _: words, text)
    return text


def with_kept_cases(text: str, folder: str) -> str:
    """The text of findings where their cases were kept in a folder."""
    return text.replace(_MENDED, f"{_MENDED}: it is kept in {folder}, and tried first")
