"""Score source records against an example that belongs to no source."""

from collections.abc import Mapping
from dataclasses import dataclass

from apps.engine.records import Evidence
from apps.engine.score import score_many
from apps.engine.standardise import standardise_record
from apps.matching.selectors.pairs import band_of, live_keys, score_parts
from apps.matching.selectors.records import find_candidates
from apps.rulebook.selectors import ActiveRules

MOST_CANDIDATES = 200
"""Records scored per question; those that share most match keys come first, so the rest are weak."""


@dataclass(frozen=True, slots=True)
class ScoredRecord:
    """A source record with the evidence between it and the example; the score is in millibits."""

    record_id: int
    score: int
    band: str
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class ExampleScores:
    """What an example found, strongest first. `has_keys` is false where it held nothing rare enough to look up by."""

    rules_version: int
    has_keys: bool
    compared: int
    records: tuple[ScoredRecord, ...]


def score_example(given: Mapping[str, str], active: ActiveRules) -> ExampleScores:
    """Return the source records like the example, from the rule set's `keep` threshold up, strongest first.

    The same standardising, match keys and comparisons as for a source record; ties are broken by record id. Two
    queries and two settings; none where the example has no usable match key.
    """
    parts = standardise_record(given, active.rules.attributes, active.rules.fallbacks)
    caps = live_keys(parts, active.rules, active.statistics)
    candidates = find_candidates(caps, limit=MOST_CANDIDATES)
    scores = score_many(parts, [candidate.parts for candidate in candidates], active.rules, active.statistics)
    scored = []
    for candidate, score in zip(candidates, scores, strict=True):
        if score >= active.rules.thresholds.keep:
            evidence, _ = score_parts(parts, candidate.parts, active)
            scored.append(ScoredRecord(candidate.record_id, score, band_of(score, active.rules), tuple(evidence)))
    scored.sort(key=lambda record: (-record.score, record.record_id))
    return ExampleScores(
        rules_version=active.version, has_keys=bool(caps), compared=len(candidates), records=tuple(scored)
    )
