"""The hub's own engine as a contender: its bulk verbs on a standard frame, with the rule set that ships."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from apps.engine import bulk
from apps.engine.rules import load_company_rules
from benchmarks.peers.outcome import WORKERS, Outcome, Stopwatch


def resolve(frame: Path, labelled: Path) -> Outcome:  # noqa: ARG001 - its weights ship, nothing is learned here
    """Return the clusters of the standard frame in the file `frame`."""
    watch, rules = Stopwatch(), load_company_rules()
    with watch.stage("predict"):
        standard = pq.read_table(frame)
        statistics = bulk.profile(standard, rules)
        left, right = bulk.candidates(standard, rules, statistics)
        links = bulk.score(standard, left, right, rules, statistics, workers=WORKERS)
    with watch.stage("cluster"):
        clusters = bulk.cluster(standard, links, rules, statistics, workers=WORKERS).clusters
    bits = links.column("score").to_numpy() / np.float32(1000)
    pairs = pa.table({"left": links.column("left"), "right": links.column("right"), "bits": bits})
    return Outcome(clusters, pairs, watch.seconds)
