"""Learn the weights of a rule set without labels: `python -m benchmarks.learn song|person --data DIR`.

Reads the public sets that the rule set is measured on, never their truth, and writes RULES.weights.json beside the
rules. The result is a function of files and rules: random pairs are drawn with a fixed seed.
"""

import argparse
import json
import sys
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from apps.engine.bulk.blocking import candidates
from apps.engine.bulk.comparing import Levels, levels_of
from apps.engine.bulk.frames import Columns
from apps.engine.bulk.pairs import RowPairs
from apps.engine.bulk.profiling import profile
from apps.engine.bulk.standardising import standardise
from apps.engine.compare import COMPARERS
from apps.engine.rules import RULESETS, RuleSet
from apps.engine.score.em import learn_fellegi_sunter
from benchmarks.given import given_from_set
from benchmarks.public_sets import PUBLIC_SETS, PublicSet
from benchmarks.run import SCRATCH

FROM_RANDOM_PAIRS = {"song": False, "person": True}
"""Whether random pairs show what different things look like, or the candidates alone.

Persons share namesakes and birthdays among candidates, which the candidates alone take for one person. Songs differ in
so many words that the candidates tell it themselves, and their scores then lie nearer to true odds.
"""
GUESS = 3000
"""Millibits that a level "same" starts from; "different" starts from as much below zero, all others from zero."""
PRIOR = -3000
RANDOM_PAIRS = 400_000
SEED = 1
WORKERS = 2


def guessed_rules(name: str) -> RuleSet:
    """Return the rule set with the weights that the learning starts from."""
    document: dict[str, Any] = tomllib.loads((RULESETS / f"{name}.toml").read_text("utf-8"))
    document["prior"] = PRIOR
    for comparison in document["comparisons"]:
        labels = COMPARERS[comparison["kind"]].labels
        comparison["levels"] = [[label, guess(label)] for label in labels]
    return RuleSet.from_document(document)


def guess(label: str) -> int:
    """Return the millibits that a level starts from."""
    if label.startswith("same"):
        return GUESS
    return -GUESS if label.startswith("different") else 0


def levels_in(public_set: PublicSet, data: Path, rules: RuleSet) -> tuple[Levels, Levels, int]:
    """Return the levels of a set's candidate pairs and of random pairs, and how many pairs there are in all."""
    given = given_from_set(public_set.records(data, SCRATCH), public_set.columns, rules)
    standard = standardise(given, rules, workers=WORKERS)
    statistics = profile(standard, rules)
    columns, rows = Columns(standard), standard.num_rows

    def levels(pairs: tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]) -> Levels:
        return levels_of(RowPairs(columns, *pairs, statistics, WORKERS), rules)

    drawn = np.random.default_rng(SEED).integers(0, rows, (2, RANDOM_PAIRS), dtype=np.int32)
    drawn = np.sort(drawn[:, drawn[0] != drawn[1]], axis=0)
    return levels(candidates(standard, rules, statistics)), levels((drawn[0], drawn[1])), rows * (rows - 1) // 2


def learn(name: str, data: Path) -> dict[str, Any]:
    """Return the weights document that the public sets of a rule set teach; raise FileNotFoundError without them."""
    rules = guessed_rules(name)
    found = [levels_in(s, data, rules) for s in PUBLIC_SETS if s.rules == name]
    near = np.concatenate([levels for levels, _, _ in found])
    if not FROM_RANDOM_PAIRS[name]:
        return learn_fellegi_sunter(near, rules)
    random = np.concatenate([levels for _, levels, _ in found])
    return learn_fellegi_sunter(near, rules, u_levels=random, of=sum(pairs for _, _, pairs in found))


def main(arguments: list[str] | None = None) -> int:
    """Learn and write the weights."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.learn", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("rules", choices=sorted(FROM_RANDOM_PAIRS))
    parser.add_argument("--data", type=Path, required=True, help="folder of public sets")
    settings = parser.parse_args(arguments)
    path = RULESETS / f"{settings.rules}.weights.json"
    path.write_text(json.dumps(learn(settings.rules, settings.data), indent=1) + "\n", encoding="utf-8")
    print(f"written to {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
