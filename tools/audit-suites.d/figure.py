"""The picture: which mistakes pass the tolerance of which suite."""
import pathlib

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.colors import LinearSegmentedColormap

STYLES = {
    "light": {"ground": "#ffffff", "text": "#1a1a1a", "none": "#f0f0f0", "ends": ("#d7e8f4", "#b3261e")},
    "dark": {"ground": "#16181d", "text": "#e6e6e6", "none": "#23262d", "ends": ("#1d3b52", "#ff8a80")},
}


def function(report):
    """The function, and how its losses become one."""
    reduction = report["reduction"]
    return report["function"] + ("" if reduction == "none" else f", {reduction}")


def label(result):
    report = result["report"]
    return f"{result['known']['name']}: {function(report)}, {report['format']}"


def share(mistake):
    return mistake["worst"]["passedRuns"] / mistake["worst"]["runs"]


def columns(results):
    """The mistakes that pass somewhere, those that pass most often first."""
    sums = {}
    for result in results:
        for mistake in result["report"]["mistakes"]:
            if mistake["isShown"]:
                sums[mistake["name"]] = sums.get(mistake["name"], 0) + share(mistake)
    return [name for name, total in sorted(sums.items(), key=lambda pair: -pair[1]) if total > 0]


def draw(results, path: pathlib.Path):
    names = columns(results)
    for style, colours in STYLES.items():
        with plt.rc_context({"svg.hashsalt": "loss-oracle", "font.size": 10}):
            height = 1.8 + 0.26 * len(results)
            drawing, axes = plt.subplots(
                figsize=(3.4 + 0.36 * len(names), height), layout="constrained")
            drawing.set_facecolor(colours["ground"])
            axes.set_facecolor(colours["none"])
            scale = LinearSegmentedColormap.from_list("share", colours["ends"])
            for row, result in enumerate(results):
                shown = {m["name"]: m for m in result["report"]["mistakes"] if m["isShown"]}
                for column, name in enumerate(names):
                    if name in shown:
                        axes.add_patch(plt.Rectangle(
                            (column, row), 0.94, 0.9, color=scale(share(shown[name])), linewidth=0))
            axes.set(xlim=(0, len(names)), ylim=(len(results), 0))
            axes.set_xticks([place + 0.47 for place in range(len(names))], names, rotation=55, ha="left",
                            rotation_mode="anchor")
            axes.set_yticks([place + 0.45 for place in range(len(results))], [label(r) for r in results])
            axes.xaxis.tick_top()
            axes.tick_params(length=0, colors=colours["text"])
            for side in axes.spines.values():
                side.set_visible(False)
            handles = [
                plt.Rectangle((0, 0), 1, 1, color=scale(0.0)), plt.Rectangle((0, 0), 1, 1, color=scale(1.0)),
                plt.Rectangle((0, 0), 1, 1, color=colours["none"])]
            drawing.legend(
                handles, ["caught in every run", "passes in every run", "not shown by such inputs"],
                loc="outside lower center", ncols=3, frameon=False, labelcolor=colours["text"])
            suffix = "" if style == "light" else "~dark"
            drawing.savefig(path.with_name(f"{path.name}{suffix}.png"), dpi=120,
                            facecolor=colours["ground"])
            plt.close(drawing)
