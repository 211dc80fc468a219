"""Open a file under its mapping, whatever its format, and read it in frames."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from apps.sources.intake.blocks import RawBlock, join_blocks, of_size
from apps.sources.intake.content import detect_encoding, detect_format, file_digest
from apps.sources.intake.csv_reader import open_csv
from apps.sources.intake.frames import FrameBuilder, IntakeBatchFrame
from apps.sources.intake.jsonl_reader import open_jsonl
from apps.sources.intake.mapping import SourceMapping
from apps.sources.intake.parquet_reader import open_parquet
from apps.sources.intake.repeats import Repeats, find_repeats
from apps.sources.intake.xlsx_reader import open_xlsx

BATCH_ROWS = 20_000


class OpenedFile(Protocol):
    """What a format's reader offers: its columns, and its records again and again."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The column names as received."""

    def blocks(self, only: Sequence[str] | None = None) -> Iterator[RawBlock]:
        """Yield the records in blocks; `only` leaves out the other columns."""


class IntakeReader:
    """A file that was found fit to read. `digest` is the SHA-256 of its bytes, `encoding` None for binary formats."""

    def __init__(
        self,
        path: Path,
        mapping: SourceMapping,
        opened: OpenedFile,
        *,
        digest: str,
        kind: str,
        encoding: str | None,
        now: datetime,
    ) -> None:
        self.path = path
        self.mapping = mapping
        self.digest = digest
        self.format = kind
        self.encoding = encoding
        self.columns = opened.columns
        self._opened = opened
        self._now = now
        self._repeats: Repeats | None = None

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know about the file: sheets left out, formulas read by their stored results."""
        return tuple(getattr(self._opened, "notes", ()))

    @property
    def unmapped_columns(self) -> tuple[str, ...]:
        """Columns that the mapping neither uses nor ignores: kept in the raw row, shown as drift."""
        known = {*self.mapping.used_columns(), *self.mapping.ignore}
        return tuple(name for name in self.columns if name not in known)

    @property
    def absent_columns(self) -> tuple[str, ...]:
        """Optional columns of the mapping that this file doesn't have."""
        return tuple(name for name in self.mapping.used_columns() if name not in self.columns)

    def batches(self, start_row: int = 0, size: int = BATCH_ROWS) -> Iterator[IntakeBatchFrame]:
        """Yield frames of `size` records each from record number `start_row` (0 is the first after the header).

        The file is read twice: repeated keys are settled first, so that no frame ever has to be taken back. Raises
        FileRefused where the file turns out to be cut off or broken, before the first frame.
        """
        builder = FrameBuilder(self.mapping, self.columns, self._now)
        if self._repeats is None:
            self._repeats = find_repeats(self._opened.blocks, builder)
        builder.left_out, builder.lookalikes = self._repeats.left_out, self._repeats.lookalikes
        for block in of_size(self._opened.blocks(), start_row, size):
            yield builder.frame(block)

    def whole(self) -> IntakeBatchFrame:
        """Return a small file's records in one frame, repeated keys included: whoever asks settles them."""
        builder = FrameBuilder(self.mapping, self.columns, self._now)
        return builder.frame(join_blocks(list(self._opened.blocks())))


def open_file(path: str | Path, mapping: SourceMapping, *, now: datetime | None = None) -> IntakeReader:
    """Return a reader for the file; FileRefused where the whole file can't be used.

    `now` caps moments of change that lie in the future; it is the present moment unless given.
    """
    file = Path(path)
    digest = file_digest(file)
    kind = detect_format(file, mapping.format)
    encoding = detect_encoding(file, mapping.encoding) if kind in ("csv", "jsonl") else None
    opened = _open(file, kind, encoding or "", mapping)
    return IntakeReader(
        file, mapping, opened, digest=digest, kind=kind, encoding=encoding, now=now or datetime.now(UTC)
    )


def _open(path: Path, kind: str, encoding: str, mapping: SourceMapping) -> OpenedFile:
    if kind == "csv":
        return open_csv(path, encoding, mapping)
    if kind == "jsonl":
        return open_jsonl(path, encoding, mapping)
    if kind == "xlsx":
        return open_xlsx(path, mapping)
    return open_parquet(path, mapping)
