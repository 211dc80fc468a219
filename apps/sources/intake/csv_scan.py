"""Where the records of a CSV block begin and end, and which of them are not well formed.

The law: no byte ever moves from one record into another. A record is well formed by RFC 4180 with any of the line ends
LF, CR LF and CR. Where quoting breaks, only the line that broke it is set aside and reading goes on at the next line.
"""

import re
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import numpy.typing as npt

QUOTE, LF, CR = 34, 10, 13


@dataclass(slots=True)
class Scan:
    """The records of one block: byte ranges without line ends, physical line of each, broken ones, bytes consumed."""

    starts: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]
    lines: npt.NDArray[np.int64]
    consumed: int
    line_count: int
    broken: dict[int, tuple[str, str]] = field(default_factory=dict)


@lru_cache(maxsize=16)
def _record_pattern(delimiter: str) -> re.Pattern[bytes]:
    cell = rb'(?:"[^"]*+(?:""[^"]*+)*+"|[^"\r\n' + re.escape(delimiter.encode()) + rb"]*+)"
    return re.compile(cell + rb"(?:" + re.escape(delimiter.encode()) + cell + rb")*+")


def scan_block(block: bytes, delimiter: str, *, is_last: bool) -> Scan:
    """Return the complete records of a block that begins at a record; what follows the last one isn't consumed."""
    cells = np.frombuffer(block, dtype=np.uint8)
    line_ends = _line_ends(cells, is_last=is_last)
    quotes = np.flatnonzero(cells == QUOTE)
    if len(quotes) and not _is_well_quoted(cells, quotes, ord(delimiter)):
        return _walk(block, delimiter, line_ends, is_last=is_last)
    outside = line_ends[np.searchsorted(quotes, line_ends) % 2 == 0] if len(quotes) else line_ends
    if is_last and len(quotes) % 2 == 0 and len(block) and (not len(outside) or outside[-1] != len(block) - 1):
        outside = np.append(outside, len(block))
    if is_last and len(quotes) % 2:
        return _walk(block, delimiter, line_ends, is_last=True)
    starts = np.concatenate(([0], outside[:-1] + 1))[: len(outside)]
    return _finish(cells, starts.astype(np.int64), outside.astype(np.int64), line_ends)


def _line_ends(cells: npt.NDArray[np.uint8], *, is_last: bool) -> npt.NDArray[np.int64]:
    """Return the position of each line end's last byte; a CR at the block's end may still be half of a CR LF."""
    feeds = cells == LF
    returns = np.flatnonzero(cells == CR)
    if len(returns):
        inside = returns[returns < len(cells) - 1]
        lone = inside[cells[inside + 1] != LF]
        feeds[lone] = True
        if is_last and returns[-1] == len(cells) - 1:
            feeds[-1] = True
    return np.flatnonzero(feeds)


def _is_well_quoted(cells: npt.NDArray[np.uint8], quotes: npt.NDArray[np.int64], delimiter: int) -> bool:
    allowed = np.zeros(256, dtype=bool)
    allowed[[delimiter, LF, CR, QUOTE]] = True
    opening, closing = quotes[0::2], quotes[1::2]
    # A quote beside another one inside a value is a doubled quote: the first closes, the second opens again.
    if not np.all(allowed[cells[np.maximum(opening - 1, 0)]] | (opening == 0)):
        return False
    inner = closing[closing < len(cells) - 1]
    return bool(np.all(allowed[cells[inner + 1]]))


def _walk(block: bytes, delimiter: str, line_ends: npt.NDArray[np.int64], *, is_last: bool) -> Scan:
    pattern = _record_pattern(delimiter)
    starts: list[int] = []
    ends: list[int] = []
    broken: dict[int, tuple[str, str]] = {}
    position, size = 0, len(block)
    while position < size:
        found = pattern.match(block, position)
        end = found.end() if found else position
        if end == size and not is_last:
            break
        if end < size and block[end] not in (LF, CR):
            if not is_last and _is_open(block, end, delimiter):
                break
            broken[len(starts)] = _complaint(block, position, end, delimiter)
            # From the record's own first line on: what an open quote swallowed is given back.
            end = _next_line_end(line_ends, position, size)
            if end == size and not is_last:
                broken.pop(len(starts))
                break
        last = end
        if end < size and block[end] == CR:
            if end + 1 == size and not is_last:
                break
            last = end + 1 if block[end + 1 : end + 2] == b"\n" else end
        starts.append(position)
        ends.append(last)
        position = last + 1
    cells = np.frombuffer(block, dtype=np.uint8)
    scan = _finish(cells, np.array(starts, np.int64), np.array(ends, np.int64), line_ends)
    scan.broken = broken
    return scan


def _is_open(block: bytes, at: int, delimiter: str) -> bool:
    """Tell whether the cell that begins at `at` is quoted and not closed within the block."""
    if block[at] != QUOTE or (at and block[at - 1] not in (ord(delimiter), LF, CR)):
        return False
    closed = re.compile(rb'"[^"]*+(?:""[^"]*+)*+"').match(block, at)
    return closed is None


def _complaint(block: bytes, start: int, at: int, delimiter: str) -> tuple[str, str]:
    begins_cell = at == start or block[at - 1] in (ord(delimiter), LF, CR)
    if block[at] == QUOTE and begins_cell:
        return "unclosed_quote", "a quoted value is never closed"
    if block.find(b"\n", start, at) >= 0 or block.find(b"\r", start, at) >= 0:
        return "unclosed_quote", "a quoted value isn't closed on its line and runs into the following ones"
    return "stray_quote", "a quote stands inside a value; quote the whole value and double the quote"


def _next_line_end(line_ends: npt.NDArray[np.int64], at: int, size: int) -> int:
    index = int(np.searchsorted(line_ends, at))
    return int(line_ends[index]) if index < len(line_ends) else size


def _finish(
    cells: npt.NDArray[np.uint8],
    starts: npt.NDArray[np.int64],
    ends: npt.NDArray[np.int64],
    line_ends: npt.NDArray[np.int64],
) -> Scan:
    """Return the scan of records that end before the line end's last byte at `ends`, or with the block."""
    consumed = int(min(ends[-1] + 1, len(cells))) if len(ends) else 0
    # A record's range leaves out both bytes of CR LF.
    pair = (ends > starts) & (ends < len(cells))
    pair[pair] = (cells[ends[pair]] == LF) & (cells[ends[pair] - 1] == CR)
    lines = np.searchsorted(line_ends, starts).astype(np.int64)
    return Scan(starts, ends - pair, lines, consumed, int(np.searchsorted(line_ends, consumed)))
