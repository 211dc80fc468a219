"""Small frames for the engine's tests."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa

SAMPLE = Path(__file__).parent / "samples" / "listed_companies.csv"
TRUTH = "entity_id"


def given_frame(rows: Sequence[Mapping[str, str | None]]) -> pa.Table:
    names = list(dict.fromkeys(name for row in rows for name in row if name not in {"record", TRUTH}))
    columns = {name: pa.array([row.get(name) or None for row in rows], pa.string()) for name in names}
    records = [int(row.get("record") or index + 1) for index, row in enumerate(rows)]
    return pa.table({"record": pa.array(records, pa.int64()), **columns})


def read_sample() -> list[dict[str, str]]:
    with SAMPLE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def parts_of(standard: pa.Table) -> list[dict[str, str]]:
    named = [name for name in standard.column_names if "." in name]
    return [{k: v for k, v in row.items() if v is not None} for row in standard.select(named).to_pylist()]
