"""XLSX: one sheet, streamed cell by cell, each cell as the text a person would have typed.

Formulas are never evaluated: the result stored in the file is the value. Hidden sheets are left out and named in
`notes`.
"""

import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa

from apps.sources.intake.blocks import RawBlock
from apps.sources.intake.errors import FileRefused, RowFault, excerpt
from apps.sources.intake.header import checked_header
from apps.sources.intake.mapping import SourceMapping
from apps.sources.intake.xlsx_cells import CellReader, NumberFormats, SheetRow, SheetRows, read_styles
from apps.sources.intake.xlsx_package import Package

BLOCK_ROWS = 5_000
SHARED_TEXT_CAP = 256 << 20


@dataclass(frozen=True, slots=True)
class _Sheet:
    name: str
    part: str
    is_visible: bool


@dataclass(slots=True)
class XlsxFile:
    """An opened workbook: the sheet that is read, its header and the header's line."""

    path: Path
    columns: tuple[str, ...]
    part: str
    header_line: int
    cells: CellReader
    notes: list[str] = field(default_factory=list)

    def blocks(self, only: Sequence[str] | None = None) -> Iterator[RawBlock]:
        """Yield the records in blocks; `only` leaves out the other columns."""
        names = tuple(only or self.columns)
        held: list[SheetRow] = []
        first = 0
        rows = SheetRows(self.cells)
        with Package(self.path) as package:
            for line, cells in rows.read(package, self.part):
                if line <= self.header_line:
                    continue
                held.append((line, cells))
                if len(held) == BLOCK_ROWS:
                    yield self._block(held, first, names)
                    first += len(held)
                    held = []
        if held:
            yield self._block(held, first, names)
        for note in rows.notes():
            if note not in self.notes:
                self.notes.append(note)

    def _block(self, held: list[SheetRow], first: int, names: tuple[str, ...]) -> RawBlock:
        width = len(self.columns)
        good: list[tuple[int, int, dict[int, str]]] = []
        faults: list[tuple[int, RowFault]] = []
        for row, (line, cells) in enumerate(held, start=first):
            if max(cells) >= width:
                words = f"the row has a value in column {max(cells) + 1}, the header has {width} columns"
                raw = excerpt(" | ".join(cells[position] for position in sorted(cells)))
                faults.append((row, RowFault(line, None, "too_many_columns", words, raw)))
            else:
                good.append((row, line, cells))
        table = {}
        for name in names:
            position = self.columns.index(name)
            table[name] = pa.array([cells.get(position) for _, _, cells in good], pa.string())
        rows = np.array([row for row, _, _ in good], np.int64)
        lines = np.array([line for _, line, _ in good], np.int64)
        return RawBlock(first, first + len(held), rows, lines, pa.table(table), None, faults)


def open_xlsx(path: Path, mapping: SourceMapping) -> XlsxFile:
    """Return the workbook's sheet with its header checked; FileRefused names what is wrong with it."""
    with Package(path) as package:
        workbook = _read_workbook(package)
        notes: list[str] = []
        sheet = _choose(workbook.sheets, mapping, path, notes)
        formats = NumberFormats(()) if workbook.styles is None else read_styles(package, workbook.styles)
        cells = CellReader(_read_shared(package, workbook.shared), formats, workbook.is_1904)
        header = next(SheetRows(cells).read(package, sheet.part), None)
    if header is None:
        raise FileRefused("empty_file", f"the sheet {sheet.name!r} holds no header and no rows", path)
    line, found = header
    names = [found.get(position, "") for position in range(max(found) + 1)]
    return XlsxFile(path, checked_header(names, mapping, path), sheet.part, line, cells, notes)


def _choose(sheets: list[_Sheet], mapping: SourceMapping, path: Path, notes: list[str]) -> _Sheet:
    visible = [sheet for sheet in sheets if sheet.is_visible]
    hidden = [sheet.name for sheet in sheets if not sheet.is_visible]
    if hidden:
        notes.append(f"hidden sheets left out: {', '.join(hidden)}")
    if mapping.sheet is not None:
        chosen = [sheet for sheet in sheets if sheet.name == mapping.sheet]
        if not chosen:
            names = ", ".join(repr(sheet.name) for sheet in sheets)
            raise FileRefused("missing_sheet", f"there is no sheet {mapping.sheet!r}; the workbook has {names}", path)
        return chosen[0]
    if not visible:
        raise FileRefused("missing_sheet", "every sheet of the workbook is hidden; name one in the mapping", path)
    if len(visible) > 1:
        notes.append(f"only the first sheet is read, not {', '.join(sheet.name for sheet in visible[1:])}")
    return visible[0]


@dataclass(frozen=True, slots=True)
class _Workbook:
    """The workbook's own part: its sheets, where texts and styles are, and from which year days are counted."""

    sheets: list[_Sheet]
    shared: str | None
    styles: str | None
    is_1904: bool


def _read_workbook(package: Package) -> _Workbook:
    targets: dict[str, str] = {}
    by_kind: dict[str, str] = {}
    found: list[tuple[str, str, bool]] = []
    is_1904 = False

    def relation(tag: str, given: dict[str, str]) -> None:
        if tag == "Relationship" and given.get("TargetMode") != "External":
            part = _part_name(given.get("Target", ""))
            if part in package.names:
                targets[given.get("Id", "")] = part
                by_kind[given.get("Type", "").rpartition("/")[2]] = part

    def workbook(tag: str, given: dict[str, str]) -> None:
        nonlocal is_1904
        if tag == "workbookPr":
            is_1904 = given.get("date1904") in ("1", "true")
        if tag == "sheet":
            reference = next((value for name, value in given.items() if name.endswith(":id")), "")
            found.append((given.get("name", ""), reference, given.get("state", "visible") == "visible"))

    package.parse("xl/workbook.xml", workbook)
    package.parse("xl/_rels/workbook.xml.rels", relation)
    sheets = [_Sheet(name, targets[reference], shown) for name, reference, shown in found if reference in targets]
    return _Workbook(sheets, by_kind.get("sharedStrings"), by_kind.get("styles"), is_1904)


def _part_name(target: str) -> str:
    return target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join("xl", target))


def _read_shared(package: Package, part: str | None) -> list[str]:
    reading = _SharedTexts(package.path)
    if part is not None:
        package.parse(part, reading.start, reading.end, reading.text)
    return reading.found


class _SharedTexts:
    """One reading of the texts that cells point to; the reading aids of Japanese names are left out."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.found: list[str] = []
        self.pieces: list[str] = []
        self.size = 0
        self.takes_text = self.in_phonetic = False

    def start(self, tag: str, _: dict[str, str]) -> None:
        if tag == "si":
            self.pieces = []
        elif tag == "rPh":
            self.in_phonetic = True
        elif tag == "t":
            self.takes_text = not self.in_phonetic

    def end(self, tag: str) -> None:
        if tag == "si":
            self.found.append("".join(self.pieces))
        elif tag == "rPh":
            self.in_phonetic = False
        elif tag == "t":
            self.takes_text = False

    def text(self, piece: str) -> None:
        if not self.takes_text:
            return
        self.pieces.append(piece)
        self.size += len(piece)
        if self.size > SHARED_TEXT_CAP:
            raise FileRefused("zip_bomb", "the workbook's shared texts outgrow the cap of 256 MB", self.path)
