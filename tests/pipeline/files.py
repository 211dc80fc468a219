"""Source files for loads in tests: the samples, cuts of them, and rows written on the spot."""

import csv
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from apps.base.actors import Actor
from apps.pipeline.loading import SourceFile, load_files
from apps.pipeline.models import Run
from apps.sources.intake import load_mapping

SAMPLES = Path(__file__).resolve().parent.parent.parent / "samples"
SOURCES = ("erp", "billing", "crm")
KEYS = {"erp": "KUNNR", "billing": "account_number", "crm": "Id"}
LOADER = Actor.hub("load")

Row = dict[str, str]


def sample(folder: str = "us_listed", sources: Sequence[str] = SOURCES) -> list[SourceFile]:
    """Return the files of a sample folder."""
    return [_file(code, SAMPLES / folder / f"{code}.csv") for code in sources]


def read_rows(code: str, folder: str = "us_listed") -> list[Row]:
    """Return the rows of one sample file."""
    with (SAMPLES / folder / f"{code}.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def write_rows(folder: Path, code: str, rows: Iterable[Mapping[str, str]]) -> SourceFile:
    """Write rows in the layout of the sample of that source, with its mapping beside them."""
    folder.mkdir(parents=True, exist_ok=True)
    columns = list(read_rows(code)[0])
    with (folder / f"{code}.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns)
        writer.writeheader()
        writer.writerows({column: row.get(column, "") for column in columns} for row in rows)
    shutil.copy(SAMPLES / "us_listed" / f"{code}.toml", folder / f"{code}.toml")
    return _file(code, folder / f"{code}.csv")


def cut_sample(companies: int, *, sources: int = 2, skip: int = 0) -> dict[str, list[Row]]:
    """Return the rows, by source, of some companies that at least `sources` sources know."""
    entity_of: dict[tuple[str, str], str] = {}
    known_by: dict[str, set[str]] = defaultdict(set)
    with (SAMPLES / "us_listed" / "truth.csv").open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            entity_of[row["source"], row["source_key"]] = row["entity_id"]
            known_by[row["entity_id"]].add(row["source"])
    chosen = set(sorted(e for e, codes in known_by.items() if len(codes) >= sources)[skip : skip + companies])
    return {code: [r for r in read_rows(code) if entity_of[code, r[KEYS[code]]] in chosen] for code in SOURCES}


def load(*files: SourceFile) -> Run:
    """Load the files as the command does."""
    return load_files(files=files, actor=LOADER)


def load_rows(folder: Path, rows: Mapping[str, Sequence[Row]]) -> Run:
    """Write the rows of several sources and load them together."""
    return load(*(write_rows(folder, code, given) for code, given in rows.items()))


def changed(rows: Sequence[Row], change: Callable[[Row], Mapping[str, str]], every: int) -> list[Row]:
    """Return the rows with `change` merged into every so-manieth."""
    return [{**row, **change(row)} if index % every == 0 else dict(row) for index, row in enumerate(rows)]


def _file(code: str, path: Path) -> SourceFile:
    return SourceFile(code, path, load_mapping(str(path.with_suffix(".toml"))))
