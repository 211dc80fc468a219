"""Learn the company rule set's shipped weights: `python -m benchmarks.train_company DATA OUT.json [--leave-out SET]`.

From profile A of the generator (two large sets, three small ones, so that no size of a hub is learned by heart) and the
public labelled company sets found in DATA. Profile B is never read. `--leave-out us_listed_4src` (or `uk_employers`)
learns without that set and measures on it: how well the engine does on data that it has not seen.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from apps.engine.bulk.training import TRUTH, joined, labelled_pairs, starting_rules
from apps.engine.rules import RULESETS, RuleSet, load_company_rules, overlay_weights
from apps.engine.score.train import LabelledPairs, learn_weights
from benchmarks.baseline import Labels, read_labels
from benchmarks.generator.making import make
from benchmarks.generator.profiles import SOURCES
from benchmarks.given import given_from_exports, given_from_set
from benchmarks.public_sets import PUBLIC_SETS, PublicSet
from benchmarks.quality import measure, quality_table

MADE = ((100_000, 101, 1.0), (100_000, 102, 1.0), (8_000, 31, 3.0), (8_000, 32, 3.0), (8_000, 33, 3.0))
"""Records, seed and weight of each set made by profile A."""
LEARNED = ("us_listed_4src", "uk_employers, numbers withheld")
PUBLIC_WEIGHT = 10.0
ROUNDS = 400
SCRATCH = Path("build") / "bench" / "training"


def with_truth(given: pa.Table, truth: Labels) -> pa.Table:
    """Return a given frame with the column of true parties; a record without one is a party of its own."""
    keys = zip(given["source"].to_pylist(), given["source_key"].to_pylist(), strict=True)
    return given.append_column(TRUTH, pa.array([str(truth.get(key, key)) for key in keys]))


def frame_of(public_set: PublicSet, data: Path, rules: RuleSet) -> tuple[pa.Table, Labels]:
    """Return a public set's given frame and its truth."""
    path = public_set.records(data, SCRATCH)
    return given_from_set(path, public_set.columns, rules), read_labels(path, "entity_id")


def pairs_of_sets(data: Path, rules: RuleSet, left_out: str | None) -> Iterator[LabelledPairs]:
    """Yield the labelled pairs of each set that is learned from."""
    for records, seed, weight in MADE:
        folder = SCRATCH / f"A-{records}-{seed}"
        make("A", records=records, seed=seed, out=folder)
        truth = read_labels(folder / "truth.csv", "entity_id")
        yield labelled_pairs(with_truth(given_from_exports(folder, SOURCES, rules), truth), rules, weight)
    for public_set in PUBLIC_SETS:
        if public_set.title in LEARNED and public_set.folder != left_out:
            yield labelled_pairs(with_truth(*frame_of(public_set, data, rules)), rules, PUBLIC_WEIGHT)


def main() -> None:
    """Learn, write the weights and, of a set that was left out, the measures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--leave-out", choices=("us_listed_4src", "uk_employers"))
    settings = parser.parse_args()
    rules = starting_rules(RULESETS / "company.toml")
    weights = learn_weights(joined(list(pairs_of_sets(settings.data, rules, settings.leave_out))), rules, rounds=ROUNDS)
    settings.out.write_text(json.dumps(weights, indent=1) + "\n", encoding="utf-8")
    learned = RuleSet.from_document(overlay_weights(load_company_rules().to_document(), weights))
    unseen = [s for s in PUBLIC_SETS if settings.leave_out and s.folder == settings.leave_out]
    if unseen:
        frames = [(f"{s.title}, left out", *frame_of(s, settings.data, learned)) for s in unseen]
        print(quality_table([measure(title, given, truth, learned) for title, given, truth in frames]))


if __name__ == "__main__":
    main()
