"""What became of a customer: its own history and that of its members, newest first."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from django.db.models import Q, Subquery

from apps.golden.models import GoldenRecord, Membership, Move
from apps.golden.selectors.members import Member
from apps.golden.selectors.values import Value, read_values
from apps.sources import selectors as sources


class _GoldenEntry(Protocol):
    """A row of the golden records' history; the package makes its class at run time."""

    state: str
    version: int
    rules_version: int
    member_count: int
    history_date: datetime
    values: Mapping[str, Mapping[str, Any]]


class _MembershipEntry(Protocol):
    """A row of the memberships' history."""

    record_id: int
    golden_id: int
    history_type: str
    rules_version: int


@dataclass(frozen=True, slots=True)
class Change:
    """One attribute before and after; an empty text stands for no value.

    `pin_id` is the pin that fixed what came after, 0 where none began to hold with this change.
    """

    attribute: str
    before: str
    after: str
    pin_id: int = 0


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One thing that happened to a customer: when, who did it, why, in which run (0: outside a run).

    `kind` is created, changed, deleted, joined, stayed or left; the last three speak of the source record named.
    """

    at: datetime
    kind: str
    actor: str
    reason: str
    run_id: int
    version: int | None
    changes: tuple[Change, ...]
    record_id: int | None
    source_code: str
    source_key: str
    rules_version: int = 0


@dataclass(frozen=True, slots=True)
class PastState:
    """A customer as it was: since when, its version, the rules that made it, and its values."""

    since: datetime
    state: str
    version: int
    rules_version: int
    member_count: int
    values: tuple[Value, ...]


def list_states_at(gid: str, moments: Sequence[datetime]) -> list[PastState | None]:
    """Return what a customer was at each moment, None where it was not there yet. One query, one more per moment."""
    golden_id = GoldenRecord.objects.filter(gid=gid).values_list("pk", flat=True).first()
    found: list[PastState | None] = []
    for at in moments:
        rows = GoldenRecord.history.filter(id=golden_id, history_date__lte=at).order_by("-history_id")
        entry: _GoldenEntry | None = rows.first()
        found.append(_state(entry) if entry else None)
    return found


def _state(entry: _GoldenEntry) -> PastState:
    return PastState(
        since=entry.history_date,
        state=entry.state,
        version=entry.version,
        rules_version=entry.rules_version,
        member_count=entry.member_count,
        values=read_values(entry.values),
    )


def list_history(gid: str, *, limit: int = 200) -> list[HistoryRow]:
    """Return the newest `limit` history rows of a customer and its memberships, newest first.

    Memberships are those of source records that belong to it now, took part in one of its moves, or once gave it a
    value. At most six queries, whatever the number of rows.
    """
    golden_id = GoldenRecord.objects.filter(gid=gid).values_list("pk", flat=True).first()
    if golden_id is None:
        return []
    own, record_ids = _list_own(golden_id, limit)
    record_ids |= _list_passing(golden_id)
    rows = [*own, *_list_memberships(golden_id, record_ids, limit)]
    newest = sorted(rows, key=lambda row: row.at, reverse=True)[:limit]
    return _name_records(newest)


def list_latest_changes(gid: str, *, limit: int = 5) -> list[HistoryRow]:
    """Return the newest rows of a customer's own history, its members' left out, newest first. One query."""
    return _list_own(Subquery(GoldenRecord.objects.filter(gid=gid).values("pk")[:1]), limit)[0]


def _list_own(golden_id: int | Subquery, limit: int) -> tuple[list[HistoryRow], set[int]]:
    """Return the golden record's own history and the source records its values came from."""
    entries = list(GoldenRecord.history.filter(id=golden_id).order_by("-history_id")[: limit + 1])
    before_each = [*entries[1:], None]
    record_ids = {value.record_id for entry in entries for value in read_values(entry.values)} - {0}
    rows = []
    for entry, before in zip(entries[:limit], before_each, strict=False):
        kind = {"+": "created", "~": "changed", "-": "deleted"}[entry.history_type]
        rows.append(
            HistoryRow(
                at=entry.history_date,
                kind=kind,
                actor=entry.history_actor,
                reason=entry.history_change_reason or "",
                run_id=entry.history_run,
                version=entry.version,
                changes=tuple(_changes(_facts(before), _facts(entry), _pins(before), _pins(entry)))
                if kind != "deleted"
                else (),
                record_id=None,
                source_code="",
                source_key="",
                rules_version=entry.rules_version,
            )
        )
    return rows, record_ids


def list_members_at(gid: str, at: datetime, *, limit: int) -> list[Member]:
    """Return the source records that belonged to a customer at a moment, ascending, each as it belonged then.

    Known are those that `list_history` knows. At most six queries.
    """
    golden_id = GoldenRecord.objects.filter(gid=gid).values_list("pk", flat=True).first()
    if golden_id is None:
        return []
    known = _list_own(golden_id, limit)[1] | _list_passing(golden_id)
    rows = Membership.history.filter(record_id__in=known, history_date__lte=at)
    latest = rows.order_by("record_id", "-history_id").distinct("record_id")
    here = {entry.record_id: entry for entry in latest if _held(entry) == golden_id}
    records = sources.list_records(sorted(here)[:limit])
    return [
        Member(
            record_id=record_id,
            source=record.source,
            key=record.key,
            state=record.state,
            since=here[record_id].since,
            reason=here[record_id].reason,
            score=here[record_id].score,
            verdict_id=here[record_id].verdict_id,
            run_id=here[record_id].run_id,
        )
        for record_id, record in sorted(records.items())
    ]


def _list_passing(golden_id: int) -> set[int]:
    """Return the source records that belong to a customer now or took part in one of its moves. Two queries."""
    found = set(Membership.objects.filter(golden_id=golden_id).values_list("record_id", flat=True))
    for moved in Move.objects.filter(Q(golden_id=golden_id) | Q(other_id=golden_id)).values_list("record_ids"):
        found |= set(moved[0])
    return found


def _facts(entry: _GoldenEntry | None) -> dict[str, str]:
    if entry is None:
        return {}
    return {"state": entry.state} | {value.attribute: value.value for value in read_values(entry.values)}


def _pins(entry: _GoldenEntry | None) -> dict[str, int]:
    """Return the pin that holds each value that a person fixed."""
    return {value.attribute: value.pin_id for value in read_values(entry.values) if value.pin_id} if entry else {}


def _changes(
    before: Mapping[str, str], after: Mapping[str, str], pins_before: Mapping[str, int], pins: Mapping[str, int]
) -> Iterable[Change]:
    # A customer that is gone has lost every value; saying so of each would bury what happened.
    gone = after["state"] != GoldenRecord.State.LIVE
    for attribute in ["state"] if gone else sorted(before.keys() | after.keys()):
        old, new = before.get(attribute, ""), after.get(attribute, "")
        pin = pins.get(attribute, 0)
        # A pin may fix the very value that the rules had chosen.
        began = pin if pin != pins_before.get(attribute, 0) else 0
        if old != new or began:
            yield Change(attribute, old, new, began)


def _list_memberships(golden_id: int, record_ids: set[int], limit: int) -> list[HistoryRow]:
    # Every row of these records is read, since a record that left for another customer says so in its next row.
    entries = Membership.history.filter(record_id__in=record_ids).order_by("record_id", "history_id")
    rows = []
    before: _MembershipEntry | None = None
    for entry in entries[: 20 * limit]:
        was_here = before is not None and before.record_id == entry.record_id and _held(before) == golden_id
        is_here = _held(entry) == golden_id
        before = entry
        if not was_here and not is_here:
            continue
        rows.append(
            HistoryRow(
                at=entry.history_date,
                kind="joined" if not was_here else "stayed" if is_here else "left",
                actor=entry.history_actor,
                reason=entry.history_change_reason or "",
                run_id=entry.history_run,
                version=None,
                changes=(),
                record_id=entry.record_id,
                source_code="",
                source_key="",
                rules_version=entry.rules_version,
            )
        )
    return rows


def _held(entry: _MembershipEntry) -> int | None:
    return None if entry.history_type == "-" else entry.golden_id


def _name_records(rows: list[HistoryRow]) -> list[HistoryRow]:
    records = sources.list_records({row.record_id for row in rows if row.record_id is not None})
    named = []
    for row in rows:
        record = records.get(row.record_id) if row.record_id is not None else None
        named.append(replace(row, source_code=record.source.code, source_key=record.key) if record else row)
    return named
