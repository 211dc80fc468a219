"""A few records at a time or all at once: the same clusters, questions and conflicts."""

import random
from collections.abc import Sequence
from dataclasses import replace

import pyarrow as pa
import pytest

from apps.engine import bulk
from apps.engine.cluster import Clusters, ComponentTooLarge, Facts, Judge, Surroundings, cluster_few, propose
from apps.engine.explain.constraints import bars_between
from apps.engine.rules import RuleSet, load_company_rules
from apps.engine.score import score_with_levels
from apps.engine.statistics import Statistics
from tests.engine.frames import given_frame, parts_of, read_sample

RULES = load_company_rules()
Pair = tuple[int, int]


@pytest.fixture(scope="module")
def frame() -> tuple[pa.Table, Statistics, pa.Table]:
    standard = bulk.standardise(given_frame(read_sample()), RULES)
    statistics = bulk.profile(standard, RULES)
    left, right = bulk.candidates(standard, RULES, statistics)
    return standard, statistics, bulk.score(standard, left, right, RULES, statistics)


def few_at_a_time(
    frame: tuple[pa.Table, Statistics, pa.Table], same: list[Pair], different: list[Pair], rules: RuleSet
) -> tuple[Clusters, set[tuple[int, int, int, str]]]:
    standard, statistics, links = frame
    parts = dict(zip(standard["record"].to_pylist(), parts_of(standard), strict=True))
    keys = zip(standard["source"].to_pylist(), standard["source_key"].to_pylist(), strict=True)
    rank = {record: (s.encode(), k.encode()) for record, (s, k) in zip(parts, keys, strict=True)}
    scored = {(row["left"], row["right"]): row["score"] for row in links.select(["left", "right", "score"]).to_pylist()}

    def barred(one: int, other: int) -> bool:
        return bool(bars_between(parts[one], parts[other], rules))

    def compare(one: int, others: Sequence[int]) -> list[tuple[int, ...]]:
        found = score_with_levels(parts[one], [parts[other] for other in others], rules, statistics)
        return [levels for _, levels in found]

    judge = Judge(rules, compare, barred)
    rows = links.select(["left", "right", "levels"]).to_pylist()
    # Half of the levels are known from before, as they are where records came one by one.
    levels = {(row["left"], row["right"]): row["levels"] for row in rows[::2]}
    facts = Facts(scored, frozenset(same), frozenset(different), levels)
    found = cluster_few(sorted(parts, key=rank.__getitem__), facts, judge)
    size: dict[int, int] = {}
    for cluster in found.of.values():
        size[cluster] = size.get(cluster, 0) + 1
    around = Surroundings(found.of, rank, size)
    return found, set(propose(scored, around, judge, different=different))


@pytest.mark.parametrize("seed", range(6))
def test_clusters_questions_and_conflicts_agree_under_verdicts(
    frame: tuple[pa.Table, Statistics, pa.Table], seed: int
) -> None:
    standard, statistics, links = frame
    chance = random.Random(seed)
    pairs = [(row["left"], row["right"]) for row in links.select(["left", "right"]).to_pylist()]
    judged = chance.sample(pairs, 40 * (seed > 0))
    same, different = judged[:20], judged[20:]
    whole = bulk.cluster(standard, links, RULES, statistics, same=same, different=different)
    few, proposals = few_at_a_time(frame, same, different, RULES)
    assert few.of == dict(zip(*(whole.clusters[c].to_pylist() for c in ("record", "cluster")), strict=True))
    assert proposals == {tuple(row.values()) for row in whole.proposals.to_pylist()}
    assert {tuple(weak) for weak in few.weak} == {tuple(row.values()) for row in whole.weak.to_pylist()}
    assert {tuple(doubt) for doubt in few.doubts} == {tuple(row.values()) for row in whole.doubts.to_pylist()}
    assert {frozenset(pair) for pair in few.conflicts} == {frozenset(pair) for pair in whole.conflicts}
    assert proposals
    assert len(set(few.of.values())) < len(few.of)


def test_a_component_beyond_the_cap_is_left_to_the_bulk_path() -> None:
    links = {(low, low + 1): 9000 for low in range(RULES.caps.component + 1)}
    records = list(range(RULES.caps.component + 2))
    judge = Judge(RULES, lambda _, others: [()] * len(others), lambda *_: False)
    with pytest.raises(ComponentTooLarge, match=str(len(records))):
        cluster_few(records, Facts(links), judge)


@pytest.mark.parametrize("seed", range(3))
def test_the_weakest_pair_of_each_cluster_and_its_subject_agree(
    frame: tuple[pa.Table, Statistics, pa.Table], seed: int
) -> None:
    standard, statistics, links = frame
    # Strict enough to doubt many clusters of this small sample, some of which verdicts hold together.
    rules = replace(RULES, thresholds=replace(RULES.thresholds, review=2_000, link=2_000, weak=1_999))
    whole = bulk.cluster(standard, links, rules, statistics)
    doubts = whole.doubts.to_pylist()
    judged = random.Random(seed).sample(doubts, len(doubts) // 3 * (seed > 0))
    same = [(doubt["left"], doubt["right"]) for doubt in judged]
    whole = bulk.cluster(standard, links, rules, statistics, same=same)
    few, _ = few_at_a_time(frame, same, [], rules)
    assert {tuple(doubt) for doubt in few.doubts} == {tuple(row.values()) for row in whole.doubts.to_pylist()}
    assert few.doubts
    assert len({few.of[doubt.low] for doubt in few.doubts}) == len(few.doubts)
    for doubt in few.doubts:
        assert few.of[doubt.low] == few.of[doubt.high]
        assert (doubt.low, doubt.high) not in same
        weak = [pair.score for pair in few.weak if few.of[pair.low] == few.of[doubt.low]]
        assert doubt.score >= min(weak)
        assert seed or doubt.score == min(weak)


def test_rules_without_the_threshold_doubt_nobody(frame: tuple[pa.Table, Statistics, pa.Table]) -> None:
    standard, statistics, links = frame
    rules = replace(RULES, thresholds=replace(RULES.thresholds, weak=None))
    assert bulk.cluster(standard, links, rules, statistics).doubts.num_rows == 0
    assert few_at_a_time(frame, [], [], rules)[0].doubts == []
