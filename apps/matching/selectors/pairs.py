"""Why two source records are one customer, or why they are not."""

from collections.abc import Mapping
from dataclasses import dataclass

from apps.base.errors import NotFound
from apps.engine.block import cap_of, match_keys
from apps.engine.compare import compare
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
    active = get_active_rules()
    evidence, score = score_parts(parts[low], parts[high], active)
    shared, common = shared_key_texts(parts[low], parts[high], active.rules, active.statistics)
    verdict = find_verdict(low, high)
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
        shared_keys=shared,
        common_keys=common,
        verdict=verdict,
        stored_link=find_link(low, high),
        why_not=say_why_not(band, shared, common, verdict),
    )


def score_parts(a: Mapping[str, str], b: Mapping[str, str], active: ActiveRules) -> tuple[list[Evidence], int]:
    """Return the evidence between two standard records and its score in millibits. No query."""
    evidence = compare(a, b, active.rules, active.statistics)
    return evidence, add_up(evidence, active.rules)


def band_of(score: int, rules: RuleSet) -> str:
    """Return the name of the highest threshold the score reaches: link, review or keep; none below all."""
    for name in ("link", "review", "keep"):
        if score >= getattr(rules.thresholds, name):
            return name
    return "none"


def live_keys(parts: Mapping[str, str], rules: RuleSet, statistics: Statistics) -> dict[int, int]:
    """Return the record's match keys that the statistics don't hold for too common, each with its cap. No query."""
    keys = list(match_keys(parts, rules))
    hot = statistics.are_hot(keys)
    return {key: cap_of(key, rules) for key, is_hot in zip(keys, hot, strict=True) if not is_hot}


def shared_key_texts(
    a: Mapping[str, str], b: Mapping[str, str], rules: RuleSet, statistics: Statistics
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the texts of the match keys both records carry: those that make pairs, and those too common to."""
    keys_of_b = match_keys(b, rules)
    both = [(key, text) for key, text in match_keys(a, rules).items() if key in keys_of_b]
    hot = statistics.are_hot(key for key, _ in both)
    shared = tuple(text for (_, text), is_hot in zip(both, hot, strict=True) if not is_hot)
    common = tuple(text for (_, text), is_hot in zip(both, hot, strict=True) if is_hot)
    return shared, common


def say_why_not(band: str, shared: tuple[str, ...], common: tuple[str, ...], verdict: VerdictRow | None) -> str:
    """Return one sentence on what keeps a pair apart, or nothing where nothing does."""
    if verdict is not None and verdict.kind == "different":
        who = "a policy" if verdict.by_policy else verdict.decided_by
        return f"Blocked by decision {verdict.verdict_id}: {who} decided on {verdict.decided_at:%Y-%m-%d} they differ."
    if band == "link" or (verdict is not None and verdict.kind == "same"):
        return "" if shared or verdict is not None else _say_never_compared(common)
    if not shared:
        return _say_never_compared(common)
    if band == "review":
        return "The evidence is strong enough to ask a person, not to join them alone."
    return "Too little speaks for one customer."


def _say_never_compared(common: tuple[str, ...]) -> str:
    if common:
        return f"Never compared: the keys they share are too common ({common[0]})."
    return "Never compared: no shared key."
