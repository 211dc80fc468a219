"""Read standard records, links and verdicts, and explain a pair. Nothing here writes."""

from apps.matching.selectors.examples import ExampleScores, ScoredRecord, score_examples, weigh_example
from apps.matching.selectors.pairs import (
    BAND_WORDS,
    Explanation,
    as_verdict,
    band_of,
    explain_pair,
    explain_parts,
    score_parts,
)
from apps.matching.selectors.records import (
    Candidate,
    LinkRow,
    VerdictRow,
    find_candidates,
    find_candidates_of,
    find_link,
    find_verdict,
    get_parts,
    list_crowded,
    list_links,
    list_links_of,
    list_live_verdicts,
)

__all__ = [
    "BAND_WORDS",
    "Candidate",
    "ExampleScores",
    "Explanation",
    "LinkRow",
    "ScoredRecord",
    "VerdictRow",
    "as_verdict",
    "band_of",
    "explain_pair",
    "explain_parts",
    "find_candidates",
    "find_candidates_of",
    "find_link",
    "find_verdict",
    "get_parts",
    "list_crowded",
    "list_links",
    "list_links_of",
    "list_live_verdicts",
    "score_examples",
    "score_parts",
    "weigh_example",
]
