"""One value of a customer: who says what, why one won, and what fixing or releasing it comes to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Final

from apps.golden import selectors as golden
from apps.pipeline.choosing import Candidate, ValueReport
from apps.sources import selectors as sources
from apps.stewardship.screens.words import pin_condition, resting_words, rule_words, title_of

MOST_CANDIDATES: Final = 40
OWN: Final = "own"
NONE: Final = "none"
REASONS: Final = ("Seen on a contract", "Said by the customer", "Official register")
"""What is mostly said; each takes one press."""

_LOST: Final[Mapping[str, str]] = {
    "agreed": "says the same",
    "fits_pin": "disagrees with what is fixed beside it",
    "has_lead": "doesn't give the {leader}, which comes first",
    "most_trusted": "its source is trusted less",
    "most_recent": "changed earlier",
    "most_complete": "less complete",
    "most_frequent": "given by fewer records",
    "verified_first": "its number is checked less well",
    "first_in_order": "equal by every rule; comes later in order of source and key",
}


@dataclass(frozen=True, slots=True)
class Row:
    """A candidate with its place and why it won or lost, in words; `name` is its record as forms send it."""

    name: str
    source: sources.Source
    key: str
    value: str
    modified_at: datetime | None
    rank: int
    verdict: str
    wins: bool
    is_shown: bool


@dataclass(frozen=True, slots=True)
class FieldPage:
    """Everything the page of one value shows. `returns` is what the rules give once nothing is fixed."""

    attribute: str
    title: str
    value: str
    is_known: bool
    rule: str
    source: sources.Source | None
    key: str
    pin: golden.PinRow | None
    condition: str
    resting: tuple[str, ...]
    rows: tuple[Row, ...]
    hidden: int
    returns: str
    returns_rule: str
    block_words: str
    told: tuple[str, ...]
    tomorrow: date
    watches: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Typed:
    """What a person chose and typed so far: kept where it can't be saved yet."""

    choice: str = ""
    own: str = ""
    until: str = "released"
    watch: str = ""
    on: str = ""
    reason: str = ""
    errors: Mapping[str, Sequence[str]] = field(default_factory=dict)


def build_field(report: ValueReport) -> FieldPage:
    """Return the page of one value. No query."""
    value, pin = report.value, report.pin
    title = title_of(report.attribute)
    rows = tuple(_row(candidate, report) for candidate in report.candidates[:MOST_CANDIDATES])
    first = next((row for row in rows if row.wins), rows[0] if rows else None)
    return FieldPage(
        attribute=report.attribute,
        title=title,
        value=value.value if value else "",
        is_known=value is not None,
        rule=rule_words(value.rule) if value else "",
        source=value.source if value else None,
        key=value.source_key if value else "",
        pin=pin,
        condition=pin_condition(pin) if pin else "",
        resting=tuple(resting_words(other) for other in report.pins if other is not pin),
        rows=rows,
        hidden=len(report.candidates) - len(rows),
        returns=report.by_rules.value,
        returns_rule=rule_words(report.by_rules.rule) if report.by_rules.rule else "",
        block_words=_block_words(report),
        told=tuple(report.told),
        tomorrow=datetime.now(UTC).date() + timedelta(days=1),
        watches=tuple((row.name, f"{row.source.name} · {row.key}") for row in _first_then_rest(first, rows)),
    )


def _first_then_rest(first: Row | None, rows: Sequence[Row]) -> list[Row]:
    return [*([first] if first else []), *(row for row in rows if row is not first)]


def _row(candidate: Candidate, report: ValueReport) -> Row:
    wins = candidate.lost_by is None
    words = rule_words(report.by_rules.rule) if wins else _lost_words(candidate, report)
    return Row(
        name=f"{candidate.source.code}:{candidate.key}",
        source=candidate.source,
        key=candidate.key,
        value=candidate.value,
        modified_at=candidate.modified_at,
        rank=candidate.rank,
        verdict=words,
        wins=wins,
        is_shown=report.value is not None and candidate.value.casefold() == report.value.value.casefold(),
    )


def _lost_words(candidate: Candidate, report: ValueReport) -> str:
    words = _LOST.get(candidate.lost_by or "", (candidate.lost_by or "").replace("_", " "))
    return words.format(leader=title_of(report.leader).lower())


def _block_words(report: ValueReport) -> str:
    """Return why a field goes with others, where it does."""
    if report.leader == report.attribute or report.block_from is None:
        return ""
    record = report.block_from
    return (
        f"{title_of(report.attribute)} comes with the {title_of(report.leader).lower()} from one record, "
        f"{record.source.name} {record.key}, so that no address is made of two."
    )
