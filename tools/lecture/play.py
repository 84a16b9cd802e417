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
from importlib.machinery import SourceFileLoader
from importlib.util import find_spec, module_from_spec, spec_from_loader
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
FONT = {"svg.fonttype": "none", "svg.hashsalt": "loss-oracle", "font.family": "sans-serif",
        "font.sans-serif": ["DejaVu Sans", "Arial", "Helvetica"], "figure.constrained_layout.use": True,
        "axes.grid": True, "grid.linewidth": 0.5, "lines.linewidth": 2.5, "figure.titlesize": "medium",
        "axes.titlesize": "medium"}


def draw_figures():
    """tools/draw-figures, whose colours and dark style are used here too."""
    loader = SourceFileLoader("draw_figures", str(FOLDER.parent / "draw-figures"))
    module = module_from_spec(spec_from_loader("draw_figures", loader))
    loader.exec_module(module)
    return module


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

    shared = draw_figures()
    for style, suffix in (("light", ""), ("dark", "~dark")):
        colours = {"axes.prop_cycle": plt.cycler(color=shared.COLOURS)}

        def save():
            for number in plt.get_fignums():
                figure = plt.figure(number)
                path = folder / f"{figure.get_label()}{suffix}.svg"
                figure.savefig(path, metadata={"Date": None})
                print(path, file=sys.stderr)
            plt.close("all")

        with plt.rc_context({**FONT, **colours, **shared.STYLES[style]}):
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
