from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from apps.sources.intake import IntakeReader, RowFault, SourceMapping, open_file
from apps.sources.intake.mapping import mapping_from_document

NOW = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
ACCOUNTS: dict[str, Any] = {"key": "Id", "modified_at": "Changed", "columns": {"name": "Name", "city": "City"}}


@dataclass(frozen=True)
class Taken:
    """All that a file gave: the rows of all frames as dictionaries, and all faults."""

    reader: IntakeReader
    rows: list[dict[str, Any]]
    faults: list[RowFault]

    def keys(self) -> list[str]:
        return [row["source_key"] for row in self.rows]

    def codes(self) -> list[tuple[int, str]]:
        return [(fault.line, fault.code) for fault in self.faults]


Take = Callable[..., Taken]


def accounts(**changes: Any) -> SourceMapping:
    """The mapping of the samples, with settings changed."""
    return mapping_from_document({**ACCOUNTS, **changes}, name="accounts.toml")


@pytest.fixture
def take(tmp_path: Path) -> Take:
    """Write content to a file, read it to its end, and return what came of it."""

    def read(content: bytes | str, name: str = "accounts.csv", size: int = 7, **changes: Any) -> Taken:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return taken(path, accounts(**changes), size)

    return read


def taken(path: Path, mapping: SourceMapping, size: int = 7) -> Taken:
    reader = open_file(path, mapping, now=NOW)
    frames = list(reader.batches(size=size))
    faults = [fault for frame in frames for fault in frame.faults]
    rows = [row for frame in frames for row in frame.rows.to_pylist()]
    settled = sum(fault.outcome != "kept" for fault in faults)
    # The one law of intake: each record is one row or one fault that sets it aside.
    assert len(rows) + settled == (frames[-1].next_row if frames else 0)
    return Taken(reader, rows, faults)
