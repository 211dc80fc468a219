"""An Excel workbook as a zip archive of XML parts, opened only after it was found harmless.

The law: nothing in a workbook is run, fetched or expanded. Sizes are judged from the directory before a byte is
unpacked; a document type declaration, where entities would be declared, ends the reading.
"""

import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Self
from xml.parsers import expat

from apps.sources.intake.errors import FileRefused

ENTRIES_CAP = 1_000
UNPACKED_BYTES_CAP = 1 << 30
RATIO_CAP = 100
RATIO_FREE_BYTES = 1 << 20
CHUNK_BYTES = 1 << 16
ARCHIVES = (".zip", ".xlsx", ".xlsm", ".xls", ".docx", ".gz", ".7z", ".rar", ".jar")

Start = Callable[[str, dict[str, str]], None]
End = Callable[[str], None]
Text = Callable[[str], None]


class Package:
    """A workbook's parts by name; use as a context manager."""

    def __init__(self, path: Path) -> None:
        """Open the archive and judge it; FileRefused says what is wrong with it."""
        self.path = path
        try:
            self._zip = zipfile.ZipFile(path)
        # zipfile raises NotImplementedError for an archive version that it doesn't read.
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise FileRefused("truncated", f"the workbook is cut off or broken: {error}", path) from error
        try:
            _judge(self._zip.infolist(), path)
        except FileRefused:
            self._zip.close()
            raise
        self.names = frozenset(self._zip.namelist())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def parse(self, name: str, start: Start, end: End | None = None, text: Text | None = None) -> None:
        """Run a part's XML through the handlers; element names come without their prefix."""
        for _ in self.steps(name, start, end, text):
            pass

    def steps(self, name: str, start: Start, end: End | None = None, text: Text | None = None) -> Iterator[None]:
        """Do what `parse` does, pausing after each chunk, so that a caller can hand on what it has."""
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = lambda tag, given: start(tag.rpartition(":")[2], given)
        if end is not None:
            parser.EndElementHandler = lambda tag: end(tag.rpartition(":")[2])
        if text is not None:
            parser.CharacterDataHandler = text
        parser.StartDoctypeDeclHandler = self._refuse_doctype
        try:
            with self._zip.open(name) as part:
                while chunk := part.read(CHUNK_BYTES):
                    parser.Parse(chunk, False)
                    yield
                parser.Parse(b"", True)
        except expat.ExpatError as error:
            raise FileRefused("broken_xml", f"the part {name} isn't valid XML: {error}", self.path) from error
        # zipfile raises NotImplementedError for a compression that it doesn't know, RuntimeError for an encrypted part.
        except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, NotImplementedError, RuntimeError) as error:
            raise FileRefused("truncated", f"the part {name} is cut off or broken: {error}", self.path) from error
        yield

    def _refuse_doctype(self, *_: object) -> None:
        raise FileRefused("xml_entities", "a part declares a document type, which may hide an entity bomb", self.path)


def _judge(entries: list[zipfile.ZipInfo], path: Path) -> None:
    names = [entry.filename for entry in entries]
    if len(entries) > ENTRIES_CAP:
        raise FileRefused("zip_bomb", f"the archive has {len(entries):,} entries; {ENTRIES_CAP:,} is the most", path)
    packed, unpacked = sum(entry.compress_size for entry in entries), sum(entry.file_size for entry in entries)
    if unpacked > UNPACKED_BYTES_CAP:
        raise FileRefused("zip_bomb", "the archive says it unpacks to more than 1 GB", path)
    for entry_packed, entry_size in [
        (packed, unpacked),
        *((entry.compress_size, entry.file_size) for entry in entries),
    ]:
        if entry_size > RATIO_FREE_BYTES and entry_size > RATIO_CAP * max(entry_packed, 1):
            raise FileRefused("zip_bomb", f"the archive unpacks to more than {RATIO_CAP} times its size", path)
    if len(set(names)) < len(names) or _overlap(entries):
        raise FileRefused("zip_bomb", "entries of the archive share a name or their bytes", path)
    for entry in entries:
        _judge_entry(entry, path)
    if "xl/workbook.xml" not in names:
        raise FileRefused("wrong_content", "this is a zip archive, not an Excel workbook", path)


def _overlap(entries: list[zipfile.ZipInfo]) -> bool:
    ordered = sorted(entries, key=lambda entry: entry.header_offset)
    return any(
        entry.header_offset + 30 + len(entry.filename) + entry.compress_size > following.header_offset
        for entry, following in pairwise(ordered)
    )


def _judge_entry(entry: zipfile.ZipInfo, path: Path) -> None:
    name = entry.filename.lower()
    if entry.flag_bits & 0x1:
        raise FileRefused("encrypted", "the archive is protected by a password; save it without one", path)
    if (
        stat.S_ISLNK(entry.external_attr >> 16)
        or name.startswith(("/", "\\"))
        or ".." in name.replace("\\", "/").split("/")
    ):
        raise FileRefused("unsafe_archive", "an entry of the archive points outside of it", path)
    if name.endswith("vbaproject.bin"):
        raise FileRefused("macros", "the workbook holds macros; save it as .xlsx without them", path)
    if name.startswith("xl/externallinks/"):
        raise FileRefused(
            "external_links", "the workbook takes values from other files; save it with values only", path
        )
    if name.endswith(ARCHIVES):
        raise FileRefused("nested_archive", "the workbook holds another archive", path)
