"""Evaluate what the hub holds: its memberships, links and standard records as they are. Nothing is resolved again.

All but the number of holders of a key is read in one snapshot of the database, so that a load or a decision meanwhile
can't tear it apart.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pyarrow as pa
from django.db import connection, transaction

from apps.base.copying import copy_in
from apps.engine import bulk
from apps.engine.bulk.frames import Ints, records_of
from apps.engine.evaluate import Found, ScoredPairs, codes_of
from apps.pipeline import snapshot
from apps.pipeline.evaluating.subject import LeftOut, NothingToEvaluate, Subject
from apps.pipeline.evaluating.truth import Name, Truth
from apps.pipeline.reading import part_names
from apps.rulebook.selectors import ActiveRules, get_active_rules

_LABELLED = """
SELECT t.place, r.id, m.golden_id FROM truth_in t
LEFT JOIN sources_sourcesystem s ON s.code = t.source
LEFT JOIN sources_sourcerecord r ON r.source_id = s.id AND r.key = t.key
LEFT JOIN golden_membership m ON m.record_id = r.id AND r.state = 'live'
    AND EXISTS (SELECT FROM matching_standardrecord d WHERE d.record_id = r.id)
ORDER BY t.place
"""
_JUDGED = """
SELECT p.low_id, p.high_id, p.kind = 'same', p.verdict_id FROM matching_verdictpair p
JOIN matching_verdict v ON v.id = p.verdict_id AND NOT v.by_policy
JOIN golden_membership a ON a.record_id = p.low_id JOIN golden_membership b ON b.record_id = p.high_id
WHERE p.is_live AND p.kind IN ('same', 'different', 'related') ORDER BY 1, 2
"""
_MATES = """
SELECT DISTINCT mate.record_id, mate.golden_id FROM golden_membership m
JOIN golden_membership mate ON mate.golden_id = m.golden_id
WHERE m.record_id = ANY(%s) ORDER BY 1
"""
_HOLDERS = """
SELECT a.key, count(*) FROM matching_standardrecord s CROSS JOIN LATERAL unnest(s.match_keys) AS held(key)
JOIN asked_keys a ON a.key = held.key GROUP BY a.key
"""


def subject_of_truth(truth: Truth) -> Subject:
    """Hold the hub's customers against the truth.

    Raises NoActiveRules before the first load, NothingToEvaluate where none of the truth's records has a customer.
    """
    with _one_snapshot():
        active = get_active_rules()
        names, customers, left_out = _find_records(truth)
        found = _read_found(active, customers)
        return Subject(
            against="the truth",
            found=found,
            entities=codes_of(truth.entities[names[record]] for record in found.standard["record"].to_pylist()),
            names=names,
            rules_version=active.version,
            left_out=left_out,
        )


def subject_of_verdicts() -> Subject:
    """Hold what the rules alone would make of judged customers against what they are since people judged.

    The customers that hold a judged record, as they stand, are the truth; the result is the clusters that the stored
    links give without any verdict. Raises NoActiveRules, or NothingToEvaluate where nobody has judged anything.
    """
    with _one_snapshot():
        active = get_active_rules()
        with connection.cursor() as cursor:
            cursor.execute(_JUDGED)
            judged = cursor.fetchall()
            cursor.execute(_MATES, [sorted({record for low, high, *_ in judged for record in (low, high)})])
            customers = dict(cursor.fetchall())
        if not judged:
            raise NothingToEvaluate("nobody has judged a pair yet: judge cases first, or name a truth file")
        found = _read_found(active, customers)
        ids = found.standard["record"].to_pylist()
        return Subject(
            against="people's verdicts",
            found=_by_rules_alone(found),
            entities=codes_of(customers[record] for record in ids),
            names=_names_of(found.standard),
            rules_version=active.version,
            judged=_judged_pairs(found, judged),
        )


@contextmanager
def _one_snapshot() -> Iterator[None]:
    is_outermost = not connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        if is_outermost:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield
        cursor.execute("DROP TABLE IF EXISTS truth_in, scope")


def _find_records(truth: Truth) -> tuple[dict[int, Name], dict[int, int], LeftOut]:
    """Return name and customer of the truth's records by record id, and those of them that have no customer."""
    names = list(truth.entities)
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS truth_in")
        cursor.execute("CREATE TEMP TABLE truth_in (place int PRIMARY KEY, source text, key text)")
        sources, keys = zip(*names, strict=True)
        copy_in("truth_in", pa.table({"place": range(len(names)), "source": sources, "key": keys}))
        cursor.execute("ANALYZE truth_in")
        cursor.execute(_LABELLED)
        rows = cursor.fetchall()
    named = {record: names[place] for place, record, golden in rows if golden is not None}
    customers = {record: golden for _, record, golden in rows if golden is not None}
    left_out = LeftOut(
        unknown=sorted(names[place] for place, record, _ in rows if record is None),
        gone=sorted(names[place] for place, record, golden in rows if record is not None and golden is None),
    )
    if not named:
        raise NothingToEvaluate(
            f"none of the truth's {len(names):,} records has a customer in this hub; the first is"
            f" {' '.join(names[0])}: are the source codes the same, and is the data loaded?"
        )
    return named, customers, left_out


def _read_found(active: ActiveRules, customers: dict[int, int]) -> Found:
    """Return the hub's result about the records that have a customer."""
    snapshot.open_scope([], around=list(customers), whole=False)
    standard = snapshot.read_standard(part_names(active.rules))
    return Found(
        standard=standard,
        links=snapshot.read_links(),
        clusters=np.array([customers[record] for record in standard["record"].to_pylist()], dtype=np.int64),
        rules=active.rules,
        statistics=active.statistics,
        count_holders=_count_holders,
        different=snapshot.read_verdicts().different,
    )


def _count_holders(keys: Ints) -> Ints:
    """Return how many live records of the hub hold each of these distinct keys. One pass over all standard records."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE asked_keys (key bigint PRIMARY KEY)")
        copy_in("asked_keys", pa.table({"key": keys}))
        cursor.execute("ANALYZE asked_keys")
        cursor.execute(_HOLDERS)
        counts = dict(cursor.fetchall())
        cursor.execute("DROP TABLE asked_keys")
    return np.array([counts.get(key, 0) for key in keys.tolist()], dtype=np.int64)


def _by_rules_alone(found: Found) -> Found:
    """Return the same records in the clusters that links and rules give without any verdict."""
    alone = bulk.cluster(found.standard, found.links, found.rules, found.statistics)
    return replace(found, clusters=alone.clusters["cluster"].to_numpy().astype(np.int64), different=())


def _judged_pairs(found: Found, judged: Sequence[tuple[int, int, bool, int]]) -> ScoredPairs:
    """Return one pair per verdict of `judged` (low and high record, same or not, verdict), with the rules' score.

    It is the pair that speaks loudest for joining: that one made somebody ask. The other members of both customers came
    along whatever they score, so that "same" among them says nothing about pairs that score like them.
    """
    ids = records_of(found.standard)
    left, right = (np.searchsorted(ids, np.array([pair[side] for pair in judged])) for side in (0, 1))
    scores, _ = found.score(left, right)
    verdicts = np.array([pair[3] for pair in judged])
    order = np.lexsort((right, left, -scores, verdicts))
    loudest = order[np.unique(verdicts[order], return_index=True)[1]]
    same = np.array([pair[2] for pair in judged], dtype=np.bool_)[loudest]
    units = np.arange(len(loudest), dtype=np.int64)
    return ScoredPairs(scores=scores[loudest], same=same, left=units, right=units, owed=same.astype(np.int64))


def _names_of(standard: pa.Table) -> dict[int, Name]:
    columns = [standard[name].to_pylist() for name in ("record", "source", "source_key")]
    return {record: (source, key) for record, source, key in zip(*columns, strict=True)}
