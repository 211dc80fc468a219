"""CSV of any delimiter, line end and declared codec: Arrow parses what is clean; what isn't is set aside by line."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as pc_csv

from apps.sources.intake.blocks import FIELD_BYTES_CAP, NONCHARACTERS, RawBlock
from apps.sources.intake.content import utf8_chunks
from apps.sources.intake.csv_scan import Scan, scan_block
from apps.sources.intake.errors import FileRefused, RowFault, excerpt
from apps.sources.intake.header import checked_header
from apps.sources.intake.mapping import SourceMapping

BLOCK_BYTES = 4 << 20
RECORD_BYTES_CAP = 16 << 20
HEADER_BYTES_CAP = 1 << 20
DELIMITERS = (",", ";", "\t", "|")
SAMPLE_RECORDS = 100
UNDECODABLE_SHARE = 0.01
LINE_END = re.compile(rb"\r\n|\n|\r")
NONCHARACTER = re.compile(f"[{NONCHARACTERS}]")
# U+DC80 to U+DCFF stand for bytes that the declared codec couldn't decode; the others were received as surrogates.
SURROGATE = re.compile(rb"\xed(?:[\xa0-\xb1\xb4-\xbf])[\x80-\xbf]")


@dataclass(frozen=True, slots=True)
class CsvFile:
    """An opened CSV file: its codec, delimiter and header, and where the first record begins."""

    path: Path
    encoding: str
    delimiter: str
    columns: tuple[str, ...]
    header_bytes: int
    first_line: int

    def blocks(self, only: Sequence[str] | None = None) -> Iterator[RawBlock]:
        """Yield the records in blocks; `only` leaves out the other columns, the same records are set aside."""
        return _Blocks(self, tuple(only or self.columns)).read()


def open_csv(path: Path, encoding: str, mapping: SourceMapping) -> CsvFile:
    """Return the file with its header checked; FileRefused names what is wrong with it."""
    head = b""
    chunks = utf8_chunks(path, encoding)
    is_whole = True
    for chunk in chunks:
        head += chunk
        if len(head) >= HEADER_BYTES_CAP:
            is_whole = False
            break
    skipped = len(head) - len(head.lstrip(b"\r\n"))
    if not head.strip():
        raise FileRefused("empty_file", "the file holds no header and no rows", path)
    body = head[skipped:]
    _refuse_undecodable(body, path, encoding, is_whole=is_whole)
    delimiter = mapping.delimiter or _detect_delimiter(body, mapping, path, is_whole=is_whole)
    scan = scan_block(body, delimiter, is_last=is_whole)
    if not len(scan.starts) or 0 in scan.broken:
        raise FileRefused(
            "bad_header", "the header line has a quote that is never closed or stands inside a name", path
        )
    end = int(scan.ends[0])
    names = _split(body[:end].decode("utf-8"), delimiter)
    columns = checked_header(names, mapping, path)
    first_byte = int(scan.starts[1]) if len(scan.starts) > 1 else scan.consumed if len(scan.starts) == 1 else 0
    lines_before = len(re.findall(rb"\r\n|\r|\n", head[: skipped + first_byte]))
    return CsvFile(path, encoding, delimiter, columns, skipped + first_byte, lines_before + 1)


def _split(record: str, delimiter: str) -> list[str]:
    return next(csv.reader(io.StringIO(record, newline=""), delimiter=delimiter), [])


def _refuse_undecodable(head: bytes, path: Path, encoding: str, *, is_whole: bool) -> None:
    """Refuse a file whose first megabyte isn't in its codec; a rare bad line is a row's fault instead."""
    lines = head.splitlines() if is_whole else head.splitlines()[:-1] or [head]
    bad = [index for index, line in enumerate(lines) if not _is_utf8(line)]
    if bad and (bad[0] == 0 or len(bad) > max(1, UNDECODABLE_SHARE * len(lines))):
        reason = (
            f"line {bad[0] + 1} and {len(bad) - 1} more aren't {encoding}; declare the file's encoding in the mapping"
        )
        raise FileRefused("undecodable", reason, path)


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _detect_delimiter(head: bytes, mapping: SourceMapping, path: Path, *, is_whole: bool) -> str:
    """Return the delimiter under which the key column shows and the first records have as many cells as the header."""
    scored: list[tuple[bool, float, int, str]] = []
    for delimiter in DELIMITERS:
        scan = scan_block(head, delimiter, is_last=is_whole)
        counts = [
            len(_split(head[start:end].decode("utf-8", "replace"), delimiter))
            for start, end in zip(
                scan.starts[:SAMPLE_RECORDS].tolist(), scan.ends[:SAMPLE_RECORDS].tolist(), strict=True
            )
            if end > start
        ]
        if not counts or 0 in scan.broken:
            continue
        names = _split(head[int(scan.starts[0]) : int(scan.ends[0])].decode("utf-8", "replace"), delimiter)
        has_key = set(mapping.key.columns) <= set(names)
        agreeing = sum(count == counts[0] for count in counts) / len(counts)
        scored.append((has_key, agreeing, counts[0], delimiter))
    if not scored:
        raise FileRefused(
            "bad_header", "the header line has a quote that is never closed or stands inside a name", path
        )
    usable = [entry for entry in scored if entry[0] and entry[1] > 0.5]
    if len(usable) > 1:
        # The header names the key either way; more cells in a header that the rows agree with is the real cut.
        usable = [entry for entry in usable if entry[2] == max(other[2] for other in usable)]
    if len(usable) == 1:
        return usable[0][3]
    if len(usable) > 1 and usable[0][2] > 1:
        raise FileRefused("unclear_delimiter", "more than one delimiter fits; declare it in the mapping", path)
    # No delimiter shows the key: the header check names the columns that the likeliest one finds.
    return max(scored, key=lambda entry: (entry[2] > 1, entry[1], entry[2], entry[3] == ","))[3]


@dataclass(frozen=True, slots=True)
class _Records:
    """The records of one scanned block with their numbers and lines."""

    buffer: bytes
    scan: Scan
    rows: npt.NDArray[np.int64]
    lines: npt.NDArray[np.int64]

    def cut(self, wanted: npt.NDArray[np.bool_]) -> bytes:
        """Return the wanted records' bytes, each with a line end."""
        starts, ends = self.scan.starts[wanted].tolist(), self.scan.ends[wanted].tolist()
        return b"".join(self.buffer[start:end] + b"\n" for start, end in zip(starts, ends, strict=True))

    def fault(self, index: int, code: str, reason: str, column: str | None) -> tuple[int, RowFault]:
        """Return a record's number and its fault."""
        raw = excerpt(self.buffer[int(self.scan.starts[index]) : int(self.scan.ends[index])])
        return int(self.rows[index]), RowFault(int(self.lines[index]), column, code, reason, raw)


class _Blocks:
    """One reading of a CSV file from its first record to its last."""

    def __init__(self, source: CsvFile, only: tuple[str, ...]) -> None:
        self.source = source
        self.only = only
        self.row = 0
        self.line = source.first_line
        self.in_endless_line = False

    def read(self) -> Iterator[RawBlock]:
        buffer = b""
        to_skip = self.source.header_bytes
        for chunk in utf8_chunks(self.source.path, self.source.encoding):
            skipped = min(to_skip, len(chunk))
            to_skip -= skipped
            buffer += chunk[skipped:]
            if self.in_endless_line:
                buffer = self.after_line_end(buffer)
            while len(buffer) >= BLOCK_BYTES:
                scan = scan_block(buffer, self.source.delimiter, is_last=False)
                if scan.consumed == 0 and len(buffer) < RECORD_BYTES_CAP:
                    break
                if scan.consumed == 0:
                    buffer, block = self.oversized(buffer)
                    yield block
                    continue
                yield self.block(buffer, scan)
                buffer = buffer[scan.consumed :]
        while buffer and not self.in_endless_line:
            scan = scan_block(buffer, self.source.delimiter, is_last=True)
            yield self.block(buffer, scan)
            buffer = buffer[scan.consumed :]

    def oversized(self, buffer: bytes) -> tuple[bytes, RawBlock]:
        """Set aside the first line of a record that outgrew the cap; what follows it is read again as records."""
        found = LINE_END.search(buffer)
        end = found.start() if found else len(buffer)
        code, reason = "unclosed_quote", f"a quoted value isn't closed within {RECORD_BYTES_CAP >> 20} MB"
        if end > FIELD_BYTES_CAP:
            code, reason = "field_too_long", f"a value is longer than {FIELD_BYTES_CAP:,} bytes"
        fault = RowFault(self.line, None, code, reason, excerpt(buffer[: min(end, FIELD_BYTES_CAP)]))
        none = np.zeros(0, np.int64)
        block = RawBlock(
            self.row, self.row + 1, none, none, self.table(b""), faults=[(self.row, fault)], is_checked=True
        )
        self.row += 1
        self.in_endless_line = True
        return self.after_line_end(buffer), block

    def after_line_end(self, buffer: bytes) -> bytes:
        """Return what follows the first line end, or nothing while the endless line goes on."""
        found = LINE_END.search(buffer)
        if found is None:
            return b""
        self.in_endless_line = False
        self.line += 1
        return buffer[found.end() :]

    def block(self, buffer: bytes, scan: Scan) -> RawBlock:
        filled = scan.ends > scan.starts
        found = _Records(buffer, scan, self.row + np.cumsum(filled) - 1, self.line + scan.lines)
        bad = self.bad_records(buffer, scan)
        clean = filled.copy()
        clean[list(bad)] = False
        faults = [found.fault(index, *bad[index]) for index in sorted(bad)]
        text = buffer[: scan.consumed] if clean.all() else found.cut(clean)
        kept = np.flatnonzero(clean)
        wrong: list[tuple[int, int]] = []
        table = self.table(text, wrong)
        width = len(self.source.columns)
        for number, cells in wrong:
            code = "too_few_columns" if cells < width else "too_many_columns"
            words = f"the row has {cells} cells, the header has {width}"
            faults.append(found.fault(int(kept[number]), code, words, None))
        kept = np.delete(kept, [number for number, _ in wrong])
        if table.num_rows != len(kept):
            # Two parsers that disagree about where rows end would give one row's values another row's line.
            raise FileRefused("broken_csv", f"rows near line {self.line} can't be told apart", self.source.path)
        first = self.row
        self.row += int(filled.sum())
        self.line += scan.line_count
        faults.sort(key=lambda pair: pair[0])
        return RawBlock(first, self.row, found.rows[kept], found.lines[kept], table, faults=faults, is_checked=True)

    def bad_records(self, buffer: bytes, scan: Scan) -> dict[int, tuple[str, str, str | None]]:
        """Return the records that Arrow must not see: record index to code, reason and column."""
        bad: dict[int, tuple[str, str, str | None]] = {index: (*words, None) for index, words in scan.broken.items()}
        suspects = set(np.flatnonzero(scan.ends - scan.starts > FIELD_BYTES_CAP).tolist())
        text = buffer[: scan.consumed]
        if b"\x00" in text:
            zeros = np.flatnonzero(np.frombuffer(text, np.uint8) == 0)
            suspects |= set((np.searchsorted(scan.starts, zeros, side="right") - 1).tolist())
        if not _is_utf8(text) or may_hold_noncharacter(text):
            suspects |= set(range(len(scan.starts)))
        for index in suspects - set(bad):
            found = self.inspect(buffer[int(scan.starts[index]) : int(scan.ends[index])])
            if found:
                bad[index] = found
        return bad

    def inspect(self, record: bytes) -> tuple[str, str, str | None] | None:
        if len(record) <= FIELD_BYTES_CAP and cell_complaint(record) is None:
            return None
        # Latin-1 keeps one character a byte, so that cells can be told apart whatever their codec.
        delimiter = self.source.delimiter
        csv.field_size_limit(2 * RECORD_BYTES_CAP + BLOCK_BYTES)
        cells = [cell.encode("latin-1") for cell in _split(record.decode("latin-1"), delimiter)]
        for position, cell in enumerate(cells):
            complaint = cell_complaint(cell)
            if complaint:
                named = self.source.columns[position] if position < len(self.source.columns) else None
                return (*complaint, named)
        return None

    def table(self, text: bytes, wrong: list[tuple[int, int]] | None = None) -> pa.Table:
        if not text:
            return pa.table({name: pa.array([], pa.string()) for name in self.only})

        def skip(row: pc_csv.InvalidRow) -> str:
            if wrong is not None:
                wrong.append((row.number - 1, row.actual_columns))
            return "skip"

        return pc_csv.read_csv(
            pa.BufferReader(text),
            read_options=pc_csv.ReadOptions(
                column_names=list(self.source.columns), block_size=len(text) + 1, use_threads=False
            ),
            parse_options=pc_csv.ParseOptions(
                delimiter=self.source.delimiter,
                newlines_in_values=True,
                invalid_row_handler=skip,
                ignore_empty_lines=False,
            ),
            convert_options=pc_csv.ConvertOptions(
                column_types=dict.fromkeys(self.source.columns, pa.string()),
                include_columns=list(self.only),
                strings_can_be_null=True,
                null_values=[""],
                check_utf8=False,
            ),
        )


def cell_complaint(cell: bytes) -> tuple[str, str] | None:
    """Return the code and sentence of a cell that can't be stored as text, or None."""
    if len(cell) > FIELD_BYTES_CAP:
        return "field_too_long", f"the value has {len(cell):,} bytes; {FIELD_BYTES_CAP:,} is the most"
    if b"\x00" in cell:
        return "nul_byte", "the value holds a NUL byte"
    if not _is_utf8(cell):
        if SURROGATE.search(cell):
            return "lone_surrogate", "the value holds half of a surrogate pair, which is no character"
        return "undecodable", "the value isn't text in the file's encoding"
    if NONCHARACTER.search(cell.decode("utf-8")):
        return "noncharacter", "the value holds a code point that Unicode keeps free of characters"
    return None


def may_hold_noncharacter(text: bytes) -> bool:
    """Return False only where UTF-8 text holds no noncharacter; bytes are far cheaper to look at than characters."""
    # The last bytes of U+FFFE, U+FFFF and of every plane's like, and the first ones of U+FDD0 to U+FDEF.
    return b"\xbf\xbe" in text or b"\xbf\xbf" in text or b"\xef\xb7" in text
