"""Tables the engine ships with: small text files, their loaders, and the scripts that rebuild them."""

from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent


def table_paths() -> list[Path]:
    """Return the paths of all table files, in byte order of their names."""
    return sorted((*FOLDER.glob("*.tsv"), *FOLDER.glob("*.txt")), key=lambda path: path.name)


@cache
def load_rows(name: str) -> tuple[tuple[str, ...], ...]:
    """Return the tab-separated rows of table `name`, without blank lines and `#` comments."""
    lines = (FOLDER / name).read_text(encoding="ascii").splitlines()
    return tuple(tuple(line.split("\t")) for line in lines if line and not line.startswith("#"))


@cache
def load_lines(name: str) -> frozenset[str]:
    """Return the lines of list `name`, without blank lines and `#` comments."""
    return frozenset(row[0] for row in load_rows(name))
