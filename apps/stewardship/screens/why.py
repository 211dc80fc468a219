"""Why a customer's source records are one, and why those of another customer are not among them."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from apps.engine.explain import Contribution, PairExplanation, ScoredPair, Step, explain_pair
from apps.engine.score import score_many
from apps.golden import selectors as golden
from apps.matching import selectors as matching
from apps.pipeline.explaining import CustomerReport, explain_apart, explain_customer
from apps.sources import selectors as sources
from apps.stewardship.screens.splitting import Suggestion, suggest_from
from apps.stewardship.screens.waterfall import Waterfall, build_waterfall, say_bits

MOST_STEPS = 12
MOST_TOLD = 4
MOST_IN_MATRIX = 12
NOTHING_AGAINST = "Nothing contradicts it."
_SPEAKS_AGAINST = -1_000


@dataclass(frozen=True, slots=True)
class StepWhy:
    """One join: the records on both sides (the first few), the score between them, and their best pair's evidence."""

    group: tuple[sources.Record, ...]
    group_hidden: int
    joined: tuple[sources.Record, ...]
    joined_hidden: int
    group_bits: str
    verdict: matching.VerdictRow | None
    is_weakest: bool
    pair: "PairWhy"


@dataclass(frozen=True, slots=True)
class PairWhy:
    """Two records with the evidence between them."""

    left: sources.Record
    right: sources.Record
    falls: Waterfall


@dataclass(frozen=True, slots=True)
class MatrixCell:
    """What two records alone score: `tone` is agree where that joins, partial where it asks, conflict below both."""

    other: int
    bits: str
    tone: str


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """A record with the scores to those before it."""

    record: sources.Record
    cells: tuple[MatrixCell, ...]


@dataclass(frozen=True, slots=True)
class Why:
    """The sentence, how the customer formed, what contradicts it, and the pair somebody asked about.

    `fallen_apart` is how many customers its records would be by today's rules and decisions, 0 where they are one.
    `matrix` is empty where there are too few records for one, or too many. `split` says which records to part.
    """

    sentence: str
    against: str
    steps: tuple[StepWhy, ...]
    hidden_steps: int
    warnings: tuple[str, ...]
    fallen_apart: int
    verdicts: tuple[matching.VerdictRow, ...]
    records: tuple[sources.Record, ...]
    chosen: PairWhy | None
    matrix: tuple[MatrixRow, ...]
    split: Suggestion | None
    link_bits: str
    rules_version: int


@dataclass(frozen=True, slots=True)
class WhyNot:
    """What keeps two customers apart, strongest reason first, told by their two records that are most alike."""

    other: golden.Customer
    sentence: str
    more: tuple[str, ...]
    pair: PairWhy
    shared_keys: tuple[str, ...]


def build_why(customer: golden.Customer, *, chosen: tuple[int, int] | None = None) -> Why:
    """Return why these source records are one customer; `chosen` are two of them to compare. At most five queries."""
    report = explain_customer(customer)
    steps = report.cluster.steps if report.cluster else ()
    pairs = [_explain(report, step.best.left, step.best.right) for step in steps[:MOST_STEPS]]
    warnings = tuple(_warn(report))
    sentence, against = _say(report, pairs)
    verdicts = {row.verdict_id: row for row in report.verdicts}
    groups = len(report.cluster.groups) if report.cluster else 1
    return Why(
        sentence=sentence,
        against=against or ("" if warnings or groups > 1 or len(report.records) < 2 else NOTHING_AGAINST),
        steps=tuple(_step(report, step, pair, verdicts) for step, pair in zip(steps, pairs, strict=False)),
        hidden_steps=max(len(steps) - MOST_STEPS, 0),
        warnings=warnings,
        fallen_apart=groups if groups > 1 else 0,
        verdicts=report.verdicts,
        records=tuple(report.records[record] for record in report.parts),
        chosen=_pair(report.records, chosen, _explain(report, *chosen)) if chosen and _has(report, chosen) else None,
        matrix=tuple(_matrix(report)),
        split=suggest_from(report),
        link_bits=say_bits(report.active.rules.thresholds.link),
        rules_version=report.active.version,
    )


def build_why_not(customer: golden.Customer, other: golden.Customer) -> WhyNot:
    """Return what keeps two customers apart; raises what `explain_apart` raises. At most six queries."""
    report = explain_apart(customer, other)
    told = [reason.sentence for reason in report.apart.reasons]
    return WhyNot(
        other=report.other,
        sentence=told[0] if told else "Nothing keeps them apart any more; the next run brings them together",
        more=tuple(told[1:]),
        pair=PairWhy(report.left, report.right, build_waterfall(report.apart.pair)),
        shared_keys=report.apart.shared_keys[:6],
    )


def _matrix(report: CustomerReport) -> Iterable[MatrixRow]:
    if not 2 < len(report.parts) <= MOST_IN_MATRIX:
        return
    rules = report.active.rules
    records, parts = list(report.parts), list(report.parts.values())
    for at in range(len(records)):
        scores = score_many(parts[at], parts[:at], rules, report.active.statistics)
        tones = ["agree" if s >= rules.thresholds.link else "partial" if s >= rules.thresholds.review else "conflict"
                 for s in scores]  # fmt: skip
        cells = tuple(MatrixCell(o, say_bits(s), tone) for o, s, tone in zip(records, scores, tones, strict=False))
        yield MatrixRow(report.records[records[at]], cells)


def _has(report: CustomerReport, pair: tuple[int, int]) -> bool:
    return pair[0] != pair[1] and set(pair) <= report.parts.keys()


def _explain(report: CustomerReport, left: int, right: int) -> PairExplanation:
    return explain_pair(report.parts[left], report.parts[right], report.active.rules, report.active.statistics)


def _pair(records: Mapping[int, sources.Record], ends: tuple[int, int], pair: PairExplanation) -> PairWhy:
    return PairWhy(records[ends[0]], records[ends[1]], build_waterfall(pair))


def _step(
    report: CustomerReport, step: Step, pair: PairExplanation, verdicts: Mapping[int, matching.VerdictRow]
) -> StepWhy:
    group, joined = ([report.records[record] for record in side] for side in (step.group, step.joined))
    several = report.cluster is not None and len(report.cluster.steps) > 1
    return StepWhy(
        group=tuple(group[:MOST_TOLD]),
        group_hidden=max(len(group) - MOST_TOLD, 0),
        joined=tuple(joined[:MOST_TOLD]),
        joined_hidden=max(len(joined) - MOST_TOLD, 0),
        group_bits=say_bits(step.score),
        verdict=verdicts.get(step.verdict) if step.verdict else None,
        is_weakest=several and report.cluster is not None and step is report.cluster.weakest,
        pair=_pair(report.records, (step.best.left, step.best.right), pair),
    )


def _warn(report: CustomerReport) -> Iterable[str]:
    """Yield what in the customer contradicts itself: conflicts, then pairs that look like two customers."""
    if report.cluster is None:
        yield f"{len(report.parts):,} records are too many to retrace how they came together."
        return
    for conflict in report.cluster.conflicts[:MOST_TOLD]:
        yield f"{_name(report, conflict.left)} and {_name(report, conflict.right)}: {conflict.sentence}."
    if weak := report.cluster.weak_pairs:
        yield _say_weak(report, weak)


def _say_weak(report: CustomerReport, weak: Sequence[ScoredPair]) -> str:
    lowest = weak[0]
    ends = f"{_name(report, lowest.left)} and {_name(report, lowest.right)}"
    if len(weak) == 1:
        return f"One pair alone looks like two customers: {ends}, {say_bits(lowest.score)} bits."
    return f"{len(weak):,} pairs alone look like two customers, most of all {ends}, {say_bits(lowest.score)} bits."


def _name(report: CustomerReport, record_id: int) -> str:
    record = report.records[record_id]
    return f"{record.source.code} {record.key}"


def _say(report: CustomerReport, pairs: Sequence[PairExplanation]) -> tuple[str, str]:
    """Return what joins the records in one sentence, and what of the comparisons speaks against it in another."""
    if len(report.records) < 2:
        return "One source record alone: nothing was joined.", ""
    for_it, against = _weigh(contribution for pair in pairs for contribution in pair.contributions)
    same = [row for row in report.verdicts if row.kind == "same"]
    people = sorted({row.decided_by.partition(":")[2] or row.decided_by for row in same if not row.by_policy})
    opening = f"These {len(report.records)} source records are one customer"
    speaks = _join(for_it)
    if people:
        sentence = f"{opening} because {_join(people)} decided so" + (f"; {speaks} speak for it too" if speaks else "")
    elif speaks:
        sentence = f"{opening} because their {speaks} agree"
    else:
        sentence = f"{opening}; nothing in the rules joins them any more"
    return f"{sentence}{_by_rules(report)}.", f"Against it speaks: {_join(against)}." if against else ""


def _by_rules(report: CustomerReport) -> str:
    """Return the rule that joins, with its version and the lowest score that it let pass."""
    link, number = say_bits(report.active.rules.thresholds.link), report.active.version
    weakest = report.cluster.weakest if report.cluster else None
    if weakest is None or weakest.verdict:
        return f" (rules version {number}: groups join from {link} bits)"
    return f" (rules version {number}: groups join from {link} bits, these with {say_bits(weakest.score)} or more)"


def _weigh(contributions: Iterable[Contribution]) -> tuple[list[str], list[str]]:
    """Return the titles of the three comparisons that speak most for, and most against; joints say nothing alone."""
    weights: Counter[str] = Counter()
    against: dict[str, int] = {}
    for one in (c for c in contributions if not c.is_joint):
        if one.millibits > 0:
            weights[one.title] += one.millibits
        elif one.millibits <= _SPEAKS_AGAINST:
            against[one.title] = min(one.millibits, against.get(one.title, 0))
    return [title for title, _ in weights.most_common(3)], sorted(against, key=lambda title: against[title])[:3]


def _join(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""
