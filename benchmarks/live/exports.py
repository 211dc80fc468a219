"""Make a hub's exports, and hold some rows back: spellings of known accounts that the hub has never seen.

Law: rows are held back by chance over all rows, so that they are as varied as those that are loaded.
"""

import csv
import json
import random
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from apps.sources.intake import load_mapping, open_file
from benchmarks.generator.layouts import LAYOUTS
from benchmarks.generator.making import make
from benchmarks.generator.profiles import SOURCES

PROFILE = "B"
SEED = 77
HELD_BACK = 8_000
ATTRIBUTES = frozenset({"name"}).union(*(layout.columns.values() for layout in LAYOUTS[PROFILE].values()))


@dataclass(frozen=True, slots=True)
class HeldBack:
    """An account that was not loaded, with canonical attributes; `twin` is a loaded record of the same company."""

    source: str
    key: str
    attributes: dict[str, str]
    twin: tuple[str, str] | None


def make_exports(folder: Path, *, records: int) -> None:
    """Write exports of `records` rows with their mappings into `folder`, and what was held back beside them."""
    made = folder / "made"
    make(PROFILE, records=records + HELD_BACK, seed=SEED, out=made)
    entity_of = _read_truth(made / "truth.csv")
    held = frozenset(random.Random(f"{SEED} held back").sample(sorted(entity_of), HELD_BACK))
    twins: dict[str, tuple[str, str]] = {}
    for place, entity in entity_of.items():
        if place not in held:
            twins.setdefault(entity, place)
    rows = []
    for source in SOURCES:
        chosen = {key for of, key in held if of == source}
        apart = made / f"{source}.held.csv"
        _divide(made / f"{source}.csv", chosen, loaded=folder / f"{source}.csv", apart=apart)
        mapping = (made / f"{source}.toml").read_text(encoding="utf-8")
        (folder / f"{source}.toml").write_text(mapping, encoding="utf-8")
        for key, attributes in _read_rows(apart, made / f"{source}.toml"):
            rows.append(HeldBack(source, key, attributes, twins.get(entity_of[source, key])))
    random.Random(f"{SEED} order").shuffle(rows)
    (folder / "held.json").write_text(json.dumps([asdict(row) for row in rows]), encoding="utf-8")
    for left in made.iterdir():
        left.unlink()
    made.rmdir()


def read_held_back(folder: Path) -> list[HeldBack]:
    """Return what `make_exports` held back, in an order drawn by chance."""
    rows = json.loads((folder / "held.json").read_text(encoding="utf-8"))
    return [HeldBack(**row | {"twin": tuple(row["twin"]) if row["twin"] else None}) for row in rows]


def _read_truth(path: Path) -> Mapping[tuple[str, str], str]:
    with path.open(encoding="utf-8", newline="") as file:
        return {(row["source"], row["source_key"]): row["entity_id"] for row in csv.DictReader(file)}


def _divide(path: Path, keys: set[str], *, loaded: Path, apart: Path) -> None:
    """Copy a generated export's lines, those of `keys` to `apart`; each record is one line that begins with its key."""
    delimiter = next(layout.delimiter for source, layout in LAYOUTS[PROFILE].items() if source == path.stem)
    with path.open(encoding="utf-8") as lines, loaded.open("w", encoding="utf-8") as kept, apart.open("w") as held:
        header = next(lines)
        kept.write(header)
        held.write(header)
        for line in lines:
            (held if line.partition(delimiter)[0] in keys else kept).write(line)


def _read_rows(path: Path, mapping: Path) -> list[tuple[str, dict[str, str]]]:
    """Return the rows of an export by key, as canonical attributes."""
    found = []
    for frame in open_file(path, load_mapping(str(mapping))).batches():
        for row in frame.rows.to_pylist():
            key = row["source_key"]
            found.append((key, {n: v for n, v in row.items() if n in ATTRIBUTES and isinstance(v, str) and v}))
    return found
