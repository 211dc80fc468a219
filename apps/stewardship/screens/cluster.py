"""The cluster page: a record, all that may be one customer with it, and who goes with whom."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from apps.base.actors import Actor
from apps.cases import selectors as cases
from apps.engine.explain import say_bits
from apps.golden.places import Place
from apps.matching.selectors.pairs import score_parts
from apps.pipeline.deciding import After, Outcome, regroup_records
from apps.pipeline.gathering import Gathering
from apps.pipeline.previewing import preview
from apps.sources import selectors as sources
from apps.stewardship.screens.comparing import Verdict, judge_field
from apps.stewardship.screens.graph import Graph, build_graph
from apps.stewardship.screens.words import group_attributes, title_of

MOST_COLUMNS = 6
PAGE = 100
ASIDE, THIS = 0, 1
MOST_GROUPS = 99
KEYED_GROUPS = 9
_TRIED = "shown before it is decided"
_SHOWN = ("name", "street", "city", "country", "vat", "phone")
"""Fields of a record that is a row: what fits one."""


@dataclass(frozen=True, slots=True)
class GroupChoice:
    """A group that records can go to: its number, its name, and how many it has."""

    number: int
    label: str
    count: int

    @property
    def key(self) -> str:
        """The key that sends selected records there; the groups past the ninth have none."""
        return str(self.number) if THIS <= self.number <= KEYED_GROUPS else ""


@dataclass(frozen=True, slots=True)
class Column:
    """One source record, its customer, the group it is in, and its strongest link within that."""

    given: sources.Given
    place: Place
    group: int
    is_subject: bool
    held_by: str

    @property
    def name(self) -> str:
        """What the record calls itself, its key where it doesn't."""
        return self.given.given.get("name", "") or self.given.key


@dataclass(frozen=True, slots=True)
class Cell:
    """What a record says of a field, and how that compares with the record in question."""

    text: str
    verdict: Verdict | None


@dataclass(frozen=True, slots=True)
class FieldLine:
    """A field over all records."""

    title: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class ClusterPage:
    """All records in question with their groups; `shown` are those of this page of the list.

    `lines` is empty where there are more records than columns fit. `hidden` are the groups of records of other pages.
    """

    subject: Column
    customers: int
    records: int
    choices: tuple[GroupChoice, ...]
    shown: tuple[Column, ...]
    is_wide: bool
    lines: tuple[tuple[str, tuple[FieldLine, ...]], ...]
    row_titles: tuple[str, ...]
    rows: tuple[tuple[Column, tuple[str, ...]], ...]
    page: int
    pages: int
    hidden: str
    warnings: tuple[str, ...]
    is_suggested: bool
    has_suggestion: bool
    graph: Graph | None
    versions: str
    cases: tuple[cases.CaseRow, ...]


@dataclass(frozen=True, slots=True)
class GroupResult:
    """A customer that would come of the groups: which group it is, and what speaks against it."""

    label: str
    after: After
    conflicts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Foretold:
    """What the groups would come to."""

    results: tuple[GroupResult, ...]
    outcome: Outcome


def label_of(group: int) -> str:
    """Return what a group is called."""
    if group in (ASIDE, THIS):
        return ("Set aside", "This customer")[group]
    return f"Customer {chr(63 + group)}" if group - 2 < 26 else f"Customer {group - 1}"


def suggest(gathering: Gathering) -> dict[int, int]:
    """Return the group of each record as the evidence has it; as it is now where that is too much to weigh."""
    if gathering.suggestion is not None:
        groups: Sequence[Sequence[int]] = gathering.suggestion.groups
    else:
        groups = [place.member_ids for place in gathering.places]
    at = {record: number for number, group in enumerate(groups) for record in group}
    numbers = {at[gathering.subject]: THIS} if gathering.subject in at else {}
    grouping = {}
    for record in gathering.records:
        if record not in at:
            grouping[record] = ASIDE
            continue
        grouping[record] = numbers.setdefault(at[record], max(numbers.values(), default=THIS) + 1)
    return grouping


def encode(grouping: Mapping[int, int]) -> str:
    """Write groups as "record.group_record.group"."""
    return "_".join(f"{record}.{group}" for record, group in grouping.items())


def decode(text: str) -> dict[int, int]:
    """Read what `encode` wrote; what is no record and group is passed over."""
    found = {}
    for part in text.split("_"):
        record, _, group = part.partition(".")
        if record.isdecimal() and group.isdecimal() and len(record) < 19 and len(group) < 3:
            found[int(record)] = int(group)
    return found


def send(grouping: dict[int, int], picked: Collection[int], target: str) -> dict[int, int]:
    """Return the groups after records were sent to one of them, or to the first that is empty where it is "new"."""
    if target == "new":
        group = next(number for number in range(THIS + 1, MOST_GROUPS) if number not in grouping.values())
    elif target.isdecimal() and int(target) <= MOST_GROUPS:
        group = int(target)
    else:
        return grouping
    return grouping | {record: group for record in picked if record in grouping}


def build_cluster(gathering: Gathering, grouping: Mapping[int, int], *, page: int = 1) -> ClusterPage:
    """Return the page for records that are grouped like that. No queries."""
    columns = [_column(gathering, record, group) for record, group in grouping.items()]
    is_wide = len(columns) <= MOST_COLUMNS
    pages = max(1, -(-len(columns) // PAGE))
    page = min(max(page, 1), pages)
    shown = columns[(page - 1) * PAGE : page * PAGE]
    seen = {column.given.record_id for column in shown}
    suggested = suggest(gathering)
    titles = tuple(name for name in _SHOWN if any(column.given.given.get(name) for column in shown))
    return ClusterPage(
        subject=next(column for column in columns if column.is_subject),
        customers=len(gathering.places),
        records=len(columns),
        choices=tuple(_choices(grouping)),
        shown=tuple(shown),
        is_wide=is_wide,
        lines=_lines(gathering, shown) if is_wide else (),
        row_titles=tuple(title_of(name) for name in titles),
        rows=tuple((column, tuple(column.given.given.get(name, "") for name in titles)) for column in shown),
        page=page,
        pages=pages,
        hidden=encode({record: group for record, group in grouping.items() if record not in seen}),
        warnings=tuple(_warnings(gathering)),
        is_suggested=dict(grouping) == suggested,
        has_suggestion=gathering.suggestion is not None,
        graph=build_graph(gathering, grouping),
        versions=",".join(f"{place.gid}:{place.version}" for place in gathering.places),
        cases=gathering.cases,
    )


def decide(
    grouping: Mapping[int, int],
    *,
    case_id: int | None,
    reason: str = "",
    versions: Mapping[str, int] | None = None,
    supersedes: Collection[int] = (),
    actor: Actor,
) -> Outcome:
    """Carry the groups out; raises what `regroup_records` raises."""
    groups = list_groups(grouping)
    return regroup_records(
        groups=groups, case_id=case_id, reason=reason, versions=versions, supersedes=supersedes, actor=actor
    )


def list_groups(grouping: Mapping[int, int]) -> list[list[int]]:
    """Return the records of each group, without those set aside."""
    groups: dict[int, list[int]] = {}
    for record, group in grouping.items():
        if group != ASIDE:
            groups.setdefault(group, []).append(record)
    return [groups[number] for number in sorted(groups)]


def preview_groups(
    grouping: Mapping[int, int], *, case_id: int | None, supersedes: Collection[int], actor: Actor
) -> Foretold:
    """Return what the groups would come to; nothing is stored. Raises what `regroup_records` raises."""
    asked: list[cases.CaseRow] = []

    def attempt() -> Outcome:
        outcome = decide(grouping, case_id=case_id, reason=_TRIED, supersedes=supersedes, actor=actor)
        # A commit that was retried starts anew.
        asked[:] = [cases.get_case(opened) for opened in outcome.cases]
        return outcome

    outcome = preview(attempt)
    results = [_result(after, grouping, asked) for after in outcome.customers]
    order = {label_of(number): number for number in sorted(set(grouping.values()))}
    results.sort(key=lambda result: order.get(result.label, MOST_GROUPS))
    return Foretold(tuple(results), outcome)


def _result(after: After, grouping: Mapping[int, int], asked: Sequence[cases.CaseRow]) -> GroupResult:
    members = {record.record_id for record in after.members}
    counted: dict[int, int] = {}
    for record in members:
        group = grouping.get(record, ASIDE)
        counted[group] = counted.get(group, 0) + (group != ASIDE)
    group = max(counted, key=lambda number: counted[number])
    conflicts = tuple(case.question for case in asked if case.low_record_id in members)
    return GroupResult(label_of(group), after, conflicts)


def _column(gathering: Gathering, record: int, group: int) -> Column:
    hold = gathering.suggestion.holds.get(record) if gathering.suggestion else None
    held_by = ""
    if hold is not None:
        held_by = f"{say_bits(hold.score)} bits, {_name(gathering, hold.right)}"
    return Column(
        given=gathering.records[record],
        place=gathering.place_of[record],
        group=group,
        is_subject=record == gathering.subject,
        held_by=held_by,
    )


def _choices(grouping: Mapping[int, int]) -> Iterator[GroupChoice]:
    counted = list(grouping.values())
    # One that is empty stands ready for a new customer.
    last = next(number for number in range(THIS + 1, MOST_GROUPS + 2) if number > max(counted, default=THIS))
    for number in [*range(THIS, min(last, MOST_GROUPS) + 1), ASIDE]:
        yield GroupChoice(number, label_of(number), counted.count(number))


def _lines(gathering: Gathering, shown: Sequence[Column]) -> tuple[tuple[str, tuple[FieldLine, ...]], ...]:
    subject = gathering.records[gathering.subject]
    active, parts = gathering.active, gathering.parts
    evidence = {
        column.given.record_id: score_parts(parts[gathering.subject], parts[column.given.record_id], active)[0]
        for column in shown
        if not column.is_subject and gathering.subject in parts and column.given.record_id in parts
    }
    names = {name for column in shown for name, text in column.given.given.items() if text}

    def cell(name: str, column: Column) -> Cell:
        text = column.given.given.get(name, "")
        if column.is_subject or not text:
            return Cell(text, None)
        found = evidence.get(column.given.record_id, ())
        return Cell(text, judge_field(name, subject.given.get(name, ""), text, found, active.rules))

    return tuple(
        (title, tuple(FieldLine(title_of(name), tuple(cell(name, column) for column in shown)) for name in attributes))
        for title, attributes in group_attributes(names)
    )


def _warnings(gathering: Gathering) -> Iterator[str]:
    suggestion = gathering.suggestion
    if suggestion is None:
        yield f"{len(gathering.records):,} records are too many to weigh all pairs: the groups are today's customers."
        return
    told = {
        "numbers": lambda c: f"{_both(gathering, c.records)}: {c.told}.",
        "chain": lambda c: f"{_both(gathering, c.records)} hang together over others alone: a chain.",
        "bridge": lambda c: f"{_name(gathering, c.records[0])} alone holds two halves together.",
    }
    for caution in sorted(suggestion.cautions, key=lambda caution: (*told, "generic").index(caution.kind)):
        if caution.kind != "generic":
            yield told[caution.kind](caution)
    yield from _twice(gathering, suggestion.groups)
    if generic := [caution.told for caution in suggestion.cautions if caution.kind == "generic"]:
        yield f"Shared by too many records to mean much: {', '.join(generic)}."


def _twice(gathering: Gathering, groups: Sequence[Sequence[int]]) -> Iterator[str]:
    """Tell of groups that have two records of one source."""
    for group in groups:
        held: dict[str, list[str]] = {}
        for record in group:
            given = gathering.records[record]
            held.setdefault(given.source.code, []).append(given.key)
        for code, keys in held.items():
            if len(keys) > 1:
                yield f"Two records of {code} in one group: {' and '.join(keys[:2])}."


def _both(gathering: Gathering, records: Sequence[int]) -> str:
    return " and ".join(_name(gathering, record) for record in records[:2])


def _name(gathering: Gathering, record: int) -> str:
    given = gathering.records.get(record)
    return f"{given.source.code} {given.key}" if given else f"record {record}"
