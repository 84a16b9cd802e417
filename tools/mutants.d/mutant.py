"""The mutants: each replaces one piece of text of one file."""

import hashlib
import itertools
import tomllib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Mutant:
    """An error to plant."""

    # The list that it is from.
    part: str
    name: str
    file: str
    find: str
    replace: str

    @property
    def digest(self) -> str:
        """What tells it from others, and from what it was before its text was changed."""
        text = "\0".join([self.name, self.file, self.find, self.replace])
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def problem(self, root: Path) -> str | None:
        """Why it cannot be planted; None where it can."""
        path = root / self.file
        if not path.is_file():
            return f"{self.name}: there is no file {self.file}"
        count = path.read_text().count(self.find)
        if count != 1:
            return f"{self.name}: its text occurs {count} times in {self.file}"
        return None

    def planted(self, text: str) -> str:
        """The file's text with the error."""
        return text.replace(self.find, self.replace)


def read_all(folder: Path) -> list[Mutant]:
    """The mutants of all lists, one of each in turn, so that an early end has seen of all."""
    lists = []
    for path in sorted(folder.glob("*.toml")):
        lists.append([Mutant(part=path.stem, **entry) for entry in tomllib.loads(path.read_text())["mutant"]])
    turns = itertools.zip_longest(*lists)
    mutants = [mutant for turn in turns for mutant in turn if mutant]
    names = [mutant.name for mutant in mutants]
    if len(set(names)) < len(names):
        raise SystemExit("tools/mutants: two mutants have the same name")
    return mutants
