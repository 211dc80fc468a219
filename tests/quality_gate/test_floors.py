"""The quality the engine must not fall below, on small fixed sets. Floors are raised when the engine gets better."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from apps.engine.bulk import resolve_all
from apps.engine.evaluate import Measures, evaluate
from apps.engine.rules import load_company_rules
from benchmarks.baseline import read_labels
from benchmarks.generator.making import make
from benchmarks.generator.profiles import SOURCES
from benchmarks.given import given_from_exports, labels_of

LISTED = Path(__file__).resolve().parents[2] / "samples" / "us_listed"
RECORDS = 4_000
SEED = 31
"""A seed of its own: neither weights nor figures in the documents come from it."""


@dataclass(frozen=True)
class Floor:
    """The least that is let through; `over_merged` is the most clusters that may hold several entities."""

    b3_f1: float
    pair_precision: float
    pair_recall: float
    entities_exact: float
    over_merged: int


FLOORS = {
    "A": Floor(b3_f1=0.957, pair_precision=0.935, pair_recall=0.903, entities_exact=0.845, over_merged=55),
    "B": Floor(b3_f1=0.936, pair_precision=0.915, pair_recall=0.855, entities_exact=0.790, over_merged=95),
    "us_listed": Floor(b3_f1=0.940, pair_precision=0.930, pair_recall=0.820, entities_exact=0.800, over_merged=55),
}


def measure_folder(folder: Path) -> Measures:
    rules = load_company_rules()
    given = given_from_exports(folder, SOURCES, rules)
    resolution = resolve_all(given, rules, workers=1)
    return evaluate(read_labels(folder / "truth.csv", "entity_id"), labels_of(given, resolution.clusters))


@pytest.mark.parametrize("name", FLOORS)
def test_quality_does_not_fall_below_its_floor(name: str, tmp_path: Path) -> None:
    folder = LISTED if name == "us_listed" else tmp_path
    if folder == tmp_path:
        make(name, records=RECORDS, seed=SEED, out=folder, workers=1)
    found, floor = measure_folder(folder), FLOORS[name]
    shares = ("b3_f1", "pair_precision", "pair_recall", "entities_exact")
    fallen = {share: getattr(found, share) for share in shares if getattr(found, share) < getattr(floor, share)}
    assert fallen == {}, f"{name}: {fallen} below {floor}"
    assert found.over_merged <= floor.over_merged
    assert found.unlabelled == 0


def test_the_gate_sees_a_result_that_joins_too_much() -> None:
    truth = read_labels(LISTED / "truth.csv", "entity_id")
    lumped = evaluate(truth, dict.fromkeys(truth, "everything"))
    alone = evaluate(truth, {key: key for key in truth})
    assert lumped.pair_precision < FLOORS["us_listed"].pair_precision
    assert alone.b3_f1 < FLOORS["us_listed"].b3_f1
