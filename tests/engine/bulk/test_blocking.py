import itertools
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.engine import bulk
from apps.engine.bulk import holders
from apps.engine.bulk.blocking import candidate_pieces
from apps.engine.rules import RuleSet, load_company_rules
from apps.engine.statistics import Statistics
from tests.engine.frames import TRUTH, given_frame, read_sample

RULES = load_company_rules()


def only(key: str, cap: int) -> RuleSet:
    document = RULES.to_document()
    document["keys"] = [{**entry, "cap": cap} for entry in document["keys"] if entry["name"] == key]
    return RuleSet.from_document(document)


def phones(*numbers: str) -> list[dict[str, str]]:
    return [
        {"source": "crm", "source_key": str(n), "name": f"Firm{n}", "country": "US", "phone": number}
        for n, number in enumerate(numbers)
    ]


def pairs(rules: RuleSet, rows: list[dict[str, str]], statistics: Statistics | None = None) -> list[tuple[int, int]]:
    standard = bulk.standardise(given_frame(rows), rules)
    left, right = bulk.candidates(standard, rules, statistics or bulk.profile(standard, rules))
    return list(zip(left.tolist(), right.tolist(), strict=True))


ONE, TWO = "+1 212-555-2368", "+1 415-555-2671"


def test_records_that_share_a_key_are_paired_once() -> None:
    assert pairs(only("phone", 5), phones(ONE, TWO, ONE, ONE)) == [(0, 2), (0, 3), (2, 3)]


def test_a_key_above_its_cap_makes_no_pairs() -> None:
    assert pairs(only("phone", 2), phones(ONE, TWO, ONE, ONE, TWO)) == [(1, 4)]


def test_a_key_that_the_statistics_call_hot_makes_no_pairs() -> None:
    rules = only("phone", 2)
    crowd = bulk.standardise(given_frame(phones(ONE, ONE, ONE)), rules)
    assert pairs(rules, phones(ONE, ONE, TWO, TWO), bulk.profile(crowd, rules)) == [(2, 3)]


def test_focus_keeps_the_pairs_that_touch_it() -> None:
    rules = only("phone", 5)
    standard = bulk.standardise(given_frame(phones(ONE, ONE, ONE, TWO, TWO)), rules)
    statistics = bulk.profile(standard, rules)
    left, right = bulk.candidates(standard, rules, statistics, focus=np.array([False, True, False, False, False]))
    assert list(zip(left.tolist(), right.tolist(), strict=True)) == [(0, 1), (1, 2)]


def test_focus_on_everything_changes_nothing() -> None:
    standard = bulk.standardise(given_frame(read_sample()), RULES)
    statistics = bulk.profile(standard, RULES)
    every = bulk.candidates(standard, RULES, statistics)
    focused = bulk.candidates(standard, RULES, statistics, focus=np.ones(standard.num_rows, dtype=np.bool_))
    assert all(np.array_equal(a, b) for a, b in zip(every, focused, strict=True))


def test_blocking_finds_the_true_pairs_that_leave_a_trace() -> None:
    rows = read_sample()
    found = set(pairs(RULES, rows))
    true = {(a, b) for b in range(len(rows)) for a in range(b) if rows[a][TRUTH] == rows[b][TRUTH]}
    assert len(found & true) >= 0.9 * len(true)
    assert len(found) < len(rows) * 20


@pytest.mark.parametrize("count", [0, 1])
def test_too_few_records_make_no_pairs(count: int) -> None:
    rows = phones(ONE)
    standard = bulk.standardise(given_frame(rows).slice(0, count), RULES)
    left, right = bulk.candidates(standard, RULES, bulk.profile(standard, RULES))
    assert len(left) == len(right) == 0


def in_pieces(rules: RuleSet, standard: pa.Table, most: int, **wanted: Any) -> list[tuple[np.ndarray, np.ndarray]]:
    return list(candidate_pieces(standard, rules, bulk.profile(standard, rules), most_pairs=most, **wanted))


@pytest.mark.parametrize("most", [1, 7, 100, 10**6])
@pytest.mark.parametrize("workers", [1, 3])
def test_pieces_add_up_to_the_whole_in_its_order(most: int, workers: int) -> None:
    standard = bulk.standardise(given_frame(read_sample()), RULES)
    whole = bulk.candidates(standard, RULES, bulk.profile(standard, RULES))
    pieces = in_pieces(RULES, standard, most, workers=workers)
    assert [np.concatenate(side).tolist() for side in zip(*pieces, strict=True)] == [side.tolist() for side in whole]
    for left, _ in pieces:
        assert len(left) <= most or len(np.unique(left)) == 1
    assert all(before[0][-1] < after[0][0] for before, after in itertools.pairwise(pieces))


def test_pieces_keep_to_the_focus() -> None:
    standard = bulk.standardise(given_frame(read_sample()), RULES)
    focus = np.arange(standard.num_rows) % 5 == 0
    whole = bulk.candidates(standard, RULES, bulk.profile(standard, RULES), focus)
    every = bulk.candidates(standard, RULES, bulk.profile(standard, RULES))
    touching = focus[every[0]] | focus[every[1]]
    pieces = in_pieces(RULES, standard, 5, focus=focus)
    for side, all_rows, rows in zip(zip(*pieces, strict=True), every, whole, strict=True):
        assert np.concatenate(side).tolist() == rows.tolist() == all_rows[touching].tolist()


def sharing(rows: list[list[int]]) -> pa.Table:
    """Return a frame of these match keys, all of the rule set's first key."""
    keys = pa.array([sorted(key << 6 for key in held) for held in rows], pa.list_(pa.int64()))
    return pa.table({"record": pa.array(range(len(rows)), pa.int64()), "keys": keys})


@settings(deadline=None)
@given(st.lists(st.lists(st.integers(-3, 40), unique=True, max_size=6), max_size=30), st.data())
def test_any_keys_pair_the_rows_that_share_a_usable_one(rows: list[list[int]], data: st.DataObject) -> None:
    cap = data.draw(st.integers(2, 6))
    rules = only(RULES.keys[0].name, cap)
    hot = data.draw(st.sets(st.integers(-3, 40), max_size=5))
    statistics = Statistics(len(rows), rules.digest, {}, {key << 6: 99 for key in hot})
    holders: dict[int, list[int]] = {}
    for row, keys in enumerate(rows):
        for key in keys:
            holders.setdefault(key, []).append(row)
    usable = [held for key, held in holders.items() if key not in hot and len(held) <= cap]
    expected = sorted({pair for held in usable for pair in itertools.combinations(held, 2)})
    left, right = bulk.candidates(sharing(rows), rules, statistics)
    assert list(zip(left.tolist(), right.tolist(), strict=True)) == expected


def test_keys_are_grouped_alike_batch_by_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    standard = bulk.standardise(given_frame(read_sample()), RULES)
    statistics = bulk.profile(standard, RULES)
    whole = bulk.candidates(standard, RULES, statistics)
    monkeypatch.setattr(holders, "BATCH_KEYS", 50)
    monkeypatch.setattr(holders, "BUCKET_KEYS", 8)
    again = bulk.candidates(standard, RULES, statistics)
    assert all(np.array_equal(a, b) for a, b in zip(whole, again, strict=True))
    assert bulk.profile(standard, RULES) == statistics
