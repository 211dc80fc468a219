"""Parquet: every column as text, structs as dotted names; a row's line is its number in the file."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from apps.sources.intake.blocks import RawBlock
from apps.sources.intake.csv_reader import cell_complaint
from apps.sources.intake.errors import FileRefused, RowFault, excerpt
from apps.sources.intake.header import checked_header
from apps.sources.intake.mapping import SourceMapping

BLOCK_ROWS = 10_000


@dataclass(frozen=True, slots=True)
class ParquetFile:
    """An opened Parquet file; `columns` are its leaves."""

    path: Path
    columns: tuple[str, ...]

    def blocks(self, only: Sequence[str] | None = None) -> Iterator[RawBlock]:
        """Yield the records in blocks; `only` leaves out the other columns."""
        names = tuple(only or self.columns)
        first = 0
        # A dotted name is a struct's member or a column of its own; reading the whole top column serves both.
        try:
            with pq.ParquetFile(self.path) as file:
                tops = [
                    top for top in file.schema_arrow.names if any(n == top or n.startswith(f"{top}.") for n in names)
                ]
                for batch in file.iter_batches(batch_size=BLOCK_ROWS, columns=tops):
                    yield _block(_flat(pa.Table.from_batches([batch])).select(list(names)), first)
                    first += batch.num_rows
        except (pa.ArrowInvalid, OSError) as error:
            raise _broken(self.path, error) from error


def open_parquet(path: Path, mapping: SourceMapping) -> ParquetFile:
    """Return the file with its columns checked; FileRefused names what is wrong with it."""
    try:
        with pq.ParquetFile(path) as file:
            names = _flat(file.schema_arrow.empty_table()).column_names
    except (pa.ArrowInvalid, OSError) as error:
        raise _broken(path, error) from error
    return ParquetFile(path, checked_header(names, mapping, path))


def _broken(path: Path, error: Exception) -> FileRefused:
    return FileRefused("truncated", f"the Parquet file is cut off or broken: {str(error).splitlines()[0]}", path)


def _flat(table: pa.Table) -> pa.Table:
    while any(pa.types.is_struct(field.type) for field in table.schema):
        table = table.flatten()
    return table


def _block(table: pa.Table, first: int) -> RawBlock:
    size = table.num_rows
    bad: dict[int, tuple[str, str, str]] = {}
    columns: dict[str, pa.Array] = {}
    for name in table.column_names:
        columns[name] = _as_text(table[name].combine_chunks(), name, bad)
    rows = np.arange(first, first + size, dtype=np.int64)
    faults = [
        (first + index, RowFault(first + index + 1, column, code, reason, excerpt(_shown(table, index))))
        for index, (code, reason, column) in sorted(bad.items())
    ]
    text = pa.table(columns)
    if bad:
        keep = np.ones(size, dtype=bool)
        keep[list(bad)] = False
        rows, text = rows[keep], text.filter(pa.array(keep))
    return RawBlock(first, first + size, rows, rows + 1, text, None, faults)


def _as_text(values: pa.Array, name: str, bad: dict[int, tuple[str, str, str]]) -> pa.StringArray:
    if isinstance(values, pa.ChunkedArray):
        values = pa.concat_arrays(values.chunks) if values.num_chunks else pa.array([], values.type)
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    kind = values.type
    if pa.types.is_nested(kind):
        made = [
            None if value is None else json.dumps(value, default=str, ensure_ascii=False)
            for value in values.to_pylist()
        ]
        return pa.array(made, pa.string())
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        values = values.cast(pa.large_binary())
    if (
        pa.types.is_binary(values.type)
        or pa.types.is_large_binary(values.type)
        or pa.types.is_fixed_size_binary(values.type)
    ):
        return _decoded(values, name, bad)
    return pc.cast(values, pa.string())


def _decoded(values: pa.Array, name: str, bad: dict[int, tuple[str, str, str]]) -> pa.StringArray:
    try:
        return values.cast(pa.binary()).cast(pa.string())
    except pa.ArrowInvalid:
        made: list[str | None] = []
        for index, value in enumerate(values.to_pylist()):
            complaint = None if value is None else cell_complaint(value)
            if complaint is not None:
                bad.setdefault(index, (*complaint, name))
            made.append(None if value is None or complaint is not None else value.decode("utf-8"))
        return pa.array(made, pa.string())


def _shown(table: pa.Table, index: int) -> str:
    row = {}
    for name in table.column_names:
        value = (
            table[name].slice(index, 1).cast(pa.binary())
            if pa.types.is_string(table.schema.field(name).type)
            else table[name].slice(index, 1)
        )
        given = value[0].as_py()
        row[name] = given.decode("utf-8", "backslashreplace") if isinstance(given, bytes) else given
    return json.dumps(row, default=str, ensure_ascii=False)
