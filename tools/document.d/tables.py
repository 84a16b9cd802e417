"""A page that can be sorted and filtered for each table of the documentation."""
import csv
import html
import shutil
from pathlib import Path

FOLDER = Path(__file__).parent


def write(source, target):
    target.mkdir()
    for name in ("table.js", "table.css"):
        shutil.copy(FOLDER / name, target / name)
    template = (FOLDER / "table.html").read_text()
    for path in sorted(source.glob("*.csv")):
        with open(path, newline="") as file:
            heads, *rows = list(csv.reader(file))
        shutil.copy(path, target / path.name)
        body = "\n".join(f"<tr>{_cells('td', row)}</tr>" for row in rows)
        title = path.stem.replace("-", " ").capitalize()
        (target / f"{path.stem}.html").write_text(
            template.replace("{{title}}", html.escape(title)).replace("{{file}}", path.name)
            .replace("{{count}}", f"{len(rows):,}").replace("{{heads}}", _cells("th", heads))
            .replace("{{rows}}", body))


def _cells(kind, cells):
    return "".join(f"<{kind}>{html.escape(cell)}</{kind}>" for cell in cells)
