"""See tools/document."""
import argparse
import shutil
import subprocess
import sys
from pathlib import Path

import catalogue
import symbols
import tables

ROOT = Path(__file__).resolve().parents[2]
CATALOGUE = ROOT / "Sources/LossOracle/Documentation.docc"


def arguments():
    parser = argparse.ArgumentParser(prog="tools/document", description=__doc__)
    parser.add_argument(
        "--base", default="", metavar="PATH",
        help="the path under which the site is served, as /loss-oracle; nothing for its root")
    parser.add_argument(
        "--output", type=Path, default=ROOT / ".build/documentation", metavar="FOLDER")
    parser.add_argument(
        "--modules", type=Path, required=True, metavar="FOLDER", help="where the built modules lie")
    return parser.parse_args()


def main():
    options = arguments()
    base = options.base.rstrip("/")
    work = ROOT / ".build/documentation-sources"
    shutil.rmtree(work, ignore_errors=True)
    (work / "graphs").mkdir(parents=True)
    declared = symbols.write(ROOT, options.modules, work / "graphs")
    problems = catalogue.write(CATALOGUE, work / "LossOracle.docc", base)
    if problems:
        sys.exit("\n".join(problems))
    symbols.write_pages(declared, work / "LossOracle.docc")
    shutil.rmtree(options.output, ignore_errors=True)
    # On macOS it is no command of its own.
    docc = ["docc"] if shutil.which("docc") else ["xcrun", "docc"]
    command = [
        *docc, "convert", work / "LossOracle.docc", "--additional-symbol-graph-dir", work / "graphs",
        "--output-path", options.output, "--fallback-display-name", "LossOracle",
        "--fallback-bundle-identifier", "LossOracle", "--fallback-default-module-kind", "Package",
        "--warnings-as-errors", *(["--hosting-base-path", base] if base else [])]
    status = subprocess.run(command).returncode
    if status != 0:
        return status
    tables.write(CATALOGUE / "Tables", options.output / "tables")
    shutil.copy(Path(__file__).parent / "index.html", options.output / "index.html")
    # DocC's pages ask for it.
    (options.output / "theme-settings.json").write_text("{}\n")
    print(f"{options.output}: python3 -m http.server --directory {options.output}", file=sys.stderr)
    return 0


sys.exit(main())
