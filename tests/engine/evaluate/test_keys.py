"""The report on match keys says what counting pairs one by one says."""

from dataclasses import replace
from functools import cache
from itertools import combinations

import numpy as np
import pytest

from apps.engine import bulk
from apps.engine.block import cap_of, match_keys
from apps.engine.block.hashing import PLACE_MASK
from apps.engine.bulk.blocking import candidates, keyed_rows
from apps.engine.bulk.frames import Ints
from apps.engine.evaluate import Found, codes_of, holders_in, measure_keys
from apps.engine.rules import load_company_rules
from tests.engine.frames import TRUTH, given_frame, parts_of, read_sample

SHIPPED = load_company_rules()
# Tight enough for some keys to be hot for their cap and others for the budget.
RULES = replace(
    SHIPPED,
    keys=tuple(replace(key, cap=min(key.cap, 8)) for key in SHIPPED.keys),
    caps=replace(SHIPPED.caps, pairs=4),
)
Pairs = set[tuple[int, int]]


@cache
def sample() -> tuple[Found, Ints]:
    rows = read_sample()
    standard = bulk.standardise(given_frame(rows), RULES)
    found = Found(
        standard=standard,
        links=standard.slice(0, 0),
        clusters=np.arange(len(rows)),
        rules=RULES,
        statistics=bulk.profile(standard, RULES),
        count_holders=holders_in(keyed_rows(standard)[1]),
    )
    return found, codes_of(row[TRUTH] for row in rows)


@cache
def counted() -> tuple[dict[str, Pairs], dict[str, set[int]], int]:
    """Return the pairs and hot keys by match key's name, and the pairs made, each counted for every key it shares."""
    found, _ = sample()
    holders: dict[int, list[int]] = {}
    for row, parts in enumerate(parts_of(found.standard)):
        for key in match_keys(parts, RULES):
            holders.setdefault(key, []).append(row)
    pairs: dict[str, Pairs] = {key.name: set() for key in RULES.keys}
    hot: dict[str, set[int]] = {key.name: set() for key in RULES.keys}
    made = 0
    for key, rows in holders.items():
        name = RULES.keys[key & PLACE_MASK].name
        if len(rows) > cap_of(key, RULES) or key in found.statistics.hot_keys:
            hot[name].add(key)
        else:
            within = list(combinations(rows, 2))
            pairs[name].update(within)
            made += len(within)
    return pairs, hot, made


def true_among(pairs: Pairs) -> Pairs:
    _, entities = sample()
    return {(a, b) for a, b in pairs if entities[a] == entities[b]}


def test_each_key_finds_what_counting_one_by_one_finds() -> None:
    report = measure_keys(*sample())
    pairs, hot, _ = counted()
    assert [key.name for key in report.keys] == [key.name for key in RULES.keys]
    for key in report.keys:
        mine = pairs[key.name]
        others = set().union(*(pairs[name] for name in pairs if name != key.name))
        assert (key.found.pairs, key.found.true) == (len(mine), len(true_among(mine)))
        assert (key.alone.pairs, key.alone.true) == (len(mine - others), len(true_among(mine - others)))
        assert key.hot == len(hot[key.name])
    assert sum(map(len, hot.values())) > 0
    assert any(key.alone.true for key in report.keys)


def test_all_keys_together_find_the_candidates() -> None:
    found, entities = sample()
    report = measure_keys(found, entities)
    pairs, _, made = counted()
    together = set().union(*pairs.values())
    left, right = candidates(found.standard, RULES, found.statistics)
    assert together == set(zip(left.tolist(), right.tolist(), strict=True))
    assert (report.together.pairs, report.together.true) == (len(together), len(true_among(together)))
    assert report.made == made <= RULES.caps.pairs * report.records
    assert report.owed == sum(n * (n - 1) // 2 for n in np.bincount(entities).tolist())
    assert 0 < report.recall(report.together) == len(true_among(together)) / report.owed < 1


def test_holders_outside_the_rows_make_a_key_too_common() -> None:
    found, entities = sample()
    crowded = replace(found, count_holders=lambda keys: np.full(len(keys), 10**6))
    report = measure_keys(crowded, entities)
    assert (report.together.pairs, report.made, report.recall(report.together)) == (0, 0, 0)
    assert sum(key.hot for key in report.keys) == len(np.unique(keyed_rows(found.standard)[1]))


def test_the_document_holds_the_report() -> None:
    report = measure_keys(*sample())
    document = report.to_document()
    assert document["budget"] == 4
    assert document["pairs_per_record"] == round(report.together.pairs / report.records, 5)
    held = sum(key["keys_per_record"] for key in document["keys"])
    assert held == pytest.approx(len(keyed_rows(sample()[0].standard)[1]) / report.records, abs=1e-3)
    assert [key["alone"]["true_pairs"] for key in document["keys"]] == [key.alone.true for key in report.keys]


def test_no_records_find_nothing_and_miss_nothing() -> None:
    found, entities = sample()
    report = measure_keys(replace(found, standard=found.standard.slice(0, 0)), entities[:0])
    assert (report.together.pairs, report.owed, report.recall(report.together)) == (0, 0, 1)
    assert report.to_document()["made_per_record"] == 0
