"""Learning a rule set's weights from labelled frames.

    python -m apps.engine.bulk.training RULES.toml OUT.json FRAME.parquet[=WEIGHT] ...

Each frame is a given frame with one more column, `entity_id`: the true party of each record. Its candidate pairs count
WEIGHT each (1 by default). Weights start from `<rules>.start.json` where that lies beside the rules.
"""

import json
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from apps.engine.bulk.blocking import candidates
from apps.engine.bulk.comparing import levels_of
from apps.engine.bulk.frames import Columns, column_of
from apps.engine.bulk.pairs import RowPairs
from apps.engine.bulk.profiling import profile
from apps.engine.bulk.standardising import standardise
from apps.engine.rules import RuleSet, load_rules, overlay_weights
from apps.engine.score.train import LabelledPairs, learn_weights

TRUTH = "entity_id"


def labelled_pairs(given: pa.Table, rules: RuleSet, weight: float = 1.0, workers: int = 2) -> LabelledPairs:
    """Return the candidate pairs of a given frame that has an `entity_id` column, labelled by it."""
    standard = standardise(given.drop_columns([TRUTH]), rules)
    statistics = profile(standard, rules)
    left, right = candidates(standard, rules, statistics)
    levels = levels_of(RowPairs(Columns(standard), left, right, statistics, workers), rules)
    entity = column_of(given, TRUTH).codes
    return LabelledPairs(levels, entity[left] == entity[right], np.full(len(left), weight))


def joined(sets: Sequence[LabelledPairs]) -> LabelledPairs:
    """Return the pairs of several sets as one."""
    return LabelledPairs(
        np.concatenate([pairs.levels for pairs in sets]),
        np.concatenate([pairs.labels for pairs in sets]),
        np.concatenate([pairs.weights for pairs in sets]),
    )


def starting_rules(path: Path) -> RuleSet:
    """Return the rules in a file with the weights of `<rules>.start.json`, the hand's guesses, where that is there."""
    start = path.with_suffix(".start.json")
    if not start.exists():
        return load_rules(path)
    document = tomllib.loads(path.read_text("utf-8"))
    return RuleSet.from_document(overlay_weights(document, json.loads(start.read_text("utf-8"))))


def main(rules_file: str, out: str, *frames: str) -> None:
    """Learn from the frames and write the weights document."""
    rules = starting_rules(Path(rules_file))
    named = [frame.partition("=") for frame in frames]
    sets = [labelled_pairs(pq.read_table(name), rules, float(weight or 1)) for name, _, weight in named]
    Path(out).write_text(json.dumps(learn_weights(joined(sets), rules), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
