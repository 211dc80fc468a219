"""The sides of a decision: whom it is about, the pairs it writes, and what is kept of what was seen."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from django.utils import timezone

from apps.golden.places import Place
from apps.matching.algebra import Pair
from apps.matching.decisions import rank_by_links
from apps.matching.selectors import get_parts, score_parts
from apps.rulebook.selectors import get_active_rules
from apps.sources.selectors import list_records

# Above this many pairs each side's best-linked ten stand for it.
ALL_PAIRS_LIMIT = 100
STAND_INS = 10


def cross_pairs(ours: Sequence[int], theirs: Sequence[int]) -> list[Pair]:
    """Return the pairs that speak for two groups of records: all of them, above 100 those of the best-linked ten."""
    if len(ours) * len(theirs) > ALL_PAIRS_LIMIT:
        ours, theirs = rank_by_links(ours, theirs)[:STAND_INS], rank_by_links(theirs, ours)[:STAND_INS]
    return [(min(a, b), max(a, b)) for a in ours for b in theirs if a != b]


def string_together(records: Iterable[int]) -> list[Pair]:
    """Return as many pairs as it takes to hold records together: each with the next."""
    return list(pairwise(sorted(records)))


def describe_seen(act: str, places: Sequence[Place], *, asked: Pair | None = None) -> dict[str, Any]:
    """Return what a decision keeps of what was seen: customers with their members, and each record's version.

    The versions are what the evidence is read from again, should a record change. Of the pair that was `asked` about
    the score and each comparison's bits are kept, but none of the values.
    """
    customers = [{"gid": p.gid, "version": p.version, "members": list(p.member_ids)} for p in places]
    records = list_records(record for place in places for record in place.member_ids)
    seen: dict[str, Any] = {
        "act": act,
        "at": timezone.now().isoformat(),
        "customers": customers,
        "versions": {str(record): row.applied_number for record, row in sorted(records.items())},
    }
    if asked is not None:
        seen["asked"] = _weigh(asked)
    # Under these names the latest decisions are listed.
    seen |= dict(zip(("low", "high"), customers, strict=False))
    return seen


def _weigh(asked: Pair) -> dict[str, Any]:
    low, high = asked
    parts = get_parts(asked)
    told: dict[str, Any] = {"low": low, "high": high}
    if len(parts) < len(asked):
        return told
    active = get_active_rules()
    evidence, score = score_parts(parts[low], parts[high], active)
    heard = [one for one in evidence if one.millibits]
    steps = [{"comparison": one.comparison, "level": one.level, "millibits": one.millibits} for one in heard]
    return told | {"prior": active.rules.prior, "score": score, "evidence": steps}
