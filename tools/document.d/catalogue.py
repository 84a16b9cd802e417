"""A copy of the catalogue in DocC's own terms.

The articles are written so that they read well where the repository is shown: links go to files,
answers are folded with <details>, and great tables are CSV files. The copy has DocC's links, tabs in
place of folds, and links to the site's pages of tables.
"""
import re
import shutil

LINK = re.compile(r"(?<!!)\[([^\]\[]+)\]\(([^)\s]+)\)")
FOLD = re.compile(r"<details>\s*<summary>(.*?)</summary>\n(.*?)\n</details>", re.DOTALL)


def write(source, target, base):
    """Copies the catalogue, and gives back what is wrong with its links."""
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("Tables"))
    problems = []
    for path in sorted(source.rglob("*.md")):
        text, wrong = _converted(path.read_text(), path, source, base)
        problems += [f"{path}: {each}" for each in wrong]
        (target / path.relative_to(source)).write_text(text)
    return problems


def _converted(text, path, source, base):
    problems = []

    def link(match):
        words, place = match.groups()
        if re.match(r"[a-z]+:|#|/", place):
            return match[0]
        place, _, fragment = place.partition("#")
        file = (path.parent / place).resolve()
        if not file.exists():
            problems.append(f"there is no {place}")
            return match[0]
        if source not in file.parents:
            # What is no part of the site is named, not linked.
            return words
        if file.suffix == ".csv":
            return f"[{words}]({base}/tables/{file.stem}.html)"
        if file.suffix != ".md":
            return match[0]
        return f"[{words}](doc:{file.stem}{'#' + fragment if fragment else ''})"

    parts = re.split(r"(^```.*?^```)", text, flags=re.DOTALL | re.MULTILINE)
    parts[::2] = [LINK.sub(link, part) for part in parts[::2]]
    for part in parts[::2]:
        problems += [f"cannot read the link to {each}" for each in re.findall(r"\]\(([^):]*\.md)", part)]
    return FOLD.sub(_tabs, "".join(parts)), problems


def _tabs(match):
    heading, content = match.groups()
    return (
        '@TabNavigator {\n@Tab("Think first") {\nThen turn the page.\n}\n'
        f'@Tab("{heading}") {{\n{content.strip()}\n}}\n}}')
