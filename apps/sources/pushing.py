"""What a system pushes, record by record, read as intake reads a row of a file: no type guessed, nothing lost unsaid.

The law: a push is either one row ready to land or it is unusable with a reason; never both, never none.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pyarrow as pa

from apps.sources.intake.blocks import FIELD_BYTES_CAP, NONCHARACTERS
from apps.sources.intake.dates import FIRST_YEAR, LAST_YEAR, read_moments
from apps.sources.intake.errors import Outcome, RowFault, excerpt
from apps.sources.intake.frames import (
    ERROR_WORD,
    FUTURE_TOLERANCE_MICROSECONDS,
    KEY_CHARACTERS_CAP,
    MANGLED_NUMBER,
)

SEPARATOR: Final = " | "
_MANGLED = re.compile(f"{MANGLED_NUMBER}|{ERROR_WORD}")
_NONCHARACTER = re.compile(f"[{NONCHARACTERS}]")
_PLAIN_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:Z|[+-][0-9]{2}:[0-9]{2})"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FUTURE_TOLERANCE = timedelta(microseconds=FUTURE_TOLERANCE_MICROSECONDS)


@dataclass(frozen=True, slots=True)
class Push:
    """One record as a system sends it: raw values by canonical attribute, several values of one as a list.

    `is_deleted` says that the source no longer has it; `merged_into` names the record of the same source that it was
    merged into there, which is a deletion with a reason. `raw` is the source's own row instead of attributes.
    """

    source_code: str
    key: str
    attributes: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    modified_at: str | None = None
    is_deleted: bool = False
    merged_into: str | None = None
    raw: Mapping[str, Any] | None = None

    @property
    def is_gone(self) -> bool:
        """Say whether the source no longer has the record."""
        return self.is_deleted or self.merged_into is not None


@dataclass(frozen=True, slots=True)
class Row:
    """A push ready to land. `position` counts from 1 within its request."""

    position: int
    source_code: str
    key: str
    modified_at: datetime | None
    raw: str
    given: Mapping[str, str]
    digest: str
    is_gone: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """Pushes as read: rows ready to land, rows that another one of the same key stands for, and faults.

    A fault's `line` is the push's position.
    """

    rows: tuple[Row, ...]
    faults: tuple[RowFault, ...]
    duplicates: tuple[Row, ...] = ()


def read_pushes(pushes: Sequence[tuple[int, Push]], *, now: datetime) -> Reading:
    """Return pushes of attributes, each with its position, as rows and faults. `now` caps moments of change.

    Repeated keys are not settled: see `settle_repeats`.
    """
    moments = _read_moments([push.modified_at for _, push in pushes])
    rows, faults = [], []
    for (position, push), moment in zip(pushes, moments, strict=True):
        work = _Work(position, push)
        row = work.row(moment, now)
        faults += work.faults
        if row is not None:
            rows.append(row)
    return Reading(tuple(rows), tuple(faults))


def settle_repeats(rows: Sequence[Row], faults: Sequence[RowFault] = ()) -> Reading:
    """Return one row for each key, settled as intake settles the keys of one file.

    The newest wins; where no moment of change says which of different contents is newer, none is used: the order
    within a request must not decide.
    """
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((row.source_code, row.key), []).append(row)
    kept: list[Row] = []
    duplicates: list[Row] = []
    said = list(faults)
    for group in groups.values():
        winner = group[0] if len({_content(row) for row in group}) == 1 else _newest(group)
        if winner is None:
            said += [_conflict(row, group) for row in group]
            continue
        kept.append(winner)
        duplicates += [row for row in group if row is not winner]
    return Reading(tuple(kept), tuple(said), tuple(duplicates))


def _content(row: Row) -> tuple[bool, str]:
    return row.is_gone, row.raw


def _newest(group: Sequence[Row]) -> Row | None:
    moments = [row.modified_at for row in group if row.modified_at is not None]
    if len(moments) < len(group):
        return None
    newest = [row for row in group if row.modified_at == max(moments)]
    return newest[0] if len({_content(row) for row in newest}) == 1 else None


def _conflict(row: Row, group: Sequence[Row]) -> RowFault:
    places = ", ".join(str(other.position) for other in group[:10])
    words = f"records {places} give one key different content, and no moment of change says which is newer"
    return RowFault(row.position, "key", "key_conflict", words, excerpt(row.raw))


def digest_of_raw(raw: str) -> str:
    """Return the fingerprint of a raw row, as intake makes it."""
    return hashlib.md5(raw.encode(), usedforsecurity=False).hexdigest()


def canonical(value: object) -> str:
    """Return JSON with sorted names, so that another order of members is the same content."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class _Moment:
    at: datetime | None
    is_unparsable: bool = False
    is_out_of_range: bool = False


def _read_moments(texts: list[str | None]) -> list[_Moment]:
    """Return the moments in ISO 8601 and the other spellings that intake reads without a declared format."""
    plain = [_read_plain_moment(text) for text in texts]
    if None not in plain:
        return [moment for moment in plain if moment is not None]
    read = read_moments(pa.array(texts, pa.string()), pattern=None, zone="UTC")
    return [
        _Moment(
            None if empty or unparsable else _EPOCH + timedelta(microseconds=int(micros)),
            bool(unparsable and not out),
            bool(out),
        )
        for micros, empty, unparsable, out in zip(
            read.micros.tolist(), read.empty, read.unparsable, read.out_of_range, strict=True
        )
    ]


def _read_plain_moment(text: str | None) -> _Moment | None:
    """Return the moment that is missing or written in full, as systems write it; None where it takes a closer look."""
    if text is None:
        return _Moment(None)
    if not _PLAIN_MOMENT.fullmatch(text):
        return None
    try:
        moment = datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return _Moment(moment) if FIRST_YEAR < moment.year < LAST_YEAR else None


class _Work:
    """One push on its way to a row, and what is to be said about it."""

    def __init__(self, position: int, push: Push) -> None:
        self.position = position
        self.push = push
        self.faults: list[RowFault] = []

    def row(self, moment: _Moment, now: datetime) -> Row | None:
        push = self.push
        raw = canonical(self._received())
        reason = self._why_unusable_key() or self._why_unusable_moment(moment) or self._why_unusable_values()
        if reason is not None:
            column, code, words = reason
            self._say(column, code, words, Outcome.QUARANTINED, raw)
            return None
        at = moment.at
        if at is not None and at > now + _FUTURE_TOLERANCE:
            words = "the moment of change lies in the future; taken as now"
            self._say("modified_at", "future_date", words, Outcome.KEPT, raw)
            at = now
        if push.is_gone:
            return Row(self.position, push.source_code, push.key, at, raw, {}, "", is_gone=True)
        given = self._given(raw)
        return Row(self.position, push.source_code, push.key, at, raw, given, digest_of_raw(raw), is_gone=False)

    def _received(self) -> dict[str, Any]:
        push = self.push
        received: dict[str, Any] = {} if push.is_gone else dict(push.attributes)
        if push.modified_at is not None:
            received["modified_at"] = push.modified_at
        if push.merged_into is not None:
            received["merged_into"] = push.merged_into
        return received

    def _why_unusable_key(self) -> tuple[str, str, str] | None:
        key = self.push.key
        if not key.strip():
            return "key", "missing_key", "the record has no key"
        if _MANGLED.fullmatch(key):
            return "key", "mangled_key", "a spreadsheet has turned the key into something else; send it as it was"
        if len(key) > KEY_CHARACTERS_CAP:
            return "key", "key_too_long", f"the key has more than {KEY_CHARACTERS_CAP} characters"
        if _NONCHARACTER.search(key):
            return "key", "noncharacter", "the key holds a code point that Unicode keeps free of characters"
        if self.push.merged_into == key:
            return "merged_into", "merged_into_itself", "a record can't be merged into itself"
        return None

    def _why_unusable_moment(self, moment: _Moment) -> tuple[str, str, str] | None:
        if moment.is_out_of_range:
            return "modified_at", "date_out_of_range", f"the year lies outside {FIRST_YEAR} to {LAST_YEAR}"
        if moment.is_unparsable:
            return "modified_at", "bad_date", "the moment of change is no real date in ISO 8601"
        return None

    def _why_unusable_values(self) -> tuple[str, str, str] | None:
        if self.push.is_gone:
            return None
        for name, value in self.push.attributes.items():
            for text in [value] if isinstance(value, str) else value:
                if len(text.encode()) > FIELD_BYTES_CAP:
                    return name, "field_too_long", f"the value is longer than {FIELD_BYTES_CAP:,} bytes"
                if _NONCHARACTER.search(text):
                    words = "the value holds a code point that Unicode keeps free of characters"
                    return name, "noncharacter", words
        return None

    def _given(self, raw: str) -> dict[str, str]:
        given = {}
        for name, value in self.push.attributes.items():
            texts = [value] if isinstance(value, str) else list(value)
            kept = [text for text in texts if not _MANGLED.fullmatch(text)]
            if len(kept) < len(texts):
                words = "a spreadsheet has mangled the value; it is left out"
                self._say(name, "mangled_value", words, Outcome.KEPT, raw)
            joined = SEPARATOR.join(text for text in (text.strip() for text in kept) if text)
            if joined:
                given[name] = joined
        return given

    def _say(self, column: str, code: str, words: str, outcome: Outcome, raw: str) -> None:
        self.faults.append(RowFault(self.position, column, code, words, excerpt(raw), outcome))
