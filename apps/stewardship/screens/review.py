"""The pair page, and which case comes next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from difflib import SequenceMatcher
from typing import Final

from django.utils import timezone

from apps.base.errors import HubError
from apps.cases import selectors as cases
from apps.cases.blind import Said, find_waiting, is_blind, is_disputed, list_said, waits_for_another
from apps.cases.claiming import held_by_others
from apps.engine.explain import explain_evidence
from apps.engine.rules import RuleSet
from apps.engine.survive import Pin
from apps.golden import selectors as golden
from apps.matching import selectors as matching
from apps.matching.evidence import Change
from apps.pipeline.deciding import read_joined
from apps.pipeline.fixing import SourceKey, Wish
from apps.pipeline.live.reading import Known
from apps.pipeline.reopening import tell_changes
from apps.rulebook.selectors import get_active_rules
from apps.sources import selectors as sources
from apps.stewardship.screens.comparing import NEITHER, Run, Verdict, judge_field, mark_differences, weigh_checks
from apps.stewardship.screens.result import NOTHING, ResultCell, Typed, build_result
from apps.stewardship.screens.waterfall import Waterfall, build_waterfall, say_bits
from apps.stewardship.screens.words import group_attributes, title_of

MOST_OTHERS = 3
MOST_NAMED = 50
SITTING = timedelta(hours=12)
"""What was closed so lately still says where in the queue its record stood."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two records, the customer it belongs to, and what it was told."""

    record_id: int
    given: sources.Given
    customer: golden.CustomerSummary | None
    name: str


@dataclass(frozen=True, slots=True)
class FieldRow:
    """One field of both records, cut into runs, with its verdict and what the merge would store."""

    attribute: str
    title: str
    texts: tuple[str, str]
    left: tuple[Run, ...]
    right: tuple[Run, ...]
    verdict: Verdict
    result: ResultCell | None = None


_ONE_NAME: Final = 0.8
"""From this ratio of letters in common two names pass for one; the title of a case then says enough."""


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
    falls: Waterfall | None
    problem: str
    verdict: matching.VerdictRow | None
    shared_keys: tuple[str, ...]
    rules_version: int | None
    others: tuple[tuple[cases.CaseRow, str], ...]
    others_hidden: bool
    why_asked: str
    changes: tuple[Change, ...] = ()
    typed: Typed = NOTHING
    members: Mapping[str, Sequence[int]] = field(default_factory=dict)
    joined: Mapping[int, Known] = field(default_factory=dict)
    pins: Sequence[Pin] = ()
    rules: RuleSet | None = None

    @property
    def differences(self) -> int:
        """How many fields are not said alike."""
        return sum(row.verdict.tone in ("partial", "conflict") for _, rows in self.groups for row in rows)

    @property
    def is_one_already(self) -> bool:
        """Whether both records are in one customer."""
        sides = self.left.customer, self.right.customer
        return all(sides) and len({side.gid for side in sides if side}) == 1

    @property
    def has_result(self) -> bool:
        """Whether the page shows what a merge would store."""
        return bool(self.members) and self.rules is not None

    @property
    def is_blind(self) -> bool:
        """Whether nobody sees what the rules make of it before two people have judged it."""
        return is_blind(self.case)

    @property
    def said(self) -> tuple[Said, ...]:
        """What two people said who judged it blind and don't agree."""
        return tuple(list_said(self.case)) if is_disputed(self.case) else ()

    @property
    def renamed(self) -> tuple[tuple[str, golden.CustomerSummary], ...]:
        """The sides whose customer goes by quite another name than the record: its name, and the customer."""
        sides = [(side.name, side.customer) for side in (self.left, self.right) if side.customer]
        return tuple((name, home) for name, home in sides if _is_quite_another(name, home.name))

    @property
    def is_cluster(self) -> bool:
        """Whether more than the two records are in question, so that they are better judged together."""
        sides = {side.customer.gid: side.customer.member_count for side in (self.low, self.high) if side.customer}
        return not self.is_blind and (len(self.candidates) > 1 or sum(sides.values()) > len((self.low, self.high)))


def _is_quite_another(name: str, other: str) -> bool:
    """Say whether two names are more than two spellings of one, by the share of letters that they have in common."""
    return bool(other) and SequenceMatcher(None, name.casefold(), other.casefold()).ratio() < _ONE_NAME


def find_next_case(after: cases.CaseRow | None = None, *, person: str = "") -> cases.CaseRow | None:
    """Return the case that follows in the queue, from the top again past its end, or None. At most six queries.

    All candidates of a source record come before the next record. What somebody else than `person` looks at is passed.
    """
    free = [~held_by_others(person), ~waits_for_another(person)]
    if after is None:
        return next((group.head for group in cases.list_open_groups(limit=1, heads_where=free)), None)
    candidates = cases.list_candidates(after)
    for case in candidates:
        waiting = find_waiting(case)
        if waiting and waiting.by == person:
            continue
        if (-case.priority, case.case_id) > (-after.priority, after.case_id):
            return case
    # The head of its group may have been closed a moment ago: the queue goes on from there all the same.
    place = cases.find_place_of_group(after, since=timezone.now() - SITTING)
    for found in (
        cases.list_open_groups(after=place, limit=2, heads_where=free),
        cases.list_open_groups(limit=2, heads_where=free),
    ):
        for group in found:
            if group.head.case_id != after.case_id and group.head not in candidates:
                return group.head
    return next((case for case in candidates if case.case_id != after.case_id), None)


def build_pair(case: cases.CaseRow, typed: Typed = NOTHING) -> PairPage | None:
    """Return the pair page; None where the case is about no pair or a record says nothing. At most 13 queries.

    `typed` is what a person chose before, where saving it failed. Four queries more where a value is fixed already.
    """
    pair = records_of(case)
    if not pair:
        return None
    low, high = pair
    asked, others = _questions_beside(case, pair)
    customers = golden.list_customers_of_records(pair)
    homes = _homes_of(customers) if case.state == "open" else {}
    members = [record for records in homes.values() for record in records]
    asked_about = {low, high, *(record for other in (*others, *asked) for record in records_of(other))}
    given = sources.list_given({*asked_about, *members})
    if low not in given or high not in given:
        return None
    joined = read_joined({low, high, *members})
    sides = tuple(_side(record, given[record], customers) for record in pair)
    left, right = sides if sides_of(case)[0] == low else (sides[1], sides[0])
    # Whoever judges blind sees what the records say, and nothing that the rules make of it.
    explained, rules, problem = (None, None, "") if is_blind(case) else _explain(low, high, joined)
    pins = golden.live_pins(members)
    results = build_result(joined, given, rules, typed, pins=pins) if members and rules else {}
    groups = _compare(left, right, explained, rules, results=results, joined=joined)
    return PairPage(
        case=case,
        low=sides[0],
        high=sides[1],
        left=left,
        right=right,
        candidates=tuple(_candidate(other, case, given) for other in asked) if len(asked) > 1 else (),
        groups=groups,
        falls=build_waterfall(explain_evidence(explained.evidence, rules)) if explained and rules else None,
        problem=problem,
        verdict=explained.verdict if explained else matching.find_verdict(low, high),
        shared_keys=explained.shared_keys[:6] if explained else (),
        rules_version=explained.rules_version if explained else None,
        typed=typed,
        others_hidden=len(others) > MOST_OTHERS,
        why_asked=_say_why_asked(case, rules),
        changes=tell_changes(case),
        members=homes,
        joined=joined,
        pins=pins,
        rules=rules,
        others=tuple((other, _name_of_other(other, set(pair), given)) for other in others[:MOST_OTHERS]),
    )


def _questions_beside(case: cases.CaseRow, pair: Sequence[int]) -> tuple[list[cases.CaseRow], list[cases.CaseRow]]:
    """Return the open questions of the same source record, this one among them, and others that name one of the two."""
    named = cases.list_open_cases_of(list(pair), limit=MOST_NAMED)
    subject = case.subject_record_id
    siblings = [other for other in named if subject is not None and other.subject_record_id == subject]
    asked = siblings if case in siblings else [case, *siblings]
    return asked, [other for other in named if other not in asked]


_WHY_ASKED = {
    "blind": "Judged blind by two people",
    "disagree": "Two people judged it blind and don't agree; a senior steward decides",
    "review": "Alike enough to ask, not enough to join without a person",
    "weak": "In one customer, and not alike",
    "barred": "Alike, but two numbers differ that only one company can have",
    "shared": "Two customers carry one number that only one company can have",
    "changed": "Judged different, and what was known then has changed",
    "cap": "Alike, but the customer would grow larger than rules may make it",
}


def _say_why_asked(case: cases.CaseRow, rules: RuleSet | None) -> str:
    reason = "blind" if is_blind(case) else str(case.facts.get("reason", ""))
    if reason == "review" and rules and case.score is not None and case.score >= rules.thresholds.link:
        return "These two records are alike enough, the others of their customers are not"
    return _WHY_ASKED.get(reason, case.question)


def sides_of(case: cases.CaseRow) -> tuple[int, int]:
    """Return the records on the left and on the right of a pair's page, 0 for a case about none."""
    low, high = records_of(case) or (0, 0)
    return (high, low) if case.subject_record_id == high else (low, high)


def wishes_of(case: cases.CaseRow, typed: Typed) -> list[Wish]:
    """Return what a person had chosen on a pair's page as values to fix for one customer. One query."""
    left, right = sides_of(case)
    named = {record: SourceKey(row.source.code, row.key) for record, row in sources.list_records((left, right)).items()}
    return [
        Wish(choice.attribute, value=choice.value, watching=named.get(choice.record_id or 0))
        for choice in typed.choices(left, right)
    ]


def _candidate(case: cases.CaseRow, shown: cases.CaseRow, given: Mapping[int, sources.Given]) -> Candidate:
    told = given.get(case.candidate_record_id or 0)
    name = (told.given.get("name", "") or told.key) if told else f"case {case.case_id}"
    bits = say_bits(case.score) if case.score is not None and not is_blind(case) else ""
    return Candidate(case.case_id, name, bits, case.case_id == shown.case_id)


def records_of(case: cases.CaseRow) -> tuple[int, int] | tuple[()]:
    if case.low_record_id is None or case.high_record_id is None:
        return ()
    return case.low_record_id, case.high_record_id


def _side(record: int, given: sources.Given, customers: dict[int, golden.CustomerSummary]) -> Side:
    return Side(record, given, customers.get(record), given.given.get("name", "") or given.key)


def _homes_of(customers: Mapping[int, golden.CustomerSummary]) -> Mapping[str, Sequence[int]]:
    """Return the records that a merge would bring together by customer; none where there are no two. One query."""
    gids = {customer.gid for customer in customers.values()}
    return golden.list_member_ids_of(sorted(gids)) if len(gids) > 1 else {}


def _explain(
    low: int, high: int, joined: Mapping[int, Known]
) -> tuple[matching.Explanation | None, RuleSet | None, str]:
    try:
        active = get_active_rules()
    except HubError as error:
        return None, None, error.detail
    parts = {record: known.parts for record, known in joined.items()}
    for record in (low, high):
        if record not in parts:
            return None, active.rules, f"Source record {record} has not been standardised yet."
    verdict = matching.find_verdict(low, high)
    return matching.explain_parts(low, high, parts, active, verdict=verdict), active.rules, ""


_SEVERITY = {"conflict": 3, "partial": 2, "agree": 1, "missing": 0}


def _compare(
    left: Side,
    right: Side,
    explained: matching.Explanation | None,
    rules: RuleSet | None,
    *,
    results: Mapping[str, ResultCell],
    joined: Mapping[int, Known],
) -> tuple[tuple[str, tuple[FieldRow, ...]], ...]:
    """Return the fields by group: groups with a conflict first, agreeing groups last, in their order otherwise."""
    a, b = left.given.given, right.given.given
    evidence = explained.evidence if explained else ()
    identifiers = {a.name for a in rules.attributes if a.kind == "identifier"} if rules else set()
    groups = []
    for name, attributes in group_attributes({n for n in {*a, *b} if a.get(n) or b.get(n)} | results.keys()):
        rows = []
        for attribute in attributes:
            texts = a.get(attribute, ""), b.get(attribute, "")
            verdict = judge_field(attribute, *texts, evidence, rules) if any(texts) else NEITHER
            if attribute in identifiers and any(texts):
                verdict = weigh_checks(verdict, texts, _checks_of(attribute, left, right, joined))
            plain = (Run(texts[0], differs=False),), (Run(texts[1], differs=False),)
            runs = mark_differences(*texts) if verdict.tone in ("partial", "conflict") else plain
            rows.append(FieldRow(attribute, title_of(attribute), texts, *runs, verdict, results.get(attribute)))
        groups.append((name, tuple(rows)))
    return tuple(sorted(groups, key=lambda group: -_worst(group[1])))


def _checks_of(attribute: str, left: Side, right: Side, joined: Mapping[int, Known]) -> tuple[str, str]:
    """Return what came of checking an identifier on both sides; empty where the record gives no usable one."""
    first, second = (
        joined[side.record_id].parts.get(f"{attribute}.check", "") if side.record_id in joined else ""
        for side in (left, right)
    )
    return first or "", second or ""


def _worst(rows: Sequence[FieldRow]) -> int:
    return max(_SEVERITY[row.verdict.tone] for row in rows)


def _name_of_other(case: cases.CaseRow, pair: set[int], given: dict[int, sources.Given]) -> str:
    for record in records_of(case):
        if record not in pair and record in given:
            return given[record].given.get("name", "") or given[record].key
    return f"case {case.case_id}"
