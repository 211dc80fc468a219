"""The review queue."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from django.db.models import Q
from django.utils import timezone

from apps.cases import selectors as cases
from apps.cases.blind import is_blind
from apps.cases.claiming import held_by, held_by_others, list_claims
from apps.engine.records import Evidence
from apps.engine.rules import RuleSet
from apps.matching import selectors as matching
from apps.matching.selectors.pairs import score_parts
from apps.rulebook.selectors import ActiveRules, find_active_rules
from apps.sources import selectors as sources
from apps.stewardship.screens.home import KIND_WORDS
from apps.stewardship.screens.review import records_of, sides_of
from apps.stewardship.screens.waterfall import say_bits
from apps.stewardship.screens.words import say_score

PAGE = 50
CLAIMS = (("", "Everything"), ("free", "Nobody else looks at it"), ("mine", "Mine"), ("taken", "Others look at it"))


@dataclass(frozen=True, slots=True)
class QueueRow:
    """A source record in question: its best candidate, how likely, what speaks most against, and how pressing.

    `candidates` counts all of them, `looks` names who looks at it just now.
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
    looks: str = ""


@dataclass(frozen=True, slots=True)
class Queue:
    """A page of the queue, the counts of every kind, and the mark from which the next page goes on."""

    rows: tuple[QueueRow, ...]
    kinds: tuple[tuple[str, str, int], ...]
    kind: str
    claim: str
    total: int
    groups: int
    next_after: str
    is_first: bool
    claims: tuple[tuple[str, str], ...] = CLAIMS


def build_queue(*, kind: str = "", claim: str = "", after: tuple[int, int] | None = None, person: str = "") -> Queue:
    """Return a page of the queue, most pressing first; `claim` is free, mine or taken, by who looks at what.

    At most nine queries.
    """
    claim = claim if claim in dict(CLAIMS) else ""
    counts = cases.count_open_cases()
    known = kind if kind in counts else ""
    found = cases.list_open_groups(
        after=after, limit=PAGE + 1, kind=known or None, heads_where=_by_claim(claim, person)
    )
    shown = found[:PAGE]
    ids = [record for group in shown for record in records_of(group.head)]
    given = sources.list_given(ids)
    active = find_active_rules()
    parts = matching.get_parts(ids) if active else {}
    looks = list_claims([group.head.case_id for group in shown])
    rows = [
        replace(_queue_row(group, given, parts, active), looks=looks.get(group.head.case_id, "")) for group in shown
    ]
    last = shown[-1].head if shown else None
    return Queue(
        rows=tuple(rows),
        kinds=tuple((name, KIND_WORDS.get(name, name), count) for name, count in counts.items() if count),
        kind=known,
        claim=claim,
        total=sum(counts.values()),
        groups=cases.count_open_groups(),
        next_after=f"{last.priority}.{last.case_id}" if last and len(found) > PAGE else "",
        is_first=after is None,
    )


def _by_claim(claim: str, person: str) -> list[Q]:
    if claim == "mine":
        return [held_by(person)]
    return [] if not claim else [held_by_others(person) if claim == "taken" else ~held_by_others(person)]


def parse_after(text: str) -> tuple[int, int] | None:
    """Return the (priority, case id) of a page's mark, or None where it is none."""
    priority, _, case_id = text.partition(".")
    try:
        return int(priority), int(case_id)
    except ValueError:
        return None


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
