"""A few rows as they are, with as much of an Arrow table's surface as the services use that store many rows, too.

Making Arrow tables of a push's few rows, and reading them again, costs more than storing them.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Self

import pyarrow as pa


class Column(list[Any]):
    """The values of one column, in row order."""

    def to_pylist(self) -> list[Any]:
        """Return the values."""
        return self


class Rows:
    """Rows by column name. `column_names` are the columns that count; a row may hold more."""

    __slots__ = ("_rows", "column_names")

    def __init__(self, rows: Iterable[Mapping[str, Any]], column_names: Sequence[str]) -> None:
        self._rows = list(rows)
        self.column_names = list(column_names)

    @property
    def num_rows(self) -> int:
        """How many rows there are."""
        return len(self._rows)

    def column(self, name: str) -> Column:
        """Return a column's values; raise KeyError for one that there isn't."""
        if name not in self.column_names:
            raise KeyError(name)
        return Column(row[name] for row in self._rows)

    __getitem__ = column

    def to_pylist(self) -> list[Mapping[str, Any]]:
        """Return the rows."""
        return self._rows

    def select(self, names: Sequence[str]) -> Self:
        """Return the rows with these columns alone."""
        return type(self)(({name: row[name] for name in names} for row in self._rows), names)

    def filter(self, kept: Iterable[bool]) -> Self:
        """Return the rows for which `kept` is true, in row order."""
        return type(self)((row for row, is_kept in zip(self._rows, kept, strict=True) if is_kept), self.column_names)

    def append_column(self, name: str, values: Iterable[Any]) -> Self:
        """Return the rows with one more column, its values in row order."""
        listed = values.to_pylist() if isinstance(values, pa.Array) else values
        added = ({**row, name: value} for row, value in zip(self._rows, listed, strict=True))
        return type(self)(added, [*self.column_names, name])


Frame = pa.Table | Rows
"""Rows to be stored: many as an Arrow table, few as they are."""
