"""The budget of pairs: rare keys first, whatever the order of the rows."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from apps.engine import bulk
from apps.engine.block.hashing import PLACE_MASK
from apps.engine.bulk.blocking import caps_of, keyed_rows, runs
from apps.engine.bulk.profiling import budget_border
from apps.engine.rules import RuleSet, load_company_rules
from apps.engine.statistics import Statistics
from tests.engine.frames import given_frame, read_sample

RULES = load_company_rules()
CROWD, ROWS = 12, 30


def with_budget(pairs: int, **changed: Any) -> RuleSet:
    document = RULES.to_document()
    return RuleSet.from_document({**document, **changed, "caps": {**document["caps"], "pairs": pairs}})


def crowded(pairs: int) -> RuleSet:
    """Phones and e-mail addresses only, and a crowd of twelve is within the cap of either."""
    keys = [{**key, "cap": CROWD} for key in RULES.to_document()["keys"] if key["name"] in ("phone", "email")]
    return with_budget(pairs, keys=keys)


def switchboard() -> list[dict[str, str]]:
    """Twelve of thirty records share a phone; each two neighbours share an e-mail address."""
    return [
        {
            "source": "crm",
            "source_key": f"{n:02}",
            "name": f"Firm{n}",
            "country": "US",
            "email": f"desk{n // 2}@acme.com",
        }
        | ({"phone": "+1 212-555-2368"} if n < CROWD else {})
        for n in range(ROWS)
    ]


def pairs_made(standard: pa.Table, rules: RuleSet, statistics: Statistics) -> int:
    """Count the pairs before duplicates are dropped."""
    keys, held = np.unique(keyed_rows(standard)[1], return_counts=True)
    usable = (held <= caps_of(keys, rules)) & ~np.array(statistics.are_hot(keys.tolist()), dtype=np.bool_)
    return int((held[usable] * (held[usable] - 1) // 2).sum())


def test_a_common_key_within_its_cap_gives_way_to_the_budget_and_hides_nothing_that_others_find() -> None:
    tight, roomy = crowded(1), crowded(3)
    standard = bulk.standardise(given_frame(switchboard()), roomy)
    every = bulk.profile(standard, roomy)
    assert not every.hot_keys
    assert pairs_made(standard, roomy, every) == CROWD * (CROWD - 1) // 2 + ROWS // 2
    bounded = bulk.profile(standard, tight)
    (key,) = bounded.hot_keys
    assert tight.keys[key & PLACE_MASK].name == "phone"
    assert bounded.hot_keys[key] == CROWD
    left, right = bulk.candidates(standard, tight, bounded)
    assert list(zip(left.tolist(), right.tolist(), strict=True)) == [(n, n + 1) for n in range(0, ROWS, 2)]


@pytest.mark.parametrize("budget", [1, 2, 5])
def test_the_rarest_keys_fill_the_budget_and_no_more(budget: int) -> None:
    rules = with_budget(budget)
    standard = bulk.standardise(given_frame(read_sample()), rules)
    statistics = bulk.profile(standard, rules)
    made, most = pairs_made(standard, rules, statistics), budget * standard.num_rows
    smallest = min(held for key, held in statistics.hot_keys.items() if held <= rules.keys[key & PLACE_MASK].cap)
    assert made <= most < made + smallest * (smallest - 1) // 2
    keys = np.sort(keyed_rows(standard)[1])
    starts, sizes = runs(keys)
    kept = ~np.array(statistics.are_hot(keys[starts].tolist()), dtype=np.bool_)
    assert sizes[kept].max() <= smallest


def test_the_budget_falls_alike_for_any_order_of_the_rows() -> None:
    rules = with_budget(2)
    standard = bulk.standardise(given_frame(read_sample()), rules)
    statistics = bulk.profile(standard, rules)
    shuffled = standard.take(np.random.default_rng(5).permutation(standard.num_rows))
    assert statistics.hot_keys
    assert bulk.profile(shuffled, rules).to_bytes() == statistics.to_bytes()


def test_the_shipped_budget_leaves_the_sample_as_it_is() -> None:
    standard = bulk.standardise(given_frame(read_sample()), RULES)
    assert bulk.profile(standard, RULES).hot_keys == bulk.profile(standard, with_budget(10**6)).hot_keys


@pytest.mark.parametrize(
    ("most", "border"), [(0, (2, 0)), (1, (2, 1)), (4, (3, 0)), (6, (3, 0)), (7, (3, 1)), (9, (3, 1)), (10, (3, 2))]
)
def test_the_border_lies_where_the_next_key_would_be_one_too_many(most: int, border: tuple[int, int]) -> None:
    sizes, counts = np.array([2, 3]), np.array([4, 2])
    assert budget_border(sizes, counts, most) == border


def test_without_keys_there_is_no_border() -> None:
    assert budget_border(np.empty(0, np.int64), np.empty(0, np.int64), 60) == (0, 0)
