"""Read standard records, links and verdicts, and explain a pair. Nothing here writes."""

from apps.matching.selectors.pairs import Explanation, explain_pair
from apps.matching.selectors.records import (
    Candidate,
    LinkRow,
    VerdictRow,
    find_candidates,
    find_link,
    find_verdict,
    get_parts,
    list_links,
    list_links_of,
    list_live_verdicts,
)

__all__ = [
    "Candidate",
    "Explanation",
    "LinkRow",
    "VerdictRow",
    "explain_pair",
    "find_candidates",
    "find_link",
    "find_verdict",
    "get_parts",
    "list_links",
    "list_links_of",
    "list_live_verdicts",
]
