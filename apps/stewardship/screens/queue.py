"""The review queue."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from django.utils import timezone

from apps.cases import selectors as cases
from apps.cases.blind import is_blind
from apps.cases.claiming import list_claims
from apps.cases.narrowing import Filter, count_open, list_open, tally_open
from apps.engine.records import Evidence
from apps.engine.rules import RuleSet
from apps.matching import selectors as matching
from apps.matching.selectors.pairs import score_parts
from apps.rulebook.selectors import ActiveRules, find_active_rules
from apps.sources import selectors as sources
from apps.stewardship.saved_views import list_views
from apps.stewardship.screens.facets import (
    AGES,
    BY_PRIORITY,
    Asked,
    Choice,
    Facet,
    build_claims,
    build_facets,
    build_orders,
    count_matching,
    filter_of,
    list_cuts,
    read_mark,
    write_mark,
)
from apps.stewardship.screens.review import records_of, sides_of
from apps.stewardship.screens.waterfall import say_bits
from apps.stewardship.screens.words import say_score

PAGE = 50


@dataclass(frozen=True, slots=True)
class QueueRow:
    """A source record in question: its best candidate, how likely, what speaks most against, and how pressing.

    `candidates` counts all of them, `pick` names their cases, `looks` who looks at it just now.
    `subject` and `candidate` are None where the case is about no pair.
    """

    case: cases.CaseRow
    subject: sources.Given | None
    candidate: sources.Given | None
    candidates: int
    pressing: str
    band: str
    bits: str
    against: str
    pick: str
    looks: str = ""


@dataclass(frozen=True, slots=True)
class ViewLink:
    """A view of the queue by its name: one that comes with the hub (no number), one's own, or a shared one."""

    name: str
    address: str
    is_chosen: bool
    view_id: int | None = None
    is_shared: bool = False


SHIPPED = (
    ("Most pressing", ""),
    ("Mine", "claim=mine"),
    ("Nobody else looks at it", "claim=free"),
    ("Oldest", "order=oldest"),
    ("Unclear ones", "band=unclear"),
)


@dataclass(frozen=True, slots=True)
class Queue:
    """A page of the queue, the facets that narrow it, and the address from which the next page goes on.

    `total` counts all open cases, `matching` those that the filter lets through.
    """

    rows: tuple[QueueRow, ...]
    facets: tuple[Facet, ...]
    orders: tuple[Choice, ...]
    claims: tuple[Choice, ...]
    asked: Asked
    total: int
    matching: int
    groups: int
    following: str
    is_first: bool
    views: tuple[ViewLink, ...] = ()

    @property
    def words(self) -> str:
        """What a walk through all of these is called in an address."""
        return self.asked.address().removeprefix("?")

    @property
    def named(self) -> ViewLink | None:
        """This person's own view that is shown."""
        return next((view for view in self.views if view.is_chosen and view.view_id), None)

    @property
    def is_walk(self) -> bool:
        """Whether going through these is another thing than going through the queue."""
        return self.is_narrowed or self.asked.order != BY_PRIORITY

    @property
    def is_narrowed(self) -> bool:
        """Whether a filter is set."""
        return self.asked.is_narrowed


def build_queue(asked: Asked, *, person: str = "") -> Queue:
    """Return a page of the queue, most pressing first or in the order asked for. At most twelve queries.

    By priority, narrowed by nothing but a kind and who looks at what, the candidates of one record are one line; else
    each is its own.
    """
    asked, active, now = asked.known(), find_active_rules(), timezone.now()
    cuts = list_cuts(active.rules) if active else []
    tallies = tally_open(cuts=cuts, ages=[now - age for age in AGES.values()])
    wanted = filter_of(asked, cuts, now, person)
    found = _list_groups(asked, wanted)
    shown = found[:PAGE]
    ids = [record for group in shown for record in records_of(group.head)]
    given = sources.list_given(ids)
    parts = matching.get_parts(ids) if active else {}
    looks = list_claims([group.head.case_id for group in shown])
    rows = [
        replace(_queue_row(group, given, parts, active), looks=looks.get(group.head.case_id, "")) for group in shown
    ]
    names = {source.code: source.name for source in sources.list_sources()}
    last = shown[-1].head if shown else None
    return Queue(
        rows=tuple(rows),
        facets=build_facets(asked, tallies, names),
        orders=build_orders(asked),
        claims=build_claims(asked),
        asked=asked,
        total=sum(row.count for row in tallies),
        matching=count_open(wanted) if asked.claim else count_matching(asked, tallies),
        groups=cases.count_open_groups() if _is_grouped(asked) and not asked.is_narrowed and not asked.after else 0,
        following=asked.address(after=write_mark(last, asked.order)) if last and len(found) > PAGE else "",
        is_first=not asked.after,
        views=_list_views(asked, person),
    )


def _list_views(asked: Asked, person: str) -> tuple[ViewLink, ...]:
    here = asked.address()
    shipped = [ViewLink(name, f"?{words}", here == f"?{words}") for name, words in SHIPPED]
    own = [
        ViewLink(
            view.name, f"?{view.words}", here == f"?{view.words}", view.view_id if view.is_own else None, view.is_shared
        )
        for view in list_views(person)
    ]
    return (*shipped, *own)


def _is_grouped(asked: Asked) -> bool:
    return asked.order == BY_PRIORITY and not (asked.systems or asked.band or asked.age)


def _list_groups(asked: Asked, wanted: Filter) -> list[cases.Group]:
    mark = read_mark(asked)
    if _is_grouped(asked):
        kind = asked.kind or None
        return cases.list_open_groups(after=mark, limit=PAGE + 1, kind=kind, heads_where=wanted.also)
    rows = list_open(wanted, order=asked.order, after=mark, limit=PAGE + 1)
    return [cases.Group((row,)) for row in rows]


def _queue_row(
    group: cases.Group,
    given: Mapping[int, sources.Given],
    parts: Mapping[int, Mapping[str, str]],
    active: ActiveRules | None,
) -> QueueRow:
    case = group.head
    low, high = records_of(case) or (0, 0)
    against = band = ""
    hides = is_blind(case)
    if active and not hides and low in parts and high in parts:
        evidence, _ = score_parts(parts[low], parts[high], active)
        against = _say_against(evidence, active.rules)
    if active and case.score is not None and not hides:
        band = say_score(case.score)
    bits = say_bits(case.score) if case.score is not None and not hides else ""
    subject, candidate = sides_of(case)
    return QueueRow(
        case=case,
        subject=given.get(subject),
        candidate=given.get(candidate),
        candidates=len(group.candidates),
        pressing=_say_pressing(case),
        band="Judged blind" if hides else band,
        bits=bits,
        against="Not shown" if hides else against,
        pick=".".join(str(one.case_id) for one in group.candidates),
    )


def _say_pressing(case: cases.CaseRow) -> str:
    weight = case.pressing(timezone.now())
    if weight is None:
        return "First"
    return f"{weight:.1f}" if weight < 10 else f"{weight:,.0f}"


def _say_against(evidence: Sequence[Evidence], rules: RuleSet) -> str:
    """Return the sentence of the comparison that weighs most against; joints speak only where nothing else does."""
    plain = {comparison.name for comparison in rules.comparisons}
    against = [item for item in evidence if item.millibits < 0]
    own = [item for item in against if item.comparison in plain]
    worst = min(own or against, key=lambda item: item.millibits, default=None)
    return worst.sentence[:1].upper() + worst.sentence[1:] if worst else ""
