#!/usr/bin/env python3
"""Run the cells of the lecture's notebook one after the other, in this Python.

NumPy is enough: cells tagged "picture" are left out where matplotlib is missing. `loss-oracle` is the
one that $LOSS_ORACLE names, or the one on the path, or the release build of this checkout.
"""
import argparse
import contextlib
import json
import os
import sys
from importlib.util import find_spec
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
FONT = {"svg.fonttype": "none", "svg.hashsalt": "loss-oracle", "font.family": "sans-serif",
        "font.sans-serif": ["DejaVu Sans", "Arial", "Helvetica"], "figure.constrained_layout.use": True,
        "axes.grid": True, "grid.linewidth": 0.5, "lines.linewidth": 2.5, "figure.titlesize": "medium",
        "axes.titlesize": "medium"}


# Okabe and Ito's colours, which people who see colours differently tell apart too.
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#999999"]
STYLES = {
    "light": {},
    "dark": {
        "figure.facecolor": "#16181d", "axes.facecolor": "#16181d", "savefig.facecolor": "#16181d",
        "text.color": "#e6e6e6", "axes.labelcolor": "#e6e6e6", "axes.edgecolor": "#9aa0a6",
        "xtick.color": "#c8ccd0", "ytick.color": "#c8ccd0", "grid.color": "#3a3f47",
        "legend.facecolor": "#16181d", "legend.edgecolor": "#3a3f47"},
}


def play(cells, save):
    """Run cells in one namespace; `save` is called after each with what it may have drawn."""
    names = {"__name__": "__main__"}
    for number, cell in enumerate(cells, 1):
        source = "".join(cell["source"])
        exec(compile(source, f"code cell {number} of lecture.ipynb", "exec"), names)
        save()


def draw(cells, folder):
    """Run the cells and save their figures, once light and once dark."""
    import matplotlib
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    for style, suffix in (("light", ""), ("dark", "~dark")):
        colours = {"axes.prop_cycle": plt.cycler(color=COLOURS)}

        def save():
            for number in plt.get_fignums():
                figure = plt.figure(number)
                path = folder / f"{figure.get_label()}{suffix}.svg"
                figure.savefig(path, metadata={"Date": None})
                print(path, file=sys.stderr)
            plt.close("all")

        with plt.rc_context({**FONT, **colours, **STYLES[style]}):
            # The second time for the pictures alone.
            with contextlib.nullcontext() if style == "light" else contextlib.redirect_stdout(None):
                play(cells, save)


def main():
    parser = argparse.ArgumentParser(
        prog="tools/lecture/play.py", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draw", type=Path, metavar="FOLDER", help="save the pictures there, as SVG")
    options = parser.parse_args()
    if find_spec("numpy") is None:
        sys.exit("tools/lecture/play.py: NumPy is missing; pip install -r tools/requirements/lecture.txt")
    cells = [
        cell for cell in json.loads((FOLDER / "lecture.ipynb").read_text())["cells"]
        if cell["cell_type"] == "code"]
    folder = options.draw and options.draw.resolve()
    os.chdir(FOLDER)
    if folder:
        draw(cells, folder)
        return
    if find_spec("matplotlib") is None:
        cells = [cell for cell in cells if "picture" not in cell["metadata"].get("tags", [])]
    else:
        os.environ.setdefault("MPLBACKEND", "Agg")
    play(cells, lambda: None)


if __name__ == "__main__":
    main()
