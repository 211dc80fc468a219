"""A sheet's cells as text: numbers without a float's noise, serial dates as ISO 8601, errors as Excel spells them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.sources.intake.blocks import FIELD_BYTES_CAP
from apps.sources.intake.errors import FileRefused
from apps.sources.intake.xlsx_package import Package

COLUMNS_CAP = 16_384
ROWS_CAP = 1_048_576
EXACT_DIGITS = 10**15
# The date and time formats among Excel's built-in number formats (ECMA-376 part 1, 18.8.30).
BUILT_IN_DATES = frozenset([*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)])
ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
NOT_CODE = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?![hms]+\])[^\]]*\]', re.IGNORECASE)

SheetRow = tuple[int, dict[int, str]]


@dataclass(frozen=True, slots=True)
class NumberFormats:
    """Which cell styles show their number as a date or time, by style index."""

    is_date: tuple[bool, ...]

    def shows_date(self, style: str) -> bool:
        """Tell whether a cell of this style holds a moment."""
        return style.isdecimal() and int(style) < len(self.is_date) and self.is_date[int(style)]


def read_styles(package: Package, part: str) -> NumberFormats:
    """Return the workbook's cell styles."""
    custom: dict[str, bool] = {}
    styles: list[bool] = []
    inside = False

    def start(tag: str, given: dict[str, str]) -> None:
        nonlocal inside
        if tag == "numFmt":
            custom[given.get("numFmtId", "")] = is_date_format(given.get("formatCode", ""))
        elif tag == "cellXfs":
            inside = True
        elif tag == "xf" and inside:
            number = given.get("numFmtId", "0")
            styles.append(custom.get(number, number.isdecimal() and int(number) in BUILT_IN_DATES))

    def end(tag: str) -> None:
        nonlocal inside
        if tag == "cellXfs":
            inside = False

    package.parse(part, start, end)
    return NumberFormats(tuple(styles))


def is_date_format(code: str) -> bool:
    """Tell whether a number format's first section writes a date or time."""
    bare = NOT_CODE.sub("", code.partition(";")[0])
    return bool(re.search(r"[ymdhs]", bare, re.IGNORECASE)) and "General" not in bare


@dataclass(frozen=True, slots=True)
class CellReader:
    """Turns a cell's stored value into text."""

    shared: list[str]
    formats: NumberFormats
    is_1904: bool

    def text(self, kind: str, style: str, stored: str) -> str:
        """Return the cell's text; `kind` is the cell's `t`, `stored` its value as the file has it."""
        if kind == "s":
            index = int(stored) if stored.isdecimal() else -1
            return unescape(self.shared[index]) if 0 <= index < len(self.shared) else ""
        if kind in ("str", "inlineStr"):
            return unescape(stored)
        if kind == "b":
            return "true" if stored == "1" else "false"
        if kind in ("e", "d"):
            return stored
        if self.formats.shows_date(style):
            return self._moment(stored)
        return plain_number(stored)

    def _moment(self, stored: str) -> str:
        try:
            days = float(stored)
            if not self.is_1904 and days < 61:
                # Excel counts a 29 February 1900 that never was.
                days += 1
            moment = datetime(1904, 1, 1) if self.is_1904 else datetime(1899, 12, 30)  # noqa: DTZ001 - a sheet has no zone
            moment += timedelta(milliseconds=round(days * 86_400_000))
        except (ValueError, OverflowError):
            return stored
        return moment.date().isoformat() if days.is_integer() else moment.isoformat(sep=" ", timespec="auto")


def plain_number(stored: str) -> str:
    """Return a number as it was typed: whole where it is whole and exact, else as stored."""
    if stored.isdecimal() and stored.isascii():
        return stored
    try:
        value = float(stored)
    except ValueError:
        return stored
    if value.is_integer() and abs(value) < EXACT_DIGITS:
        return str(int(value))
    if "e" in stored.lower():
        return stored.upper()
    return repr(value)


def unescape(text: str) -> str:
    """Return the text with Excel's `_x000D_` escapes as the characters they stand for; half a surrogate pair stays."""
    return ESCAPED.sub(_character, text) if "_x" in text else text


def _character(found: re.Match[str]) -> str:
    code = int(found[1], 16)
    return found[0] if 0xD800 <= code <= 0xDFFF else chr(code)


class SheetRows:
    """One reading of a sheet; rows without any text are skipped."""

    def __init__(self, cells: CellReader) -> None:
        self.cells = cells
        self.ready: list[SheetRow] = []
        self.row: dict[int, str] = {}
        self.line = 0
        self.column = -1
        self.kind = self.style = ""
        self.pieces: list[str] = []
        self.size = 0
        self.takes_text = False
        self.in_phonetic = False
        self.formulas = self.merged = 0
        self.path = ""

    def notes(self) -> list[str]:
        """Return what a person should know about the sheet that was read."""
        found = []
        if self.formulas:
            found.append(f"{self.formulas} cells hold formulas; their stored results were read")
        if self.merged:
            found.append(f"{self.merged} ranges are merged; only the first cell of each has the value")
        return found

    def read(self, package: Package, part: str) -> Iterator[SheetRow]:
        """Yield line and cells by column position (0 is A) of each row that has any text."""
        self.path = str(package.path)
        for _ in package.steps(part, self._start, self._end, self._text):
            yield from self.ready
            self.ready.clear()

    def _start(self, tag: str, given: dict[str, str]) -> None:
        if tag == "c":
            self._begin_cell(given)
        elif tag == "v" or (tag == "t" and not self.in_phonetic):
            self.takes_text = True
        elif tag == "row":
            self.line = int(given["r"]) if given.get("r", "").isdecimal() else self.line + 1
            if self.line > ROWS_CAP:
                raise FileRefused("broken_xml", "the sheet numbers a row beyond Excel's own limit", self.path)
            self.row, self.column = {}, -1
        elif tag == "f":
            self.formulas += 1
        elif tag == "rPh":
            self.in_phonetic = True
        elif tag == "mergeCell":
            self.merged += 1

    def _begin_cell(self, given: dict[str, str]) -> None:
        self.column += 1
        letters = given.get("r", "").rstrip("0123456789")
        if letters and letters.isascii() and letters.isalpha() and len(letters) <= 3:
            position = 0
            for letter in letters.upper():
                position = position * 26 + ord(letter) - 64
            self.column = position - 1
        if self.column >= COLUMNS_CAP:
            raise FileRefused("broken_xml", "the sheet has a cell beyond Excel's last column", self.path)
        self.kind, self.style = given.get("t", "n"), given.get("s", "")
        self.pieces.clear()
        self.size = 0

    def _end(self, tag: str) -> None:
        if tag in ("v", "t"):
            self.takes_text = False
        elif tag == "c":
            if self.pieces:
                text = self.cells.text(self.kind, self.style, "".join(self.pieces))
                if text:
                    self.row[self.column] = text
        elif tag == "row":
            if self.row:
                self.ready.append((self.line, self.row))
        elif tag == "rPh":
            self.in_phonetic = False

    def _text(self, piece: str) -> None:
        # A value beyond the cap is a fault anyway: its beginning is enough to say so.
        if self.takes_text and self.size <= FIELD_BYTES_CAP:
            self.pieces.append(piece)
            self.size += len(piece)
