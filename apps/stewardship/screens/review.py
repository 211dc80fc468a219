"""The review queue and the pair page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from apps.base.actors import Actor
from apps.base.errors import HubError
from apps.cases import selectors as cases
from apps.engine.explain import explain_evidence
from apps.engine.records import Evidence
from apps.engine.rules import RuleSet
from apps.golden import selectors as golden
from apps.matching import selectors as matching
from apps.matching.decisions import RecentVerdict
from apps.matching.evidence import Change
from apps.matching.selectors.pairs import score_parts
from apps.pipeline.deciding import list_recent_decisions
from apps.pipeline.reopening import tell_changes
from apps.rulebook.selectors import ActiveRules, find_active_rules, get_active_rules
from apps.sources import selectors as sources
from apps.stewardship.screens.comparing import Run, Verdict, judge_field, mark_differences
from apps.stewardship.screens.home import KIND_WORDS
from apps.stewardship.screens.waterfall import Waterfall, build_waterfall, say_bits
from apps.stewardship.screens.words import group_attributes, say_score, title_of

PAGE = 50
MOST_OTHERS = 3
UNDO_LIMIT = 50
SITTING = timedelta(hours=12)
"""What was closed so lately still says where in the queue its record stood."""


@dataclass(frozen=True, slots=True)
class QueueRow:
    """A source record in question: its best candidate, how likely, what speaks most against, and how pressing.

    `candidates` counts all of them. `subject` and `candidate` are None where the case is about no pair.
    """

    case: cases.CaseRow
    subject: sources.Given | None
    candidate: sources.Given | None
    candidates: int
    pressing: str
    band: str
    bits: str
    against: str


@dataclass(frozen=True, slots=True)
class Queue:
    """A page of the queue, the counts of every kind, and the mark from which the next page goes on."""

    rows: tuple[QueueRow, ...]
    kinds: tuple[tuple[str, str, int], ...]
    kind: str
    total: int
    groups: int
    next_after: str
    is_first: bool


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two records, the customer it belongs to, and what it was told."""

    record_id: int
    given: sources.Given
    customer: golden.CustomerSummary | None
    name: str


@dataclass(frozen=True, slots=True)
class FieldRow:
    """One field of both records, cut into runs, with its verdict."""

    title: str
    left: tuple[Run, ...]
    right: tuple[Run, ...]
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Candidate:
    """One of the records that may be the same customer as the case's subject, as a tab."""

    case_id: int
    name: str
    bits: str
    is_shown: bool


@dataclass(frozen=True, slots=True)
class PairPage:
    """Everything that decides a pair, on one page: the record asked about on the left, its candidate on the right."""

    case: cases.CaseRow
    low: Side
    high: Side
    left: Side
    right: Side
    candidates: tuple[Candidate, ...]
    groups: tuple[tuple[str, tuple[FieldRow, ...]], ...]
    differences: int
    falls: Waterfall | None
    problem: str
    verdict: matching.VerdictRow | None
    shared_keys: tuple[str, ...]
    rules_version: int | None
    others: tuple[tuple[cases.CaseRow, str], ...]
    others_hidden: bool
    is_one_already: bool
    why_asked: str
    changes: tuple[Change, ...] = ()


def build_queue(*, kind: str = "", after: tuple[int, int] | None = None) -> Queue:
    """Return a page of the queue, most pressing first. At most eight queries."""
    counts = cases.count_open_cases()
    known = kind if kind in counts else ""
    found = cases.list_open_groups(after=after, limit=PAGE + 1, kind=known or None)
    shown = found[:PAGE]
    ids = [record for group in shown for record in _records_of(group.head)]
    given = sources.list_given(ids)
    active = find_active_rules()
    parts = matching.get_parts(ids) if active else {}
    rows = [_queue_row(group, given, parts, active) for group in shown]
    last = shown[-1].head if shown else None
    return Queue(
        rows=tuple(rows),
        kinds=tuple((name, KIND_WORDS.get(name, name), count) for name, count in counts.items() if count),
        kind=known,
        total=sum(counts.values()),
        groups=cases.count_open_groups(),
        next_after=f"{last.priority}.{last.case_id}" if last and len(found) > PAGE else "",
        is_first=after is None,
    )


def find_next_case(after: cases.CaseRow | None = None) -> cases.CaseRow | None:
    """Return the case that follows in the queue, from the top again past its end, or None. At most six queries.

    All candidates of a source record come before the next record.
    """
    if after is None:
        return next((group.head for group in cases.list_open_groups(limit=1)), None)
    candidates = cases.list_candidates(after)
    for case in candidates:
        if (-case.priority, case.case_id) > (-after.priority, after.case_id):
            return case
    # The head of its group may have been closed a moment ago: the queue goes on from there all the same.
    place = cases.find_place_of_group(after, since=timezone.now() - SITTING)
    for found in (cases.list_open_groups(after=place, limit=2), cases.list_open_groups(limit=2)):
        for group in found:
            if group.head.case_id != after.case_id and group.head not in candidates:
                return group.head
    return next((case for case in candidates if case.case_id != after.case_id), None)


def build_pair(case: cases.CaseRow) -> PairPage | None:
    """Return the pair page; None where the case is about no pair or a record says nothing. At most ten queries."""
    pair = _records_of(case)
    if not pair:
        return None
    low, high = pair
    siblings = cases.list_candidates(case)
    asked = [case, *siblings] if case not in siblings else siblings
    named = cases.list_open_cases_of(list(pair), limit=MOST_OTHERS + 1 + len(asked))
    others = [other for other in named if other not in asked]
    given = sources.list_given({low, high, *(record for other in (*others, *asked) for record in _records_of(other))})
    if low not in given or high not in given:
        return None
    customers = golden.list_customers_of_records(pair)
    sides = tuple(_side(record, given[record], customers) for record in pair)
    left, right = sides if case.subject_record_id in (None, low) else (sides[1], sides[0])
    explained, rules, problem = _explain(low, high)
    groups = _compare(left, right, explained, rules)
    return PairPage(
        case=case,
        low=sides[0],
        high=sides[1],
        left=left,
        right=right,
        candidates=tuple(_candidate(other, case, given) for other in asked) if len(asked) > 1 else (),
        groups=groups,
        differences=sum(row.verdict.tone in ("partial", "conflict") for _, rows in groups for row in rows),
        falls=build_waterfall(explain_evidence(explained.evidence, rules)) if explained and rules else None,
        problem=problem,
        verdict=explained.verdict if explained else matching.find_verdict(low, high),
        shared_keys=explained.shared_keys[:6] if explained else (),
        rules_version=explained.rules_version if explained else None,
        is_one_already=bool(left.customer and right.customer and left.customer.gid == right.customer.gid),
        others_hidden=len(others) > MOST_OTHERS,
        why_asked=_say_why_asked(case, rules),
        changes=tell_changes(case),
        others=tuple((other, _name_of_other(other, set(pair), given)) for other in others[:MOST_OTHERS]),
    )


_WHY_ASKED = {
    "review": "Alike enough to ask, not enough to join without a person",
    "barred": "Alike, but two numbers differ that only one company can have",
    "shared": "Two customers carry one number that only one company can have",
    "changed": "Judged different, and what was known then has changed",
    "cap": "Alike, but the customer would grow larger than rules may make it",
}


def _say_why_asked(case: cases.CaseRow, rules: RuleSet | None) -> str:
    reason = str(case.facts.get("reason", ""))
    if reason == "review" and rules and case.score is not None and case.score >= rules.thresholds.link:
        return "These two records are alike enough, the others of their customers are not"
    return _WHY_ASKED.get(reason, case.question)


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
    low, high = _records_of(case) or (0, 0)
    against = band = ""
    if active and low in parts and high in parts:
        evidence, _ = score_parts(parts[low], parts[high], active)
        against = _say_against(evidence, active.rules)
    if active and case.score is not None:
        cuts = active.rules.thresholds
        band = say_score(case.score, review=cuts.review, link=cuts.link)
    bits = say_bits(case.score) if case.score is not None else ""
    subject, candidate = (high, low) if case.subject_record_id == high else (low, high)
    return QueueRow(
        case=case,
        subject=given.get(subject),
        candidate=given.get(candidate),
        candidates=len(group.candidates),
        pressing=_say_pressing(case),
        band=band,
        bits=bits,
        against=against,
    )


def _say_pressing(case: cases.CaseRow) -> str:
    weight = case.pressing(timezone.now())
    if weight is None:
        return "First"
    return f"{weight:.1f}" if weight < 10 else f"{weight:,.0f}"


def _candidate(case: cases.CaseRow, shown: cases.CaseRow, given: Mapping[int, sources.Given]) -> Candidate:
    told = given.get(case.candidate_record_id or 0)
    name = (told.given.get("name", "") or told.key) if told else f"case {case.case_id}"
    bits = say_bits(case.score) if case.score is not None else ""
    return Candidate(case.case_id, name, bits, case.case_id == shown.case_id)


def _say_against(evidence: Sequence[Evidence], rules: RuleSet) -> str:
    """Return the sentence of the comparison that weighs most against; joints speak only where nothing else does."""
    plain = {comparison.name for comparison in rules.comparisons}
    against = [item for item in evidence if item.millibits < 0]
    own = [item for item in against if item.comparison in plain]
    worst = min(own or against, key=lambda item: item.millibits, default=None)
    return worst.sentence[:1].upper() + worst.sentence[1:] if worst else ""


def _records_of(case: cases.CaseRow) -> tuple[int, int] | tuple[()]:
    if case.low_record_id is None or case.high_record_id is None:
        return ()
    return case.low_record_id, case.high_record_id


def _side(record: int, given: sources.Given, customers: dict[int, golden.CustomerSummary]) -> Side:
    return Side(record, given, customers.get(record), given.given.get("name", "") or given.key)


def _explain(low: int, high: int) -> tuple[matching.Explanation | None, RuleSet | None, str]:
    try:
        return matching.explain_pair(low, high), get_active_rules().rules, ""
    except HubError as error:
        return None, None, error.detail


_SEVERITY = {"conflict": 3, "partial": 2, "agree": 1, "missing": 0}


def _compare(
    left: Side, right: Side, explained: matching.Explanation | None, rules: RuleSet | None
) -> tuple[tuple[str, tuple[FieldRow, ...]], ...]:
    """Return the fields by group: groups with a conflict first, agreeing groups last, in their order otherwise."""
    a, b = left.given.given, right.given.given
    evidence = explained.evidence if explained else ()
    groups = []
    for name, attributes in group_attributes(n for n in {*a, *b} if a.get(n) or b.get(n)):
        rows = []
        for attribute in attributes:
            texts = a.get(attribute, ""), b.get(attribute, "")
            verdict = judge_field(attribute, *texts, evidence, rules)
            plain = (Run(texts[0], differs=False),), (Run(texts[1], differs=False),)
            runs = mark_differences(*texts) if verdict.tone in ("partial", "conflict") else plain
            rows.append(FieldRow(title_of(attribute), *runs, verdict))
        groups.append((name, tuple(rows)))
    return tuple(sorted(groups, key=lambda group: -_worst(group[1])))


def _worst(rows: Sequence[FieldRow]) -> int:
    return max(_SEVERITY[row.verdict.tone] for row in rows)


def _name_of_other(case: cases.CaseRow, pair: set[int], given: dict[int, sources.Given]) -> str:
    for record in _records_of(case):
        if record not in pair and record in given:
            return given[record].given.get("name", "") or given[record].key
    return f"case {case.case_id}"


_VERDICT_WORDS = {"same": "Same", "different": "Different", "related": "Related", "not_sure": "Not sure"}


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision of this person that can be taken back."""

    verdict_id: int
    words: str
    at: datetime
    case_id: int | None
    names: str = ""


def list_decisions(actor: Actor, *, limit: int = 6) -> list[Decision]:
    """Return the latest decisions of a person that still stand, with the customers' names as they are now.

    Two queries.
    """
    standing = _list_standing(actor)[:limit]
    gids = {gid for row in standing for gid in (row.low_gid, row.high_gid) if gid}
    names = {customer.gid: customer.name or customer.gid for customer in golden.list_customers(gids)}
    return [
        Decision(
            row.verdict_id,
            _VERDICT_WORDS.get(row.kind, row.kind),
            row.decided_at,
            row.case_id,
            " / ".join(names.get(gid, gid) for gid in (row.low_gid, row.high_gid) if gid),
        )
        for row in standing
    ]


def find_latest_decision(actor: Actor) -> Decision | None:
    """Return the newest decision of a person that still stands, or None. One query."""
    for row in _list_standing(actor):
        return Decision(row.verdict_id, _VERDICT_WORDS.get(row.kind, row.kind), row.decided_at, row.case_id)
    return None


def list_undoable(actor: Actor) -> set[int]:
    """Return the decisions a person may take back: their last fifty that still stand. One query."""
    return {row.verdict_id for row in _list_standing(actor)}


def _list_standing(actor: Actor) -> list[RecentVerdict]:
    # "Not sure" decides nothing: its case is still open, so there is nothing to take back.
    recent = list_recent_decisions(actor=actor, limit=UNDO_LIMIT)
    return [row for row in recent if not row.is_undone and row.kind != "not_sure"]
