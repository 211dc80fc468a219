"""Raw blocks: what a format reader hands on, before the mapping; records counted from 0, lines from 1."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from apps.sources.intake.errors import RowFault

FIELD_BYTES_CAP = 1_000_000
NONCHARACTERS = "\ufdd0-\ufdef\ufffe\uffff" + "".join(
    chr(plane << 16 | low) for plane in range(1, 17) for low in (0xFFFE, 0xFFFF)
)


@dataclass(slots=True)
class RawBlock:
    """Records `first_row` up to, not including, `next_row`: those in `table` and those set aside in `faults`.

    `rows` and `lines` give each table row's record number and line; every column of `table` is a string column under
    its name as received. `raw` is the rows' JSON where the format has its own, `content` the text its digest is taken
    from. `is_checked` says that lengths and characters were looked at already.
    """

    first_row: int
    next_row: int
    rows: npt.NDArray[np.int64]
    lines: npt.NDArray[np.int64]
    table: pa.Table
    raw: pa.Array | None = None
    faults: list[tuple[int, RowFault]] = field(default_factory=list)
    is_checked: bool = False
    content: pa.Array | None = None

    def between(self, first: int, last: int) -> "RawBlock":
        """Return the part with record numbers from `first` up to, not including, `last`."""
        low, high = (int(x) for x in np.searchsorted(self.rows, (first, last)))
        return RawBlock(
            max(first, self.first_row),
            min(last, self.next_row),
            self.rows[low:high],
            self.lines[low:high],
            self.table.slice(low, high - low),
            None if self.raw is None else self.raw.slice(low, high - low),
            [(row, fault) for row, fault in self.faults if first <= row < last],
            self.is_checked,
            None if self.content is None else self.content.slice(low, high - low),
        )


def join_blocks(blocks: list[RawBlock]) -> RawBlock:
    """Return one block made of neighbours in order."""
    if len(blocks) == 1:
        return blocks[0]
    raw = None if blocks[0].raw is None else pa.concat_arrays([block.raw for block in blocks])
    content = None if blocks[0].content is None else pa.concat_arrays([block.content for block in blocks])
    return RawBlock(
        blocks[0].first_row,
        blocks[-1].next_row,
        np.concatenate([block.rows for block in blocks]),
        np.concatenate([block.lines for block in blocks]),
        pa.concat_tables([block.table for block in blocks]),
        raw,
        [pair for block in blocks for pair in block.faults],
        all(block.is_checked for block in blocks),
        content,
    )


def of_size(blocks: Iterator[RawBlock], start_row: int, size: int) -> Iterator[RawBlock]:
    """Cut a stream of blocks into blocks of `size` records each, beginning at record `start_row`."""
    held: list[RawBlock] = []
    first = start_row
    for block in blocks:
        if block.next_row <= first:
            continue
        held.append(block.between(first, block.next_row) if block.first_row < first else block)
        while held and held[-1].next_row - first >= size:
            whole = join_blocks(held)
            yield whole.between(first, first + size)
            first += size
            held = [whole.between(first, whole.next_row)] if whole.next_row > first else []
    if held:
        yield join_blocks(held)
