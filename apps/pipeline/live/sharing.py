"""Ask about customers that share a number which only one can have: the live sibling of `apps.pipeline.sharing`."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from django.db import connection

from apps.engine.cluster import Proposal
from apps.engine.cluster.neighbourhood import ordered
from apps.engine.rules import Exclusive
from apps.engine.score import score_many
from apps.matching.selectors import get_parts
from apps.pipeline.live.reading import Pair
from apps.pipeline.live.settling import Neighbourhood, Settlement
from apps.pipeline.sharing import REASON

# Holders out of scope: customers known by the number, each with the first of its records that carries it, and the
# first of all its records, after which clusters are ordered.
HOLDERS = """
SELECT asked.scheme, asked.issuer, asked.number, e.golden_id, min(m.record_id) FILTER (WHERE
           d.parts->>(asked.scheme || '.number') = asked.number
           AND coalesce(d.parts->>(asked.scheme || '.issuer'), '') = asked.issuer
           AND d.parts->>(asked.scheme || '.check') = ANY(%(checks)s)),
       min(m.record_id)
FROM unnest(%(schemes)s::text[], %(issuers)s::text[], %(numbers)s::text[]) AS asked(scheme, issuer, number)
JOIN legal_identifier i ON i.scheme = asked.scheme AND i.value = left(asked.number, 100)
     AND i.issuer = left(asked.issuer, 20)
JOIN legal_legalentity e ON e.id = i.entity_id AND e.is_live AND e.golden_id <> ALL(%(customers)s)
JOIN golden_membership m ON m.golden_id = e.golden_id
JOIN matching_standardrecord d ON d.record_id = m.record_id
GROUP BY 1, 2, 3, 4
"""
Number = tuple[str, str, str]
Holder = tuple[int, int, int]
"""The first record of its cluster, the first that carries the number, and the cluster's name."""


def propose_shared(ground: Neighbourhood, settled: Settlement, proposed: Iterable[Proposal]) -> list[Proposal]:
    """Return a proposal for each two clusters, one of them touched, that share an exclusive number and have none.

    One query where a touched record carries such a number, another where somebody else does, too.
    """
    held = _held_inside(ground, settled)
    touched = {cluster for cluster, records in settled.members.items() for record in records if record in ground.known}
    numbers = [number for number, holders in held.items() if touched & {cluster for *_, cluster in holders}]
    for number, holders in _held_outside(numbers, ground).items():
        held[number] += holders
    asked = {ordered(*(_cluster_of(ground, settled, r) for r in p[:2])) for p in proposed}
    asked |= {ordered(*(_cluster_of(ground, settled, r) for r in pair)) for pair in _kept_apart(ground)}
    pairs: dict[Pair, Pair] = {}
    for number in numbers:
        first, *others = sorted(held[number])
        for other in others:
            between = ordered(first[2], other[2])
            if between not in asked and not touched.isdisjoint(between):
                pair = ordered(first[1], other[1])
                pairs[between] = min(pair, pairs.get(between, pair))
    return _scored(sorted(pairs.values()), ground)


def _kept_apart(ground: Neighbourhood) -> list[Pair]:
    return [p for p in ground.verdicts.different if all(r in ground.known or r in ground.outside for r in p)]


def _cluster_of(ground: Neighbourhood, settled: Settlement, record: int) -> int:
    if record in settled.of:
        return settled.of[record]
    return -ground.outside[record].golden if record in ground.outside else 0


def _held_inside(ground: Neighbourhood, settled: Settlement) -> dict[Number, list[Holder]]:
    """Return who in scope carries which exclusive number."""
    holders: dict[Number, dict[int, int]] = defaultdict(dict)
    for record, cluster in sorted(settled.of.items()):
        for number in _numbers(ground.known[record].parts, ground.active.rules.exclusive):
            holders[number].setdefault(cluster, record)
    # A cluster in scope is named by its first record.
    return {n: [(cluster, record, cluster) for cluster, record in found.items()] for n, found in holders.items()}


def _numbers(parts: Mapping[str, str], exclusives: Sequence[Exclusive]) -> Iterable[Number]:
    for exclusive in exclusives:
        name = exclusive.attribute
        number, issuer = parts.get(f"{name}.number"), parts.get(f"{name}.issuer", "")
        counts = parts.get(f"{name}.check") in exclusive.checks
        if number and counts and (not exclusive.issuers or issuer in exclusive.issuers):
            yield name, issuer, number


def _held_outside(numbers: Sequence[Number], ground: Neighbourhood) -> dict[Number, list[Holder]]:
    found: dict[Number, list[Holder]] = defaultdict(list)
    if not numbers:
        return found
    checks = sorted({check for exclusive in ground.active.rules.exclusive for check in exclusive.checks})
    schemes, issuers, values = (list(column) for column in zip(*numbers, strict=True))
    customers = sorted({known.golden for known in ground.known.values()})
    with connection.cursor() as cursor:
        cursor.execute(
            HOLDERS,
            {"schemes": schemes, "issuers": issuers, "numbers": values, "checks": checks, "customers": customers},
        )
        for scheme, issuer, number, golden, record, first in cursor.fetchall():
            if record is not None:
                found[scheme, issuer, number].append((first, record, -golden))
    return found


def _scored(pairs: Sequence[Pair], ground: Neighbourhood) -> list[Proposal]:
    parts = {record: known.parts for record, known in ground.known.items()}
    lacking = {record for pair in pairs for record in pair if record not in parts}
    parts.update(get_parts(lacking) if lacking else {})
    rules, statistics = ground.active.rules, ground.active.statistics
    scores = [score_many(parts[low], [parts[high]], rules, statistics)[0] for low, high in pairs]
    return [Proposal(low, high, score, REASON) for (low, high), score in zip(pairs, scores, strict=True)]
