"""The symbols of the public modules, as those of the one module that a program imports.

`import LossOracle` gives what nine modules declare. DocC makes a site of its own of each module, so
their symbol graphs are written as one, under the umbrella's name.
"""
import json
import re
import subprocess
import tempfile
from pathlib import Path

UMBRELLA, TESTING = "LossOracle", "LossOracleTesting"
# What each module is for: a page of its own lists its declarations.
SUBJECTS = {
    "LossOracle": "Exact values of a program's own numbers",
    "Reference": "Exact values, and what certifies them",
    "LossFunctions": "The functions, their rows and options",
    "Cases": "Families of cases",
    "Losses": "Implementations under test, and forms to copy",
    "Verification": "Errors in ulps, bounds, tallies, sweeps",
    "PropertyEngine": "Claims, trials and shrinking",
    "Interchange": "JSON, safetensors and fixtures",
    "FloatFormats": "Floating-point formats",
    "Multiprecision": "Numbers of any precision",
}
KINDS = {
    "swift.struct": "Structures", "swift.class": "Classes", "swift.actor": "Classes",
    "swift.enum": "Enumerations", "swift.protocol": "Protocols", "swift.typealias": "Type aliases",
    "swift.func": "Functions", "swift.func.op": "Functions", "swift.var": "Variables"}


def write(root, modules, folder):
    """Writes the graphs, and gives back the names that each module declares, by kind."""
    umbrella = "\n".join(
        path.read_text() for path in sorted((root / "Sources" / UMBRELLA).glob("*.swift")))
    names = re.findall(r"^@_exported public import (\w+)$", umbrella, re.MULTILINE)
    with tempfile.TemporaryDirectory() as graphs:
        for name in [*names, UMBRELLA, TESTING]:
            _extract(root, name, modules, Path(graphs))
        for title, parts in ((UMBRELLA, [*names, UMBRELLA]), (TESTING, [TESTING])):
            graph = _joined(title, [
                path for part in parts for path in sorted(Path(graphs).glob(f"{part}*.symbols.json"))
                if _is_of(path, part, [*names, UMBRELLA])])
            (folder / f"{title}.symbols.json").write_text(json.dumps(graph))
        return {
            name: _declared(json.loads((Path(graphs) / f"{name}.symbols.json").read_text()))
            for name in [*names, UMBRELLA]}


def _declared(graph):
    kinds = {}
    for symbol in graph["symbols"]:
        if len(symbol["pathComponents"]) == 1:
            kind = KINDS.get(symbol["kind"]["identifier"], "Others")
            kinds.setdefault(kind, []).append(symbol["pathComponents"][0])
    return kinds


def write_pages(declared, catalogue):
    """A page for each module, and their list on the page of the package."""
    lines = ["", "### The library", ""]
    for name, subject in SUBJECTS.items():
        if kinds := declared.get(name):
            lines.append(f"- <doc:Module-{name}>")
            (catalogue / f"Module-{name}.md").write_text(_page(name, subject, kinds))
    unknown = sorted(set(declared) - set(SUBJECTS))
    if unknown:
        raise SystemExit(f"tools/document.d/symbols.py does not say what is in {', '.join(unknown)}")
    page = catalogue / f"{UMBRELLA}.md"
    page.write_text(page.read_text().rstrip() + "\n" + "\n".join(lines) + "\n")
    (catalogue / f"{TESTING}.md").write_text(
        f"# ``{TESTING}``\n\nHold a loss of your own against exact values in one test.\n\n"
        "## Overview\n\n<doc:TestingYourLoss> shows how.\n")


def _page(name, subject, kinds):
    lines = [
        f"# {subject}", "", f"What the module {name} declares.", "", "## Overview", "",
        f"`import {UMBRELLA}` gives all of it.", "", "## Topics"]
    for kind in dict.fromkeys(KINDS.values()):
        found = kinds.get(kind, [])
        # Of overloads a link cannot tell which is meant: DocC lists them by itself.
        single = sorted(each for each in set(found) if found.count(each) == 1)
        if single:
            lines += ["", f"### {kind}", "", *(f"- ``{UMBRELLA}/{each}``" for each in single)]
    return "\n".join(lines) + "\n"


def _is_of(path, part, ours):
    """Whether a graph is of a module itself, or of its extensions of another one of ours."""
    module, _, extended = path.name.removesuffix(".symbols.json").partition("@")
    return module == part and (not extended or extended in ours)


def _extract(root, name, modules, folder):
    target = json.loads(subprocess.check_output(["swift", "-print-target-info"]))["target"]["triple"]
    command = [
        "swift", "symbolgraph-extract", "-module-name", name, "-I", modules,
        "-I", root / "Sources/CMPFR", "-target", target, "-minimum-access-level", "public",
        "-skip-inherited-docs", "-skip-synthesized-members", "-output-dir", folder]
    maps = [
        *modules.parent.glob("*.build/module.modulemap"),
        *(root / ".build/checkouts").glob("*/Sources/*/include/module.modulemap")]
    for path in maps:
        command += ["-Xcc", f"-fmodule-map-file={path}"]
    subprocess.run(command, check=True)


def _joined(title, paths):
    graphs = [json.loads(path.read_text()) for path in paths]
    result = graphs[-1]
    result["module"]["name"] = title
    found = {}
    for graph in graphs:
        for symbol in graph["symbols"]:
            # An extension is no symbol of its own where it and what it extends are in one module.
            found.setdefault((symbol["identifier"]["precise"], *symbol["pathComponents"]), symbol)
    result["symbols"] = list(found.values())
    seen = {}
    for graph in graphs:
        for relation in graph["relationships"]:
            seen.setdefault((relation["kind"], relation["source"], relation["target"]), relation)
    result["relationships"] = list(seen.values())
    return result
