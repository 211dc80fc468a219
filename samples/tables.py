"""Read and write the samples' CSV files, and draw numbers that depend on keys alone."""

import csv
import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

Row = dict[str, str]


def draw(*parts: str) -> float:
    """Return a number in [0, 1) that depends on `parts` only, so that adding a row changes no other row."""
    digest = hashlib.sha256("\x1f".join(parts).encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def read_table(path: Path) -> tuple[list[str], list[Row]]:
    """Return the header and the rows of a UTF-8 CSV file."""
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        rows = list(reader)
    return list(reader.fieldnames or []), rows


def write_table(path: Path, columns: list[str], rows: Iterable[Mapping[str, str]]) -> int:
    """Write `rows` as UTF-8 CSV under `columns` and return how many there were."""
    path.parent.mkdir(parents=True, exist_ok=True)
    count = 0
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        for row in rows:
            writer.writerow(row)
            count += 1
    return count
