"""The page, its tables as CSV files, and its chart."""
import csv
import pathlib

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt

NAMES = {
    "fast": "fast tier", "mpfr-tier": "MPFR tier", "mpfr": "MPFR (C)", "arb": "Arb (C)",
    "mpmath": "mpmath", "gmpy2": "gmpy2", "numpy": "NumPy", "scipy": "SciPy",
}
SHORT = {
    "softplus": "softplus", "binary-cross-entropy": "binary loss",
    "binary-cross-entropy-gradient": "its gradient", "cross-entropy": "loss",
    "cross-entropy-gradient": "gradient",
}

# A function, a format, a number of classes, and how many times as long as the fast tier a subject is to take.
AIMS = [
    ("softplus", "float32", 1, "arb", 100), ("softplus", "float32", 1, "mpfr", 400),
    ("softplus", "float32", 1, "mpfr-tier", 400), ("softplus", "float32", 1, "numpy", 1),
    ("binary-cross-entropy", "float32", 1, "arb", 100), ("binary-cross-entropy", "float32", 1, "mpfr", 400),
    ("binary-cross-entropy", "float32", 1, "mpfr-tier", 400), ("binary-cross-entropy", "float32", 1, "numpy", 1),
    ("cross-entropy", "float32", 1000, "arb", 60), ("cross-entropy", "float32", 1000, "scipy", 1),
    ("cross-entropy", "float32", 128000, "arb", 60), ("cross-entropy", "float32", 128000, "scipy", 1),
    ("binary-cross-entropy", "float64", 1, "arb", 20), ("cross-entropy", "float64", 1000, "arb", 12),
    ("softplus", "float64", 1, "numpy", 0.5), ("binary-cross-entropy", "float64", 1, "numpy", 0.5),
    ("cross-entropy", "float64", 1000, "numpy", 0.5), ("cross-entropy", "float64", 128000, "numpy", 0.5),
]


def number(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def aligned(rows):
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = []
    for index, row in enumerate(rows):
        cells = [
            cell.ljust(width) if i < 2 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths))
        ]
        lines.append("| " + " | ".join(cells) + " |")
        if index == 0:
            lines.append("| " + " | ".join("-" * width for width in widths) + " |")
    return "\n".join(lines)


def label(row):
    name = SHORT[row["function"]]
    return name if row["classes"] == 1 else f"{name}, {row['classes']:,} classes"


def times_table(result):
    subjects = list(NAMES)
    rows = [["ns per logit", "format"] + [NAMES[s] for s in subjects]]
    for row in result["rows"]:
        rows.append([label(row), row["format"]] + [number(row["ns"][s]) for s in subjects])
    return aligned(rows)


def ratios_table(result):
    subjects = [s for s in NAMES if s != "fast"]
    rows = [["times the fast tier", "format"] + [NAMES[s] for s in subjects]]
    for row in result["rows"]:
        fast = row["ns"]["fast"]
        rows.append([label(row), row["format"]] + [number(row["ns"][s] / fast) for s in subjects])
    return aligned(rows)


def times_rows(result):
    """Each workload of the page in full: ns per logit of all subjects."""
    rows = [["function", "format", "classes", *NAMES.values()]]
    for row in result["rows"]:
        rows.append([row["function"], row["format"], f"{row['classes']:,}"]
                    + [number(row["ns"][s]) for s in NAMES])
    return rows


def ratios_rows(result):
    """How many times as long as the fast tier each subject takes."""
    subjects = [s for s in NAMES if s != "fast"]
    rows = [["function", "format", "classes", *(NAMES[s] for s in subjects)]]
    for row in result["rows"]:
        rows.append([row["function"], row["format"], f"{row['classes']:,}"]
                    + [number(row["ns"][s] / row["ns"]["fast"]) for s in subjects])
    return rows


def growth_rows(result):
    rows = [["what grows", "count", "format", "ns per logit", "KiB beyond input and output"]]
    for format, times in result["classes"].items():
        rows += [["classes of a row", f"{int(k):,}", format, number(v), ""] for k, v in times.items()]
    for count, value in result["by_rows"].items():
        rows.append(["rows of 10 classes", f"{int(count):,}", "float32", number(value["ns"]),
                     memory(value["KiB"])])
    return rows


def growth_table(result):
    formats = list(result["classes"])
    rows = [["classes", ""] + [f"{f}, ns per logit" for f in formats]]
    for classes in result["classes"][formats[0]]:
        rows.append(
            [f"{int(classes):,}", ""] + [number(result["classes"][f][classes]) for f in formats])
    return aligned(rows)


def rows_table(result):
    rows = [["rows of 10 classes", "", "ns per logit", "KiB beyond input and output"]]
    for count, value in result["by_rows"].items():
        rows.append([f"{int(count):,}", "", number(value["ns"]), memory(value["KiB"])])
    return aligned(rows)


def certified_rows(result):
    """Soft targets, options and directions: both tiers, and what is left to MPFR."""
    rows = [["function", "format", "classes", "kind", "fast tier", "MPFR tier", "rows left to MPFR"]]
    for row in result["certified"]:
        rows.append([row["function"], row["format"], str(row["classes"]), row["kind"], number(row["fast"]),
                     number(row["mpfr"]), f"{100 * row['share']:.3g} %"])
    return rows


def certified_table(result):
    return aligned(certified_rows(result))


def certified_line(result):
    rows = result["certified"]
    return (
        f"Of these rows at most {100 * max(row['share'] for row in rows):.2g} % are left to MPFR, and the fast tier takes "
        f"{number(min(row['mpfr'] / row['fast'] for row in rows))} to "
        f"{number(max(row['mpfr'] / row['fast'] for row in rows))} times less than MPFR does.")


def memory(kibibytes):
    return "unknown" if kibibytes is None else f"{kibibytes:,}"


def gradient_line(result):
    kept, long = result["gradient_KiB"].values()
    return (
        "The gradient keeps the exponentials of at most 2^17 classes. Beyond inputs and outputs a row of so many takes "
        f"{memory(kept)} KiB, and one of 2^20 classes {memory(long)} KiB.")


def ratio(result, function, format, classes, subject):
    """How many times as long as the fast tier a subject took; None where it was not measured."""
    for row in result["rows"]:
        if (row["function"], row["format"], row["classes"]) == (function, format, classes):
            return row["ns"][subject] / row["ns"]["fast"]
    return None


def spread(result, format):
    """The longest time for a logit of 2^4 classes or more, by the shortest."""
    values = [v for k, v in result["classes"][format].items() if int(k) >= 16]
    return max(values) / min(values) if values else None


def targets(result):
    """What was aimed at, and what came out, with and without AVX-512 where both were measured."""
    runs = [result] + ([result["without_avx512"]] if "without_avx512" in result else [])
    names = ["measured"] if len(runs) == 1 else ["with AVX-512", "with AVX2"]
    rows = [["fast tier", "format", "against", "aim", *names, ""]]

    def add(labels, aim, measured, unit, is_reached):
        if measured[0] is not None:
            missed = [name for name, value in zip(names, measured) if value is not None and not is_reached(value)]
            verdict = "reached" if not missed else "missed" if len(runs) == 1 else f"missed {' and '.join(missed)}"
            rows.append([*labels, f"{aim} {unit}", *("" if v is None else f"{number(v)} {unit}" for v in measured), verdict])

    for function, format, classes, subject, aim in AIMS:
        name = label({"function": function, "classes": classes})
        measured = [ratio(run, function, format, classes, subject) for run in runs]
        add([name, format, NAMES[subject]], aim, measured, "×", lambda value: value >= aim)
    for row, *others in zip(*(run["log_softmax"] for run in runs)):
        add([f"log-softmax, {row['classes']:,} classes", row["format"], "softmax"], 1,
            [run["ratio"] for run in (row, *others)], "×", lambda value: value >= 1)
    for format in result["classes"]:
        add(["from 2^4 to 2^20 classes", format, "itself"], 1.5, [spread(run, format) for run in runs], "×",
            lambda value: value <= 1.5)
    add(["softplus, all 2^32 logits", "float32", ""], 60, [run.get("sweep_seconds") for run in runs], "s",
        lambda value: value < 60)
    return aligned(rows)


def avx2_line(result):
    return " With AVX2, kernels and NumPy alike leave AVX-512 alone." if "without_avx512" in result else ""


def swift_line(result):
    if "swift_kernel" not in result:
        return ""
    ours, theirs = result["swift_kernel"]["fast"], result["swift_kernel"]["swift-kernel"]
    return (
        f"softplus of float32: {number(ours)} ns by the C kernel with its rounding test, "
        f"{number(theirs)} ns by the same operations in Swift's SIMD types without it: "
        f"{number(theirs / ours)} times.")


STYLES = {
    "": {},
    "~dark": {
        "figure.facecolor": "#16181d", "axes.facecolor": "#16181d", "savefig.facecolor": "#16181d",
        "text.color": "#e6e6e6", "axes.labelcolor": "#e6e6e6", "axes.edgecolor": "#9aa0a6",
        "xtick.color": "#c8ccd0", "ytick.color": "#c8ccd0", "grid.color": "#5a5f67"},
}


def chart(result, path):
    """One picture below the other, so that a telephone shows them too; light and dark."""
    for suffix, style in STYLES.items():
        plt.rcParams.update({
            **plt.rcParamsDefault, "font.size": 10, "svg.hashsalt": "speed", "svg.fonttype": "none",
            "axes.spines.top": False, "axes.spines.right": False, **style})
        draw(result, path.with_stem(path.stem + suffix), "black" if suffix == "" else "white")


def draw(result, path, strong):
    figure, (top, middle, last) = plt.subplots(
        3, 1, figsize=(6.4, 10), height_ratios=[2, 1.2, 1.2], layout="constrained")
    shown = [r for r in result["rows"] if r["format"] in ("float32", "float64")
             and r["function"] in ("softplus", "cross-entropy")]
    labels = [f"{label(r)}\n{r['format']}" for r in shown]
    markers = dict(zip(NAMES, "os^Dv<P*"))
    for subject, name in NAMES.items():
        top.plot(
            [r["ns"][subject] for r in shown], range(len(shown)), markers[subject], label=name,
            color=strong if subject == "fast" else None, markersize=6)
    top.set_yticks(range(len(shown)), labels)
    top.invert_yaxis()
    top.set_xscale("log")
    top.set_xlabel("ns per logit")
    top.grid(axis="x", alpha=0.3)
    figure.legend(
        *top.get_legend_handles_labels(), fontsize=9, ncols=4, loc="outside upper center", frameon=False)
    for format, times in result["classes"].items():
        middle.plot([int(k) for k in times], list(times.values()), "o-", label=format, markersize=4)
    middle.set_xscale("log", base=2)
    middle.set_ylim(bottom=0)
    middle.set_xlabel("classes of a row")
    middle.set_ylabel("ns per logit, fast tier")
    middle.legend(frameon=False)
    middle.grid(alpha=0.3)
    rows = {int(k): v for k, v in result["by_rows"].items()}
    last.plot(list(rows), [v["ns"] for v in rows.values()], "o-", markersize=4)
    last.set_xscale("log", base=2)
    last.set_yscale("log")
    last.set_xlabel("rows of 10 classes, float32")
    last.set_ylabel("ns per logit, fast tier")
    last.grid(alpha=0.3)
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def article(result, path, flags):
    path = pathlib.Path(path)
    folder = path.parent / "Tables"
    folder.mkdir(exist_ok=True)
    for name, rows in (("speed", times_rows(result)), ("speed-ratios", ratios_rows(result)),
                       ("speed-growth", growth_rows(result)), ("speed-options", certified_rows(result))):
        with open(folder / f"{name}.csv", "w", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(rows)
    picture = path.with_suffix(".svg")
    chart(result, picture)
    text = f"""# Speed

How long a correctly rounded value takes, beside what else computes it.

## Overview

`tools/measure-speed {flags}--article {path.name}` wrote this page and its tables on this machine: {result["machine"]}. Each
subject has one thread, they take turns, and a time is the median of {result["rounds"]} rounds. Logits are normal, of
standard deviation 3.

Four subjects round correctly: the *fast tier* of this package, which decides most values in double-double arithmetic;
its *MPFR tier*, which decides all with MPFR; and programs in C for MPFR and for Arb. They have to agree bit for
bit before they are timed. mpmath and gmpy2 compute with some bits more than the format has. NumPy and SciPy
compute in double, with no bound of the error. (Their temporaries stay with the process. Otherwise page faults would
take most of their time.)

![Three charts. First: the fast tier takes about as long as NumPy, and a hundred to a thousand times less than Arb and MPFR. Second: its time for a logit, about 0.5 ns in float32 and 2 ns in float64 from 16 classes on. Third: its time by the number of rows, level from 256 rows on.]({picture.name})

The tables, which the site shows with a filter and sorts by any column:

- [ns per logit](Tables/speed.csv) of every subject, for each function, format and number of classes;
- [the same divided by the fast tier's time](Tables/speed-ratios.csv): 100 means a hundred times as long, and below 1 means
  faster, as NumPy is in some rows of float64;
- [growth](Tables/speed-growth.csv) with the number of classes and of rows, and the memory that a call takes.

## What was aimed at

*Against* another subject, the aim is reached where that takes at least so many times as long. Against *itself*, the
longest time for a logit may be so many times the shortest.{avx2_line(result)}

{targets(result)}

{swift_line(result)}

## Soft targets, options, other directions

`Reference().evaluate` certifies rows with soft targets, options and the four directions of rounding, and measures how
far each value is from the exact one. [The table](Tables/speed-options.csv) has ns per logit with each, a row a call, for the four losses and gradients.
{certified_line(result)}

{gradient_line(result)}
"""
    path.write_text(text)
