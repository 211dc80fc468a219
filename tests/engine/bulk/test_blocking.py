import numpy as np
import pytest

from apps.engine import bulk
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
