"""Score source records against examples that belong to no source."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from apps.engine.records import Evidence
from apps.engine.score import score_many
from apps.engine.standardise import standardise_record
from apps.matching.selectors.pairs import band_of, live_keys, score_parts
from apps.matching.selectors.records import Candidate, find_candidates_of
from apps.rulebook.selectors import ActiveRules

MOST_CANDIDATES = 200
"""Records scored per question; those that share most match keys come first, so the rest are weak."""


@dataclass(frozen=True, slots=True)
class ScoredRecord:
    """A source record that is like an example, with its standard parts; the score is in millibits."""

    record_id: int
    score: int
    band: str
    parts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ExampleScores:
    """What an example found, strongest first. `has_keys` is false where it held nothing rare enough to look up by."""

    rules_version: int
    has_keys: bool
    compared: int
    parts: Mapping[str, str]
    records: tuple[ScoredRecord, ...]


def score_examples(examples: Sequence[Mapping[str, str]], active: ActiveRules) -> list[ExampleScores]:
    """Return for each example the source records like it, from the rule set's `keep` threshold up, strongest first.

    The same standardising, match keys and comparisons as for a source record; ties are broken by record id. Two
    queries for all of them; none where no example has a usable match key.
    """
    standard = [standardise_record(given, active.rules.attributes, active.rules.fallbacks) for given in examples]
    caps = [live_keys(parts, active.rules, active.statistics) for parts in standard]
    found = find_candidates_of(caps, limit=MOST_CANDIDATES)
    return [
        ExampleScores(
            rules_version=active.version,
            has_keys=bool(keys),
            compared=len(candidates),
            parts=parts,
            records=_scored(parts, candidates, active),
        )
        for parts, keys, candidates in zip(standard, caps, found, strict=True)
    ]


def weigh_example(scores: ExampleScores, record: ScoredRecord, active: ActiveRules) -> tuple[Evidence, ...]:
    """Return the evidence between an example and one of the records it found. No query."""
    evidence, _ = score_parts(scores.parts, record.parts, active)
    return tuple(evidence)


def _scored(parts: Mapping[str, str], candidates: Sequence[Candidate], active: ActiveRules) -> tuple[ScoredRecord, ...]:
    scores = score_many(parts, [candidate.parts for candidate in candidates], active.rules, active.statistics)
    scored = [
        ScoredRecord(candidate.record_id, score, band_of(score, active.rules), candidate.parts)
        for candidate, score in zip(candidates, scores, strict=True)
        if score >= active.rules.thresholds.keep
    ]
    return tuple(sorted(scored, key=lambda record: (-record.score, record.record_id)))
