from functools import cache

import numpy as np
import pytest

from apps.engine.evaluate import overlap_of, ranges_of, ratio_range, wilson

CHANCE = 5


def noisy_partition(entities: int = 400) -> tuple[list[int], list[int]]:
    """Entities of one to six records; some are split, some neighbours are merged."""
    chance = np.random.default_rng(CHANCE)
    truth, found = [], []
    for entity in range(entities):
        merged, split = chance.random() < 0.1, chance.random() < 0.2
        for record in range(int(chance.integers(1, 7))):
            truth.append(entity)
            found.append((entity - merged) * 10 + (record % 2 if split else 0))
    return truth, found


def test_wilson_gives_the_published_interval() -> None:
    found = wilson(0.8, 10)
    assert found.low == pytest.approx(0.4902, abs=1e-4)
    assert found.high == pytest.approx(0.9433, abs=1e-4)


def test_no_observation_leaves_everything_possible() -> None:
    assert (wilson(1.0, 0).low, wilson(1.0, 0).high) == (0.0, 1.0)


def test_a_share_without_an_error_still_has_a_range() -> None:
    sure = ratio_range(np.ones(30), np.ones(30))
    assert (sure.share, sure.high) == (1.0, 1.0)
    assert 0.85 < sure.low < 0.9


def test_one_large_entity_is_worth_one_observation() -> None:
    counts = np.array([1000.0])
    assert ratio_range(counts, counts).worth == 1


def test_pairs_that_fall_together_are_worth_less_than_their_number() -> None:
    hits = np.array([10.0] * 20 + [0.0] * 20)
    assert ratio_range(hits, np.full(40, 10.0)).worth == pytest.approx(39)


@pytest.mark.parametrize("measure", ["pair_precision", "pair_recall", "pair_f1", "b3_precision", "entities_exact"])
def test_ranges_are_those_of_drawing_entities_again_and_again(measure: str) -> None:
    formula = ranges_of(overlap_of(*noisy_partition()))[measure]
    parts = count_parts()[measure]
    chance = np.random.default_rng(CHANCE)
    draws = [chance.integers(0, len(parts), len(parts)) for _ in range(1000)]
    shares = [parts[draw, 0].sum() / parts[draw, 1].sum() for draw in draws]
    low, high = np.percentile(shares, [2.5, 97.5])
    assert formula.low == pytest.approx(low, abs=0.012)
    assert formula.high == pytest.approx(high, abs=0.012)


@cache
def count_parts() -> dict[str, np.ndarray]:
    """What each entity adds to each measure's numerator and denominator, counted pair by pair."""
    truth, found = noisy_partition()
    names = ("pair_precision", "pair_recall", "pair_f1", "b3_precision", "entities_exact")
    parts = {name: np.zeros((max(truth) + 1, 2)) for name in names}
    of_entity, of_cluster = records_by(truth), records_by(found)
    for a, entity in enumerate(truth):
        mates, twins = of_cluster[found[a]], of_entity[entity]
        parts["b3_precision"][entity] += (len(mates & twins) / len(mates), 1)
        for b in (mates | twins) - {a}:
            same, together = b in twins, b in mates
            parts["pair_precision"][entity] += (same and together, together)
            parts["pair_recall"][entity] += (same and together, same)
            parts["pair_f1"][entity] += (2 * (same and together), together + same)
    for entity, records in of_entity.items():
        parts["entities_exact"][entity] = (records in of_cluster.values(), 1)
    return parts


def records_by(labels: list[int]) -> dict[int, set[int]]:
    groups: dict[int, set[int]] = {}
    for record, label in enumerate(labels):
        groups.setdefault(label, set()).add(record)
    return groups
