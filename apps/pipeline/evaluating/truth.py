"""Truth files: which source records are one party, as CSV with source, source_key and entity_id."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from apps.base.errors import Invalid

COLUMNS = ("source", "source_key", "entity_id")
SHOWN = 3

Name = tuple[str, str]
"""A record by source code and source key."""


class TruthRefused(Invalid):
    """A truth file can't be used; nothing was evaluated."""

    code = "evaluate.truth_refused"
    title = "The truth file can't be used"


@dataclass(frozen=True)
class Truth:
    """The entity of each record; `repeated` counts the rows that said again what another row had said."""

    entities: dict[Name, str]
    repeated: int


def read_truth(path: Path) -> Truth:
    """Return what the file says; raise TruthRefused naming column or lines where it says nothing usable."""
    entities: dict[Name, str] = {}
    repeated = 0
    contradictions = []
    for line, source, key, entity in _rows(path):
        known = entities.setdefault((source, key), entity)
        # The first row for a record is counted here too, and taken off again below.
        repeated += known == entity
        if known != entity:
            contradictions.append(f"line {line}: {source} {key} is {entity}, and {known} further up")
    if contradictions:
        _refuse(path, "records with two entities", contradictions)
    if not entities:
        raise TruthRefused(f"{path}: holds no rows; there is nothing to evaluate against", path=str(path))
    return Truth(entities, repeated - len(entities))


def _rows(path: Path) -> Iterator[tuple[int, str, str, str]]:
    """Yield line number, source, key and entity of every row; refuse what lacks one of them."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file, strict=True)
            header = [name.strip() for name in next(reader, [])]
            places = _places(path, header)
            spoiled = []
            for row in reader:
                if not row:
                    continue
                values = [row[at].strip() if at < len(row) else "" for at in places]
                if len(row) != len(header) or not all(values) or any("\0" in value for value in values):
                    spoiled.append(f"line {reader.line_num}: {','.join(row)[:80]!r}")
                else:
                    yield reader.line_num, values[0], values[1], values[2]
            if spoiled:
                _refuse(path, f"rows without a full {', '.join(COLUMNS)}", spoiled)
    except OSError as error:
        raise TruthRefused(f"{path}: can't be read: {error.strerror}", path=str(path)) from error
    except UnicodeDecodeError as error:
        raise TruthRefused(f"{path}: isn't UTF-8 text (byte {error.start})", path=str(path)) from error
    except csv.Error as error:
        raise TruthRefused(f"{path}: isn't CSV: {error}", path=str(path)) from error


def _places(path: Path, header: list[str]) -> list[int]:
    missing = [name for name in COLUMNS if name not in header]
    if missing:
        found = ", ".join(repr(name) for name in header) or "none"
        raise TruthRefused(
            f"{path}: the column {missing[0]!r} is missing; the file has {found}", path=str(path), missing=missing
        )
    return [header.index(name) for name in COLUMNS]


def _refuse(path: Path, what: str, lines: list[str]) -> None:
    more = f"; and {len(lines) - SHOWN:,} more" if len(lines) > SHOWN else ""
    raise TruthRefused(
        f"{path}: {len(lines):,} {what}: {'; '.join(lines[:SHOWN])}{more}", path=str(path), lines=len(lines)
    )
