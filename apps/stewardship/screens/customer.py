"""The customer page: its head, and the tabs Summary, Sources and Company codes."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from apps.cases import selectors as cases
from apps.delivery import selectors as delivery
from apps.golden import selectors as golden
from apps.legal import selectors as legal
from apps.sources import selectors as sources
from apps.stewardship.screens.words import (
    GROUPS,
    group_attributes,
    membership_words,
    pin_condition,
    resting_words,
    rule_words,
    title_of,
)

MOST_COLUMNS = 8
MOST_MEMBERS = 200
LATEST = 5
MOST_WRITE_BACKS = 8


@dataclass(frozen=True, slots=True)
class SourceCount:
    """A source that knows the customer, and by how many records."""

    source: sources.Source
    count: int


@dataclass(frozen=True, slots=True)
class Head:
    """What stands above every tab."""

    customer: golden.Customer
    members: tuple[golden.Member, ...]
    sources: tuple[SourceCount, ...]
    open_cases: tuple[cases.CaseRow, ...]
    place: str

    @property
    def filled(self) -> int:
        """How many fields have a value."""
        return sum(bool(value.value) for value in self.customer.values)

    @property
    def fields(self) -> int:
        """How many fields the pages know, with what else the customer has."""
        return len({name for names in GROUPS.values() for name in names} | {v.attribute for v in self.customer.values})

    @property
    def protected(self) -> int:
        """How many values a person fixed."""
        return sum(value.pin_id is not None for value in self.customer.values)


@dataclass(frozen=True, slots=True)
class Field:
    """A value with the record it came from, the rule in words, when the source said it, and who says otherwise.

    `condition` says until when a fixed value holds; `resting` tells of pins that don't hold.
    """

    title: str
    value: str
    source: sources.Source | None
    key: str
    rule: str
    is_pinned: bool
    said_at: datetime | None
    others: int
    condition: str = ""
    fixed_by: str = ""
    resting: tuple[str, ...] = ()
    attribute: str = ""


@dataclass(frozen=True, slots=True)
class WriteBack:
    """Whether one source record carries the customer's id yet."""

    source: sources.Source
    key: str
    state: str
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Cell:
    """What one record says of one attribute; `wins` where the customer's value came from it."""

    value: str
    wins: bool
    agrees: bool


@dataclass(frozen=True, slots=True)
class GridRow:
    """One attribute over all records."""

    title: str
    result: str
    is_pinned: bool
    cells: tuple[Cell, ...]
    disagrees: bool
    rule: str
    attribute: str


@dataclass(frozen=True, slots=True)
class Column:
    """One source record of the customer."""

    source: sources.Source
    key: str
    modified_at: datetime | None
    since: datetime
    reason: str
    wins: tuple[str, ...]
    name: str

    @property
    def token(self) -> str:
        """The record as forms name it."""
        return f"{self.source.code}:{self.key}"


@dataclass(frozen=True, slots=True)
class Grid:
    """Source records beside each other; `is_wide` where there are too many for columns."""

    columns: tuple[Column, ...]
    groups: tuple[tuple[str, tuple[GridRow, ...]], ...]
    is_wide: bool
    hidden: int


def build_head(customer: golden.Customer, *, with_cases: bool = True) -> Head:
    """Return what stands above every tab of a customer. At most three queries."""
    members = tuple(golden.list_members(customer.gid, limit=MOST_MEMBERS)) if customer.member_count else ()
    found = cases.list_open_cases_of([member.record_id for member in members]) if with_cases and members else []
    return Head(
        customer=customer,
        members=members,
        sources=count_sources(members),
        open_cases=tuple(found),
        place=", ".join(text for text in (customer.city, customer.country) if text),
    )


def count_sources(members: Iterable[golden.Member]) -> tuple[SourceCount, ...]:
    """Return the sources of these members by code, each with how many there are. No query."""
    counts = Counter(member.source for member in members)
    return tuple(SourceCount(source, counts[source]) for source in sorted(counts, key=lambda row: row.code))


def build_summary(
    head: Head, given: dict[int, sources.Given] | None = None, pins: Sequence[golden.PinRow] | None = None
) -> list[tuple[str, list[Field]]]:
    """Return the customer's values by group, in the pages' order. At most seven queries; three without pins.

    What the records say and what is fixed is as of now, unless `given` and `pins` say otherwise.
    """
    given = sources.list_given(member.record_id for member in head.members) if given is None else given
    rows = {row.attribute: row for row in golden.describe_values(head.customer.values, head.members)}
    pins = golden.list_pins(head.customer.gid) if pins is None else pins
    return [(name, [_field(rows[a], given, pins) for a in attributes]) for name, attributes in group_attributes(rows)]


def list_write_backs(head: Head) -> list[WriteBack]:
    """Return the state of the id in each source record's system. One query."""
    lines = delivery.find_ledger_lines(member.record_id for member in head.members)
    return [
        WriteBack(member.source, member.key, lines[member.record_id].state, lines[member.record_id].changed_at)
        for member in head.members
        if member.record_id in lines
    ]


@dataclass(frozen=True, slots=True)
class SystemState:
    """How many of a source's records carry the id, are waiting for it, and carry another or were given up."""

    source: sources.Source
    done: int
    waiting: int
    wrong: int


def count_write_backs(rows: Iterable[WriteBack]) -> list[SystemState]:
    """Return the state of the customer's id in each system, for more records than a list can show. No query."""
    states: dict[sources.Source, Counter[str]] = defaultdict(Counter)
    for row in rows:
        kind = {"acknowledged": "done", "drifted": "wrong", "dead": "wrong", "withdrawn": "gone"}.get(row.state)
        states[row.source][kind or "waiting"] += 1
    return [SystemState(source, n["done"], n["waiting"], n["wrong"]) for source, n in states.items()]


def build_grid(head: Head, given: dict[int, sources.Given] | None = None) -> Grid:
    """Return the customer's source records beside each other; they say what they do now, or `given`. One query."""
    given = sources.list_given(member.record_id for member in head.members) if given is None else given
    values = {value.attribute: value for value in head.customer.values}
    shown = [member for member in head.members if member.record_id in given]
    wins: dict[int, list[str]] = defaultdict(list)
    for value in values.values():
        wins[value.record_id].append(title_of(value.attribute))
    columns = tuple(_column(member, given[member.record_id], wins[member.record_id]) for member in shown)
    is_wide = len(shown) > MOST_COLUMNS
    present = {name for member in shown for name, text in given[member.record_id].given.items() if text} | values.keys()
    groups = () if is_wide else tuple(
        (name, tuple(_grid_row(a, values.get(a), [given[m.record_id] for m in shown]) for a in attributes))
        for name, attributes in group_attributes(present)
    )  # fmt: skip
    return Grid(columns, groups, is_wide, head.customer.member_count - len(shown))


@dataclass(frozen=True, slots=True)
class CompanyPage:
    """The legal entity with its identifiers, each with who gave it, and the company extensions."""

    entity: legal.Entity | None
    identifiers: tuple[tuple[legal.IdentifierRow, golden.Member | None], ...]
    extensions: tuple[legal.Extension, ...]


def build_company_page(head: Head) -> CompanyPage:
    """Return the legal side of a customer. At most five queries."""
    gid = head.customer.gid
    members = {member.record_id: member for member in head.members}
    return CompanyPage(
        entity=legal.find_legal_entity(gid),
        identifiers=tuple((row, members.get(row.record_id)) for row in legal.list_identifiers(gid)),
        extensions=tuple(legal.list_company_codes(gid)),
    )


@dataclass(frozen=True, slots=True)
class Latest:
    """One of the newest things that happened to a customer: what in words, who, when, and the fields it changed."""

    what: str
    who: str
    at: datetime
    fields: tuple[str, ...]


_KINDS = {"created": "Created this customer", "changed": "Changed", "deleted": "Removed this customer's row"}


def list_latest(gid: str) -> list[Latest]:
    """Return the newest things that happened to a customer, newest first. One query."""
    return [
        Latest(
            what="Changed who belongs here" if row.kind == "changed" and not row.changes else _KINDS[row.kind],
            who=row.actor,
            at=row.at,
            fields=tuple(title_of(change.attribute) for change in row.changes) if row.kind == "changed" else (),
        )
        for row in golden.list_latest_changes(gid, limit=LATEST)
    ]


def _field(row: golden.ValueRow, given: dict[int, sources.Given], pins: Iterable[golden.PinRow]) -> Field:
    said = given.get(row.record_id)
    own = [pin for pin in pins if pin.attribute == row.attribute]
    held = next((pin for pin in own if pin.pin_id == row.pin_id), None)
    others = sum(
        1
        for record in given.values()
        if (text := record.given.get(row.attribute, "")) and text.casefold() != row.value.casefold()
    )
    return Field(
        title=title_of(row.attribute),
        value=row.value,
        source=row.source,
        key=row.source_key,
        rule=rule_words(row.rule),
        is_pinned=not row.record_id,
        said_at=said.modified_at if said else None,
        others=others,
        condition=pin_condition(held) if held else "",
        fixed_by=f"{held.pinned_by}: {held.reason}" if held else "",
        resting=tuple(resting_words(pin) for pin in own if pin is not held),
        attribute=row.attribute,
    )


def _column(member: golden.Member, given: sources.Given, wins: Sequence[str]) -> Column:
    return Column(
        source=member.source,
        key=member.key,
        modified_at=given.modified_at,
        since=member.since,
        reason=membership_words(member.reason),
        wins=tuple(wins),
        name=given.given.get("name", ""),
    )


def _grid_row(attribute: str, value: golden.Value | None, records: Sequence[sources.Given]) -> GridRow:
    cells = tuple(_cell(record.given.get(attribute, ""), value, record.record_id) for record in records)
    said = {cell.value.casefold() for cell in cells if cell.value}
    return GridRow(
        title=title_of(attribute),
        result=value.value if value else "",
        is_pinned=value is not None and not value.record_id,
        cells=cells,
        disagrees=len(said) > 1,
        rule=rule_words(value.rule) if value else "",
        attribute=attribute,
    )


def _cell(text: str, value: golden.Value | None, record_id: int) -> Cell:
    return Cell(
        value=text,
        wins=value is not None and value.record_id == record_id,
        agrees=value is not None and text.casefold() == value.value.casefold(),
    )
