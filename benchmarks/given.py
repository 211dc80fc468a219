"""Read account files into the engine's given frame, through the same reader that a load uses."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from apps.engine.rules import RuleSet
from apps.sources.intake import load_mapping, open_file
from benchmarks.baseline import Labels


def given_from_exports(folder: Path, sources: Iterable[str], rules: RuleSet) -> pa.Table:
    """Return the given frame of `folder`/SOURCE.csv, each read through `folder`/SOURCE.toml."""
    pieces = []
    for source in sources:
        reader = open_file(folder / f"{source}.csv", load_mapping(str(folder / f"{source}.toml")))
        pieces += [as_given(frame.rows, source, rules) for frame in reader.batches()]
    return numbered(pa.concat_tables(pieces))


def given_from_set(path: Path, columns: Mapping[str, str], rules: RuleSet) -> pa.Table:
    """Return the given frame of a public set: one CSV file with `source` and `source_key`; attribute to column."""
    with path.open(encoding="utf-8") as file:
        types = {name: pa.string() for name in file.readline().strip().split(",")}
    options = pa_csv.ConvertOptions(column_types=types, strings_can_be_null=True, null_values=[""])
    table = pa_csv.read_csv(path, convert_options=options)
    picked = {attribute: table.column(column) for attribute, column in columns.items()}
    rows = pa.table({"source_key": table.column("source_key"), **picked})
    return numbered(as_given(rows, table.column("source"), rules))


def as_given(rows: pa.Table, source: str | pa.ChunkedArray, rules: RuleSet) -> pa.Table:
    """Return `rows` with the columns of a given frame but for the record ids."""
    count = rows.num_rows
    sources = pa.array([source] * count, pa.string()) if isinstance(source, str) else source
    stamps = pa.nulls(count, pa.timestamp("us", tz="UTC"))
    columns = {
        "source": sources,
        "source_key": rows.column("source_key"),
        "modified_at": rows.column("modified_at") if "modified_at" in rows.column_names else stamps,
    }
    for attribute in rules.attributes:
        has_column = attribute.name in rows.column_names
        columns[attribute.name] = rows.column(attribute.name) if has_column else pa.nulls(count, pa.string())
    return pa.table(columns)


def numbered(rows: pa.Table) -> pa.Table:
    """Return `rows` with record ids from 1 on."""
    return rows.add_column(0, "record", pa.array(range(1, rows.num_rows + 1), pa.int64()))


def labels_of(given: pa.Table, clusters: pa.Table) -> Labels:
    """Return each record's cluster by source and source key."""
    at = pc.index_in(given.column("record"), clusters.column("record"))
    cluster = clusters.column("cluster").take(at).to_pylist()
    keys = zip(given.column("source").to_pylist(), given.column("source_key").to_pylist(), strict=True)
    return dict(zip(keys, cluster, strict=True))
