"""The columns of the engine's frames, and parts encoded as integers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]

ABSENT = -1
"""Code of a part that was not given."""

LINKS_SCHEMA = pa.schema(
    [("left", pa.int64()), ("right", pa.int64()), ("score", pa.int32()), ("levels", pa.list_(pa.uint8()))]
)
CLUSTERS_SCHEMA = pa.schema([("record", pa.int64()), ("cluster", pa.int64())])
PROPOSALS_SCHEMA = pa.schema(
    [("left", pa.int64()), ("right", pa.int64()), ("score", pa.int32()), ("reason", pa.string())]
)
DOUBTS_SCHEMA = pa.schema([("left", pa.int64()), ("right", pa.int64()), ("score", pa.int32()), ("subject", pa.int64())])


@dataclass(frozen=True)
class Encoded:
    """A column as codes into its distinct values; `ABSENT` where null."""

    codes: Codes
    values: list[str]


class Coded(NamedTuple):
    """A column as codes into its distinct texts, which stay in Arrow; `ABSENT` where null."""

    codes: Codes
    texts: pa.Array


def encode(column: pa.ChunkedArray | pa.Array) -> Encoded:
    """Return a string column's rows as codes into its distinct values."""
    coded = code(column)
    return Encoded(coded.codes, coded.texts.to_pylist())


def code(column: pa.ChunkedArray | pa.Array) -> Coded:
    """Return a string column's rows as codes into its distinct texts."""
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    codes = pc.fill_null(column.indices.cast(pa.int32()), ABSENT).to_numpy(zero_copy_only=False)
    return Coded(codes, column.dictionary.cast(pa.string()))


def column_of(frame: pa.Table, name: str) -> Encoded:
    """Return the frame's column encoded; a column that the frame lacks is absent throughout."""
    if name not in frame.column_names:
        return Encoded(np.full(frame.num_rows, ABSENT, dtype=np.int32), [])
    return encode(frame.column(name))


class Columns:
    """A frame's columns, each encoded when it is first asked for."""

    def __init__(self, frame: pa.Table) -> None:
        """Read from `frame`; a column that it lacks is absent throughout."""
        self._frame = frame
        self._coded: dict[str, Coded] = {}
        self._encoded: dict[str, Encoded] = {}

    def __len__(self) -> int:
        """Return the number of rows."""
        return int(self._frame.num_rows)

    def __getitem__(self, name: str) -> Encoded:
        """Return the column encoded."""
        if name not in self._encoded:
            coded = self.coded(name)
            self._encoded[name] = Encoded(coded.codes, coded.texts.to_pylist())
        return self._encoded[name]

    def coded(self, name: str) -> Coded:
        """Return the column as codes into texts that stay in Arrow."""
        if name not in self._coded:
            lacks = name not in self._frame.column_names
            none = np.full(self._frame.num_rows if lacks else 0, ABSENT, dtype=np.int32)
            self._coded[name] = Coded(none, pa.array([], pa.string())) if lacks else code(self._frame.column(name))
        return self._coded[name]


def records_of(frame: pa.Table) -> Ints:
    """Return the frame's record ids."""
    ids: Ints = frame.column("record").to_numpy().astype(np.int64, copy=False)
    return ids


def combine(left: Codes | Ints, right: Codes | Ints, width: int) -> Ints:
    """Return one integer for each pair of codes, where right codes lie in `range(-1, width)`."""
    return (left.astype(np.int64) + 1) * (width + 1) + (right.astype(np.int64) + 1)


def combine_columns(columns: Sequence[Encoded]) -> tuple[Ints, Ints]:
    """Return the first row of each distinct combination of the columns' values, and each row's combination."""
    return _combine_codes([(column.codes, len(column.values)) for column in columns])


def combine_coded(columns: Sequence[Coded]) -> tuple[Ints, Ints]:
    """Return the same of columns whose texts stay in Arrow."""
    return _combine_codes([(column.codes, len(column.texts)) for column in columns])


def _combine_codes(columns: Sequence[tuple[Codes, int]]) -> tuple[Ints, Ints]:
    combined = columns[0][0].astype(np.int64)
    for codes, width in columns[1:]:
        # Numbered afresh before each step, so that the product never leaves 64 bits.
        _, combined = np.unique(combined, return_inverse=True)
        combined = combine(combined, codes, width)
    _, first, inverse = np.unique(combined, return_index=True, return_inverse=True)
    return first, inverse


def values_at(column: Encoded, rows: Ints) -> list[str | None]:
    """Return the column's values at the rows, None where absent."""
    lookup = np.array([*column.values, None], dtype=object)
    values: list[str | None] = lookup[column.codes[rows]].tolist()
    return values
