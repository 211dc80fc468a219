"""Choose the peers' configurations and thresholds: `python -m benchmarks.peers.tuning [--records N] [--seed 202]`.

Profile B, on a seed that is never reported. What it prints as best is written into the contenders' modules by hand.
"""

import argparse
from pathlib import Path

import pyarrow as pa

from apps.engine.evaluate import evaluate
from benchmarks.peers import record_linkage, splink_resolve
from benchmarks.peers.frames import Truth, labelled_frame, standard_frame
from benchmarks.peers.measure import LABELLED_RECORDS, LABELLED_SEED
from benchmarks.peers.outcome import Outcome

SCRATCH = Path("build") / "bench" / "peers"
THRESHOLDS = [step / 2 for step in range(-8, 61)]


def best_threshold(outcome: Outcome, truth: Truth) -> tuple[float, float]:
    """Return the highest B-cubed F1 over all thresholds on the pairs' components, and its threshold in bits."""
    records = outcome.clusters.column("record").combine_chunks().to_numpy()
    left, right, bits = (outcome.pairs.column(name).to_numpy() for name in ("left", "right", "bits"))
    scores = []
    for threshold in THRESHOLDS:
        linked = bits >= threshold
        clusters: pa.Table = record_linkage.components(records, left[linked], right[linked])
        columns = (clusters.column(name).to_pylist() for name in ("record", "cluster"))
        scores.append((evaluate(truth, dict(zip(*columns, strict=True))).b3_f1, threshold))
    return max(scores)


def main() -> None:
    """Print each configuration's best threshold."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers.tuning")
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=202)
    settings = parser.parse_args()
    labelled = labelled_frame(records=LABELLED_RECORDS, seed=LABELLED_SEED, scratch=SCRATCH)
    frame, truth = standard_frame("B", records=settings.records, seed=settings.seed, scratch=SCRATCH)
    for configuration in splink_resolve.CONFIGURATIONS:
        f1, threshold = best_threshold(splink_resolve.resolve(frame, labelled, configuration), truth)
        print(f"splink, {configuration}: B-cubed F1 {f1:.4f} from {threshold} bits", flush=True)
    f1, threshold = best_threshold(record_linkage.resolve(frame, labelled), truth)
    print(f"recordlinkage: B-cubed F1 {f1:.4f} from {threshold} bits", flush=True)


if __name__ == "__main__":
    main()
