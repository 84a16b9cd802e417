"""Tables and the chart."""
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


def memory(kibibytes):
    return "unknown" if kibibytes is None else f"{kibibytes:,}"


def gradient_line(result):
    return (
        "The gradient keeps a row of doubles, 8,192 KiB for one of 2^20 classes; "
        f"measured {memory(result['gradient_KiB'])} KiB.")


def targets(result):
    """What was aimed at, and what came out."""
    def ratio(function, format, classes, subject):
        for row in result["rows"]:
            if (row["function"], row["format"], row["classes"]) == (function, format, classes):
                return row["ns"][subject] / row["ns"]["fast"]
        return None

    aims = [
        ("softplus", "float32", 1, "arb", 100), ("softplus", "float32", 1, "mpfr", 400),
        ("softplus", "float32", 1, "mpfr-tier", 400), ("softplus", "float32", 1, "numpy", 1),
        ("binary-cross-entropy", "float32", 1, "arb", 100),
        ("binary-cross-entropy", "float32", 1, "mpfr", 400),
        ("binary-cross-entropy", "float32", 1, "mpfr-tier", 400),
        ("binary-cross-entropy", "float32", 1, "numpy", 1),
        ("cross-entropy", "float32", 1000, "arb", 60), ("cross-entropy", "float32", 1000, "scipy", 1),
        ("cross-entropy", "float32", 128000, "arb", 60),
        ("cross-entropy", "float32", 128000, "scipy", 1),
        ("binary-cross-entropy", "float64", 1, "arb", 20),
        ("cross-entropy", "float64", 1000, "arb", 12),
    ]
    rows = [["fast tier", "format", "against", "aim", "measured", ""]]
    for function, format, classes, subject, aim in aims:
        measured = ratio(function, format, classes, subject)
        if measured is None:
            continue
        name = label({"function": function, "classes": classes})
        rows.append([
            name, format, NAMES[subject], f"{aim} ×", f"{number(measured)} ×",
            "reached" if measured >= aim else "missed"])
    flat = {f: [v for k, v in t.items() if int(k) >= 16] for f, t in result["classes"].items()}
    for format, values in flat.items():
        if values:
            spread = max(values) / min(values)
            rows.append([
                "from 2^4 to 2^20 classes", format, "itself", "1.5 ×", f"{number(spread)} ×",
                "reached" if spread <= 1.5 else "missed"])
    if result.get("sweep_seconds"):
        seconds = result["sweep_seconds"]
        rows.append([
            "softplus, all 2^32 logits", "float32", "", "60 s", f"{seconds:.1f} s",
            "reached" if seconds < 60 else "missed"])
    return aligned(rows)


def swift_line(result):
    if "swift_kernel" not in result:
        return ""
    ours, theirs = result["swift_kernel"]["fast"], result["swift_kernel"]["swift-kernel"]
    return (
        f"softplus of float32: {number(ours)} ns by the C kernel with its rounding test, "
        f"{number(theirs)} ns by the same operations in Swift's SIMD types without it: "
        f"{number(theirs / ours)} times.")


def chart(result, path):
    plt.rcParams.update({"font.size": 9, "svg.hashsalt": "speed", "axes.spines.top": False,
                         "axes.spines.right": False})
    figure, (left, right, last) = plt.subplots(
        1, 3, figsize=(13, 4.2), width_ratios=[2, 1.5, 1], layout="constrained")
    shown = [r for r in result["rows"] if r["format"] in ("float32", "float64")
             and r["function"] in ("softplus", "cross-entropy")]
    labels = [f"{label(r)}\n{r['format']}" for r in shown]
    markers = dict(zip(NAMES, "os^Dv<P*"))
    for subject, name in NAMES.items():
        left.plot(
            [r["ns"][subject] for r in shown], range(len(shown)), markers[subject], label=name,
            color="black" if subject == "fast" else None, markersize=6)
    left.set_yticks(range(len(shown)), labels)
    left.invert_yaxis()
    left.set_xscale("log")
    left.set_xlabel("ns per logit")
    left.grid(axis="x", alpha=0.3)
    left.legend(fontsize=7, ncols=4, loc="upper center", bbox_to_anchor=(0.4, 1.18), frameon=False)
    for format, times in result["classes"].items():
        right.plot([int(k) for k in times], list(times.values()), "o-", label=format, markersize=4)
    right.set_xscale("log", base=2)
    right.set_ylim(bottom=0)
    right.set_xlabel("classes")
    right.set_ylabel("ns per logit, fast tier")
    right.legend(frameon=False)
    right.grid(alpha=0.3)
    rows = {int(k): v for k, v in result["by_rows"].items()}
    last.plot(list(rows), [v["ns"] for v in rows.values()], "o-", markersize=4)
    last.set_xscale("log", base=2)
    last.set_yscale("log")
    last.set_xlabel("rows of 10 classes, float32")
    last.set_ylabel("ns per logit, fast tier")
    last.grid(alpha=0.3)
    figure.savefig(path, metadata={"Date": None})


def article(result, path):
    path = pathlib.Path(path)
    picture = path.with_suffix(".svg")
    chart(result, picture)
    text = f"""# Speed

How long a correctly rounded value takes, beside what else computes it.

## Overview

`tools/measure-speed --article {path.name}` writes this page: {result["machine"]}, one thread for each subject,
which take turns; medians of {result["rounds"]} rounds. Logits are normal, of standard deviation 3. The
fast tier, the MPFR tier and the programs in C for MPFR and Arb round correctly, and have to agree before they
are timed; mpmath and gmpy2 compute with some bits more than the format's, NumPy and SciPy in double with no
bound. The temporaries of these two stay with the process, or page faults would take most of their time.

![ns per logit of all subjects, and of the fast tier by the number of classes and of rows]({picture.name})

{targets(result)}

{swift_line(result)}

## Times

{times_table(result)}

{ratios_table(result)}

## Growth

{growth_table(result)}

{rows_table(result)}

{gradient_line(result)}
"""
    path.write_text(text)
