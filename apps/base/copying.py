"""COPY in and out: Arrow tables to PostgreSQL and back, without a Python object per cell."""

import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import pyarrow as pa
import pyarrow.csv as pacsv
from django.db import connection

from apps.base.rows import Frame, Rows

FEW = 2_000
"""Up to so many rows travel as one parameter: making and dropping a table, and planning for it, would cost more."""
_WRITE = pacsv.WriteOptions(include_header=False, quoting_style="needed")


def copy_in(table: str, rows: Frame, columns: Sequence[str] | None = None) -> int:
    """Append `rows` to `table` by COPY and return their number.

    The frame's column names are the table's; lists, JSON and bytes must already be text in PostgreSQL's spelling.
    Null cells are null; an empty text stays empty.
    """
    if not rows.num_rows:
        return 0
    # A table may hold more columns than are wanted.
    frame = rows.select(columns) if columns else rows
    if isinstance(frame, Rows) or frame.num_rows <= FEW:
        return _insert(table, frame)
    names = ", ".join(f'"{name}"' for name in frame.column_names)
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({names}) FROM STDIN WITH (FORMAT csv)") as copy:
        for batch in frame.to_batches(max_chunksize=50_000):
            sink = io.BytesIO()
            pacsv.write_csv(pa.Table.from_batches([batch]), sink, _WRITE)
            copy.write(sink.getbuffer())
    return int(rows.num_rows)


def array_text(plain: Iterable[int | str]) -> str:
    """Return whole numbers, or words without blanks and signs, as an array in PostgreSQL's spelling.

    The driver looks at each element of a list thrice.
    """
    return "{" + ",".join(map(str, plain)) + "}"


@contextmanager
def staged(name: str, rows: Frame, types: Mapping[str, str]) -> Iterator[tuple[str, dict[str, str]]]:
    """Offer `rows` to statements of this transaction: yield what stands after FROM, known as `name`, and its parameter.

    `types` gives the column types in PostgreSQL; lists and JSON must already be text in PostgreSQL's spelling. Many
    rows come by COPY into a temporary table, few as one JSON parameter.
    """
    columns = list(types)
    if isinstance(rows, Rows) or rows.num_rows <= FEW:
        yield few_rows(name, rows, types)
        return
    with connection.cursor() as cursor:
        listed = ", ".join(f'"{column}" {types[column]}' for column in columns)
        cursor.execute(f"CREATE TEMP TABLE {name} ({listed}) ON COMMIT DROP")
        copy_in(name, rows, columns)
        yield name, {}
        cursor.execute(f"DROP TABLE {name}")


def few_rows(name: str, rows: Frame, types: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """Return what stands after FROM for few rows that travel as one JSON parameter, known as `name`, and that."""
    # What a row holds besides is passed over by the statement.
    listed = rows.to_pylist() if isinstance(rows, Rows) else rows.select(list(types)).to_pylist()
    return _from_json(name, tuple(types.items())), {name: json.dumps(listed, default=str)}


@cache
def _from_json(name: str, types: tuple[tuple[str, str], ...]) -> str:
    text = ", ".join(f'"{column}" {_plain(given)}' for column, given in types)
    typed = ", ".join(f'r."{column}"::{given} AS "{column}"' for column, given in types)
    return f"(SELECT {typed} FROM jsonb_to_recordset(%({name})s::jsonb) AS r({text})) AS {name}"  # noqa: S608 - columns of the services


def _insert(table: str, rows: Frame) -> int:
    """Append few rows by a statement that is planned once: COPY is never prepared, and waits five times."""
    types = _column_types(table)
    names = ", ".join(f'"{name}"' for name in rows.column_names)
    item, values = few_rows("added", rows, {name: types[name] for name in rows.column_names})
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {table} ({names}) SELECT {names} FROM {item}", values)  # noqa: S608 - columns of the services
    return int(rows.num_rows)


@cache
def _column_types(table: str) -> Mapping[str, str]:
    """Return a table's column types without their lengths, which the column itself holds to."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT attname, format_type(atttypid, NULL) FROM pg_attribute"
            " WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped",
            [table],
        )
        return dict(cursor.fetchall())


def _plain(column_type: str) -> str:
    """Return the type in which a value stands in JSON: arrays and documents are texts there."""
    return "text" if column_type.endswith("[]") or column_type == "jsonb" else column_type


def copy_out(query: str, params: Sequence[Any] = (), *, types: dict[str, pa.DataType]) -> pa.Table:
    """Return the rows of `query` as an Arrow table with the given columns and types, streamed by COPY.

    Text columns must not rely on the difference between null and an empty string: both come back as null.
    """
    sink = io.BytesIO()
    # The driver's own cursor: Django's wrapper that records queries takes no parameters for COPY.
    statement = f"COPY ({query}) TO STDOUT WITH (FORMAT csv)"
    with connection.cursor() as cursor, cursor.cursor.copy(statement, params or None) as copy:
        for block in copy:
            sink.write(block)
    if not sink.tell():
        return pa.schema(list(types.items())).empty_table()
    sink.seek(0)
    return pacsv.read_csv(
        sink,
        read_options=pacsv.ReadOptions(column_names=list(types), block_size=16 << 20),
        parse_options=pacsv.ParseOptions(newlines_in_values=True),
        convert_options=pacsv.ConvertOptions(
            column_types=types,
            strings_can_be_null=True,
            null_values=[""],
            quoted_strings_can_be_null=False,
            true_values=["t"],
            false_values=["f"],
        ),
    )


def stream_rows(query: str, params: Sequence[Any] = (), *, size: int = 5_000) -> Iterator[list[tuple[Any, ...]]]:
    """Yield the rows of `query` in lists of at most `size`, through a server-side cursor."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(query, params)
        while rows := cursor.fetchmany(size):
            yield rows
