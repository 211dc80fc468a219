"""Pushes of a system's own rows, read through the mapping that reads its files: the same row gives the same version."""

import json
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from apps.base.errors import Conflict, Invalid
from apps.sources.intake import FileRefused, Outcome, SourceMapping, open_file
from apps.sources.landing import with_given
from apps.sources.pushing import Push, Reading, Row
from apps.sources.selectors import find_stored_mapping


class NoMapping(Conflict):
    """The source has no stored mapping: no file of it was ever read."""

    code = "source.no_mapping"
    title = "The source has no mapping"


class RawUnusable(Invalid):
    """None of the rows can be read through the source's mapping."""

    code = "source.raw_unusable"
    status = 422
    title = "The rows don't fit the source's mapping"


def read_raw_pushes(source_code: str, pushes: Sequence[tuple[int, Push]], *, now: datetime) -> Reading:
    """Return one source's raw pushes, each with its position, as rows and faults.

    Raises NoMapping (409) and RawUnusable (422). Repeated keys are not settled.
    """
    stored = find_stored_mapping(source_code)
    if stored is None:
        raise NoMapping(
            f"No file of {source_code!r} was loaded yet, so no mapping is stored. Send attributes instead of raw.",
            source=source_code,
        )
    # The mapping was written for the system's files; a push has the same columns in another format.
    mapping = replace(stored, format="jsonl", encoding=None, delimiter=None, sheet=None, mode="delta")
    return _read(source_code, pushes, mapping, now)


def _read(source_code: str, pushes: Sequence[tuple[int, Push]], mapping: SourceMapping, now: datetime) -> Reading:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pushed.jsonl"
        path.write_text("".join(json.dumps(push.raw) + "\n" for _, push in pushes), encoding="utf-8")
        try:
            frame = open_file(path, mapping, now=now).whole()
        except FileRefused as refusal:
            raise RawUnusable(refusal.reason, source=source_code, reason=refusal.code) from refusal
    position_of = {line: position for line, (position, _) in enumerate(pushes, start=1)}
    rows = tuple(
        Row(
            position=position_of[row["line"]],
            source_code=source_code,
            key=row["key"],
            modified_at=row["modified_at"],
            raw=row["raw"],
            given=json.loads(row["given"]),
            digest=row["digest"],
            is_gone=False,
        )
        for row in with_given(frame.rows).to_pylist()
    )
    faults = tuple(replace(fault, line=position_of[fault.line]) for fault in frame.faults)
    # Without settled repeats there is nothing superseded: a fault is of a row set aside or of one that was kept.
    assert all(fault.outcome is not Outcome.SUPERSEDED for fault in faults)
    return Reading(rows, faults)
