"""An assessment of a small sample: its counts add up, and every fault is explained by what the engine itself says."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from apps.engine import bulk
from apps.engine.block import match_keys
from apps.engine.bulk.blocking import candidates, keyed_rows
from apps.engine.compare import compare
from apps.engine.evaluate import Assessment, Cause, Found, ScoredPairs, assess, by_threshold, codes_of, holders_in
from apps.engine.evaluate.found import count_torn, torn_pairs
from apps.engine.evaluate.missed import CAUSES, KEPT_APART, NEVER_COMPARED, SCORED_LOW
from apps.engine.rules import load_company_rules
from apps.engine.score import score
from tests.engine.frames import TRUTH, given_frame, parts_of, read_sample

SHIPPED = load_company_rules()
# One match key, so that some pairs are never compared whatever the shipped rules become.
RULES = replace(SHIPPED, keys=SHIPPED.keys[:1])
NEVER = [CAUSES.index(cause) for cause in NEVER_COMPARED]


@cache
def sample() -> tuple[Found, np.ndarray]:
    rows = read_sample()
    entities = codes_of(row[TRUTH] for row in rows)
    found = found_of(bulk.resolve_all(given_frame(rows), RULES, workers=1))
    # Two entities to a cluster and each of them torn, so that there is something to find.
    return replace(found, clusters=entities // 2 * 2 + np.arange(len(entities)) % 2), entities


def found_of(resolution: bulk.Resolution) -> Found:
    return Found(
        standard=resolution.standard,
        links=resolution.links,
        clusters=resolution.clusters["cluster"].to_numpy(),
        rules=RULES,
        statistics=resolution.statistics,
        count_holders=holders_in(keyed_rows(resolution.standard)[1]),
    )


@cache
def assessed() -> Assessment:
    return assess(*sample(), top=5)


def test_missed_and_wrong_pairs_add_up_to_the_measures() -> None:
    _, entities = sample()
    measures, missed, wrong = assessed().measures, assessed().missed, assessed().wrong
    true = sum(n * (n - 1) // 2 for n in np.bincount(entities).tolist())
    hits = true - missed.total
    assert missed.total == len(missed.left) > 0
    assert measures.pair_recall == pytest.approx(hits / true)
    assert measures.pair_precision == pytest.approx(hits / (hits + wrong.total))
    assert sum(missed.count(cause) for cause in (*NEVER_COMPARED, *SCORED_LOW, *KEPT_APART)) == missed.total


def test_never_compared_is_what_blocking_did_not_propose() -> None:
    found, _ = sample()
    proposed = set(zip(*(side.tolist() for side in candidates(found.standard, RULES, found.statistics)), strict=True))
    missed = assessed().missed
    never = np.isin(missed.causes, NEVER).tolist()
    pairs = list(zip(missed.left.tolist(), missed.right.tolist(), strict=True))
    assert [pair not in proposed for pair in pairs] == never
    assert any(never)


def test_a_key_shared_in_vain_is_named() -> None:
    found, entities = sample()
    crowded = replace(found, count_holders=lambda keys: np.full(len(keys), 10**6))
    missed = assess(crowded, entities, top=0).missed
    assert (
        missed.count(Cause.TOO_COMMON) + missed.count(Cause.NOTHING_SHARED) + missed.count(Cause.NO_KEY) == missed.total
    )
    parts = parts_of(found.standard)
    vain = missed.causes == CAUSES.index(Cause.TOO_COMMON)
    a, b = int(missed.left[vain][0]), int(missed.right[vain][0])
    shared = match_keys(parts[a], RULES).keys() & match_keys(parts[b], RULES).keys()
    assert {RULES.keys[key & 63].name for key in shared} <= missed.common_keys.keys()


def test_reasons_count_every_pair_that_scored_low_once() -> None:
    missed = assessed().missed
    assert sum(missed.reasons.values()) == sum(missed.count(cause) for cause in SCORED_LOW) > 0


def test_each_fault_is_the_engines_own_waterfall() -> None:
    found, entities = sample()
    parts = parts_of(found.standard)
    faults = assessed().faults
    assert {fault.kind for fault in faults} == {"wrong", "missed"}
    for fault in faults:
        a, b = fault.left - 1, fault.right - 1
        assert (entities[a] == entities[b]) == (fault.kind == "missed")
        assert fault.score == score(compare(parts[a], parts[b], RULES, found.statistics), RULES)
        assert fault.score == fault.prior + sum(piece.millibits for piece in fault.evidence)


@pytest.mark.parametrize("kind", ["wrong", "missed"])
def test_the_loudest_faults_come_first(kind: str) -> None:
    scores = [fault.score for fault in assessed().faults if fault.kind == kind]
    assert scores == sorted(scores, reverse=True)
    assert len(scores) == 5


def test_thresholds_count_links_from_them_up() -> None:
    found, _ = sample()
    scores = found.links["score"].to_numpy()
    row = next(row for row in assessed().thresholds if row.threshold == RULES.thresholds.link)
    assert row.pairs == np.count_nonzero(scores >= RULES.thresholds.link)
    assert row.precision.share == pytest.approx(row.same / row.pairs)
    assert row.precision.low < row.precision.share <= row.precision.high
    assert sum(bar.same + bar.different for bar in assessed().bars) == len(scores)


def test_recall_counts_pairs_that_were_never_scored() -> None:
    pairs = ScoredPairs(
        scores=np.array([2000, 500]),
        same=np.array([True, False]),
        left=np.array([0, 0]),
        right=np.array([0, 1]),
        owed=np.array([3, 1]),
    )
    high, low = by_threshold(pairs, [1000, 0])[::-1]
    assert (high.recall.share, high.precision.share) == (0.25, 1.0)
    assert (low.recall.share, low.precision.share) == (0.25, 0.5)


def test_torn_pairs_are_in_one_group_and_different_pieces() -> None:
    groups, pieces = np.array([1, 1, 2, 1, 2]), np.array([5, 6, 5, 5, 5])
    left, right = torn_pairs(groups, pieces, 10)
    assert list(zip(left.tolist(), right.tolist(), strict=True)) == [(0, 1), (1, 3)]
    assert count_torn(groups, pieces) == 2
    assert len(torn_pairs(groups, pieces, 1)[0]) == 1


def test_a_perfect_result_has_no_faults() -> None:
    found, entities = sample()
    perfect = assess(replace(found, clusters=entities), entities, top=5)
    assert (perfect.missed.total, perfect.wrong.total, list(perfect.faults)) == (0, 0, [])
    assert perfect.measures.b3_f1 == 1
    assert perfect.ranges["pair_precision"].low < 1


def test_a_verdict_and_an_exclusive_identifier_are_causes_of_their_own() -> None:
    same = {"source": "crm", "name": "Traeger Inc.", "street": "1215 Wilmington Ave", "city": "Salt Lake City"}
    rows = [
        {**same, "source_key": "a", "lei": "5493001KJTIIGC8Y1R12", "phone": "+1 801 555 0142"},
        {**same, "source_key": "b", "lei": "5493001KJTIIGC8Y1R12", "phone": "+1 801 555 0142"},
        {**same, "source_key": "c", "lei": "HWUPKR0MPOU8FGXBT394", "phone": "+1 801 555 0142"},
    ]
    resolution = bulk.resolve_all(given_frame(rows), RULES, different=[(1, 2)], workers=1)
    found = found_of(resolution)
    apart = replace(found, clusters=np.arange(3), different=[(1, 2)])
    causes = [CAUSES[place] for place in assess(apart, np.zeros(3, np.int64), top=0).missed.causes]
    assert causes[0] == Cause.DECIDED
    assert set(causes[1:]) <= {Cause.BARRED, *SCORED_LOW}


def test_members_that_bar_each_other_keep_their_clusters_apart() -> None:
    same = {"source": "crm", "name": "Traeger Inc.", "street": "1215 Wilmington Ave", "city": "Salt Lake City"}
    rows = [{**same, "source_key": key, "phone": "+1 801 555 0142", "postcode": "84106"} for key in "abcd"]
    found = found_of(bulk.resolve_all(given_frame(rows), RULES, workers=1))
    apart = replace(found, clusters=np.array([0, 0, 1, 2]), different=[(1, 3)])
    missed = assess(apart, np.zeros(4, np.int64), top=0).missed
    pairs = zip(missed.left.tolist(), missed.right.tolist(), (CAUSES[at] for at in missed.causes), strict=True)
    assert list(pairs) == [
        (0, 2, Cause.DECIDED),
        (0, 3, Cause.OUTVOTED),
        (1, 2, Cause.OTHERS_BARRED),
        (1, 3, Cause.OUTVOTED),
        (2, 3, Cause.OUTVOTED),
    ]
