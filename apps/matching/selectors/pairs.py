"""Why two source records are one customer, or why they are not."""

from collections.abc import Mapping
from dataclasses import dataclass

from apps.base.errors import NotFound
from apps.engine.block import cap_of, match_keys
from apps.engine.compare import compare
from apps.engine.explain import Verdict, outcome_of, why_not
from apps.engine.records import Evidence
from apps.engine.rules import RuleSet
from apps.engine.score import score as add_up
from apps.engine.statistics import Statistics
from apps.matching.selectors.records import LinkRow, VerdictRow, find_link, find_verdict, get_parts
from apps.rulebook.selectors import ActiveRules, get_active_rules

BAND_WORDS: Mapping[str, str] = {
    "link": "Same customer, by the rules alone",
    "review": "Possibly the same; a person decides",
    "keep": "Weak likeness; kept, not asked about",
    "none": "Different, by the rules alone",
}


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything that speaks for and against one pair, under the rule set version in force.

    Scores and thresholds are in millibits: `score` is `prior` plus the evidence. `band` is link, review, keep or none.
    `shared_keys` and `common_keys` are texts of the match keys both carry, rare enough to be compared on or too common.
    `why_not` is empty where nothing keeps the pair apart.
    """

    low: int
    high: int
    rules_version: int
    prior: int
    evidence: tuple[Evidence, ...]
    score: int
    keep: int
    review: int
    link: int
    band: str
    band_words: str
    shared_keys: tuple[str, ...]
    common_keys: tuple[str, ...]
    verdict: VerdictRow | None
    stored_link: LinkRow | None
    why_not: str


def explain_pair(low: int, high: int) -> Explanation:
    """Return the explanation of a pair of source records, whichever is named first.

    Raises NotFound where one of them has not been standardised. Four queries (five when the process meets the rule
    set version for the first time).
    """
    low, high = min(low, high), max(low, high)
    parts = get_parts([low, high])
    for record_id in (low, high):
        if record_id not in parts:
            raise NotFound(f"Source record {record_id} has not been standardised yet.", record=record_id)
    link = find_link(low, high)
    return explain_parts(low, high, parts, get_active_rules(), verdict=find_verdict(low, high), stored_link=link)


def explain_parts(
    low: int,
    high: int,
    parts: Mapping[int, Mapping[str, str]],
    active: ActiveRules,
    *,
    verdict: VerdictRow | None,
    stored_link: LinkRow | None = None,
) -> Explanation:
    """Return the explanation of a pair whose standard parts, by record id, have been read. No query."""
    evidence, score = score_parts(parts[low], parts[high], active)
    told = why_not(
        {low: parts[low]},
        {high: parts[high]},
        active.rules,
        active.statistics,
        verdicts=[as_verdict(verdict)] if verdict else [],
    )
    band = band_of(score, active.rules)
    thresholds = active.rules.thresholds
    return Explanation(
        low=low,
        high=high,
        rules_version=active.version,
        prior=active.rules.prior,
        evidence=tuple(evidence),
        score=score,
        keep=thresholds.keep,
        review=thresholds.review,
        link=thresholds.link,
        band=band,
        band_words=BAND_WORDS[band],
        shared_keys=told.shared_keys,
        common_keys=told.common_keys,
        verdict=verdict,
        stored_link=stored_link,
        why_not=told.reasons[0].sentence if told.reasons else "",
    )


def score_parts(a: Mapping[str, str], b: Mapping[str, str], active: ActiveRules) -> tuple[list[Evidence], int]:
    """Return the evidence between two standard records and its score in millibits. No query."""
    evidence = compare(a, b, active.rules, active.statistics)
    return evidence, add_up(evidence, active.rules)


def band_of(score: int, rules: RuleSet) -> str:
    """Return the name of the highest threshold the score reaches: link, review or keep; none below all."""
    return outcome_of(score, rules.thresholds)


def live_keys(parts: Mapping[str, str], rules: RuleSet, statistics: Statistics) -> dict[int, int]:
    """Return the record's match keys that the statistics don't hold for too common, each with its cap. No query."""
    keys = list(match_keys(parts, rules))
    hot = statistics.are_hot(keys)
    return {key: cap_of(key, rules) for key, is_hot in zip(keys, hot, strict=True) if not is_hot}


def as_verdict(row: VerdictRow) -> Verdict:
    """Return a decision as the engine explains by it. No query."""
    who = "a policy" if row.by_policy else row.decided_by.partition(":")[2] or row.decided_by
    words = {"different": "that they differ", "related": "that they are related, but two"}
    told = f"{who} decided on {row.decided_at:%Y-%m-%d} {words.get(row.kind, 'that they are one')}"
    return Verdict(row.verdict_id, row.low, row.high, keeps_apart=row.kind in words, told=told)
