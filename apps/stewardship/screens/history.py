"""What happened to a customer: who did what when and why, any two points compared, and the customer as it once was."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby

from apps.golden import selectors as golden
from apps.matching import selectors as matching
from apps.stewardship.screens.lanes import Lanes, build_lanes
from apps.stewardship.screens.words import group_attributes, title_of

HISTORY_ROWS = 100
_TOGETHER = timedelta(seconds=1)
"""What one transaction writes is no further apart."""
_KINDS = {
    "created": "Created this customer",
    "changed": "Changed",
    "deleted": "Removed this customer's row",
    "joined": "Added",
    "left": "Took out",
}
_VERBS = {"merged": "Merged with", "split": "Split from", "transferred": "Moved records with", "revived": "Revived"}


@dataclass(frozen=True, slots=True)
class Changed:
    """One value before and after; `sign` is + for added, ~ for changed, − for removed."""

    attribute: str
    sign: str
    title: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing that happened to a customer: when, who, what in words, and what it changed.

    `decision` is the number of the decision behind it, 0 for none; `may_undo` says that the reader may take it back.
    `to_release` are the attributes, with their titles, whose value it fixed and still holds.
    `is_point` marks what made a new version, so that two of them can be compared.
    """

    at: datetime
    who: str
    what: str
    reason: str
    run_id: int
    rules_version: int
    changes: tuple[Changed, ...]
    records: tuple[str, ...] = ()
    decision: int = 0
    may_undo: bool = False
    is_point: bool = False
    to_release: tuple[tuple[str, str], ...] = ()

    @property
    def moment(self) -> str:
        """The instant as an address carries it."""
        return self.at.isoformat()


@dataclass(frozen=True, slots=True)
class Filter:
    """What is shown of a history: the changes of one field, the doings of one person; empty for all."""

    attribute: str = ""
    actor: str = ""


@dataclass(frozen=True, slots=True)
class History:
    """The rows, newest first, what they can be narrowed by, and the lanes of the records."""

    rows: tuple[Happening, ...]
    shown: Filter
    attributes: tuple[tuple[str, str], ...]
    actors: tuple[str, ...]
    lanes: Lanes | None

    @property
    def has_two(self) -> bool:
        """Whether there are two points to compare."""
        return sum(row.is_point for row in self.rows) > 1


@dataclass(frozen=True, slots=True)
class ComparedRow:
    """One attribute at two points."""

    title: str
    before: str
    after: str
    sign: str


@dataclass(frozen=True, slots=True)
class Compared:
    """A customer at two points, earlier first; None where it was not there yet."""

    moments: tuple[datetime, datetime]
    states: tuple[golden.PastState | None, golden.PastState | None]
    rows: tuple[ComparedRow, ...]


def build_history(
    customer: golden.Customer, shown: Filter, *, undoable: Collection[int] = (), undoes_any: bool = False
) -> History:
    """Return what happened to a customer, newest first. At most eight queries, one more for `undoes_any`.

    `undoable` are the standing decisions that the reader may take back; `undoes_any` lets them take back every one.
    """
    gid = customer.gid
    moves = [move for move in golden.list_moves(gid) if move.other]
    rows = [
        row
        for row in golden.list_history(gid, limit=HISTORY_ROWS)
        if row.kind != "stayed" and (row.changes or row.kind != "changed")
    ]
    told = [_tell_move(move, gid) for move in moves]
    holding = {value.pin_id for value in customer.values if value.pin_id}
    for _, alike in groupby(rows, key=lambda row: (row.kind, row.actor, row.reason, row.run_id, row.record_id is None)):
        told += _tell(list(alike), holding, moves)
    told.sort(key=lambda row: row.at, reverse=True)
    mine = _standing(record for move in moves for record in move.record_ids) if undoes_any and moves else set(undoable)
    told = [replace(row, may_undo=row.decision in mine) for row in told]
    attributes = {change.attribute: change.title for row in told for change in row.changes}
    return History(
        rows=tuple(_narrow(told, shown)),
        shown=shown,
        attributes=tuple(sorted(attributes.items(), key=lambda item: item[1])),
        actors=tuple(sorted({row.who for row in told})),
        lanes=build_lanes(rows),
    )


def compare_moments(gid: str, one: datetime, other: datetime) -> Compared:
    """Return what differs between two points in time, whichever is named first. Three queries."""
    moments = (min(one, other), max(one, other))
    before, after = golden.list_states_at(gid, moments)
    old, new = (_texts(state) for state in (before, after))
    rows = [
        ComparedRow(title_of(name), old.get(name, ""), new.get(name, ""), _sign(old.get(name, ""), new.get(name, "")))
        for _, names in group_attributes(old.keys() | new.keys())
        for name in names
    ]
    return Compared(moments, (before, after), tuple(rows))


def _texts(state: golden.PastState | None) -> dict[str, str]:
    return {value.attribute: value.value for value in state.values} if state else {}


def _standing(record_ids: Iterable[int]) -> set[int]:
    return {row.verdict_id for row in matching.list_live_verdicts(record_ids)}


def _narrow(rows: Iterable[Happening], shown: Filter) -> Iterable[Happening]:
    for row in rows:
        changes = tuple(change for change in row.changes if shown.attribute in ("", change.attribute))
        if (shown.attribute and not changes) or shown.actor not in ("", row.who):
            continue
        yield replace(row, changes=changes)


def _tell(
    rows: Sequence[golden.HistoryRow], holding: Collection[int], moves: Sequence[golden.MoveRow]
) -> list[Happening]:
    """Return one happening for records that came or went together, one each for everything else."""
    if rows[0].record_id is None:
        return [_tell_fixing(_happening(row, "", ()), row, holding, moves) for row in rows]
    records = tuple(f"{row.source_code} {row.source_key}" for row in rows)
    return [_happening(rows[0], f" {len(rows)} source record{'s' if len(rows) > 1 else ''}", records)]


def _happening(row: golden.HistoryRow, what: str, records: tuple[str, ...]) -> Happening:
    return Happening(
        at=row.at,
        who=row.actor,
        what=f"{_KINDS.get(row.kind, row.kind.capitalize())}{what}",
        reason=row.reason,
        run_id=row.run_id,
        rules_version=row.rules_version,
        changes=tuple(_changes(row.changes)),
        records=records,
        is_point=row.record_id is None and row.kind in ("created", "changed"),
    )


def _tell_fixing(
    told: Happening, row: golden.HistoryRow, holding: Collection[int], moves: Sequence[golden.MoveRow]
) -> Happening:
    """Name what was fixed, and what of it is fixed by the same pin to this day."""
    fixed = [change for change in row.changes if change.pin_id]
    # What came with a merge or a split goes with it: that row is the one to undo.
    came_along = any(move.actor == row.actor and abs(move.at - row.at) < _TOGETHER for move in moves)
    if not fixed or came_along or row.kind != "changed":
        return told
    return replace(
        told,
        what=f"Fixed {', '.join(title_of(change.attribute) for change in fixed)}",
        to_release=tuple((c.attribute, title_of(c.attribute)) for c in fixed if c.pin_id in holding),
    )


def _changes(changes: Iterable[golden.Change]) -> Iterable[Changed]:
    for change in changes:
        sign = _sign(change.before, change.after)
        yield Changed(change.attribute, sign, title_of(change.attribute), change.before, change.after)


def _sign(before: str, after: str) -> str:
    return "" if before == after else "+" if not before else "−" if not after else "~"


def _tell_move(move: golden.MoveRow, gid: str) -> Happening:
    other, called = (move.other, move.other_name) if move.gid == gid else (move.gid, move.name)
    name = f"{called or 'a customer'} ({other})"
    return Happening(
        at=move.at,
        who=move.actor,
        what=f"{_VERBS.get(move.kind, move.kind.capitalize())} {name}",
        reason=move.reason,
        run_id=move.run_id,
        rules_version=0,
        changes=(),
        decision=move.verdict_id or 0,
    )
