"""recordlinkage 0.16 as a contender: its indexes, its comparisons, its ECM classifier; components of its links.

Features are 0 or 1 and a missing value counts as disagreement, as its guide has it.
"""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import recordlinkage
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from benchmarks.peers.outcome import KEPT_BITS, WORKERS, Outcome, Stopwatch

THRESHOLD_BITS = 32.0  # chosen by benchmarks.peers.tuning
BLOCKS = (
    ["name.words"], ["phone.e164"], ["email.address"], ["website.domain"], ["street.name", "street.number"],
    ["vat.number"], ["tax_id.number"], ["register_no.number"], ["lei.number"], ["duns.number"],
)  # fmt: skip
SORTED_BY, WINDOW = "name.full", 7
ALIKE = {"name.full": 0.9, "name.words": 0.9, "street.name": 0.9, "city.name": 0.9}  # Jaro-Winkler from here up
EQUAL = (
    "name.words", "name.generic", "name.form", "street.number", "postcode.code", "country.code", "phone.e164",
    "email.address", "email.domain", "website.domain", "vat.number", "tax_id.number", "register_no.number",
    "lei.number", "duns.number",
)  # fmt: skip


def resolve(frame: Path, labelled: Path, threshold_bits: float = THRESHOLD_BITS) -> Outcome:  # noqa: ARG001 - unsupervised
    """Return the clusters of the standard frame in the file `frame`."""
    warnings.simplefilter("ignore")
    watch = Stopwatch()
    with watch.stage("predict"):
        records = read(frame)
        features = compare(records)
    with watch.stage("train"):
        classifier = recordlinkage.ECMClassifier()
        classifier.fit(features)
    with watch.stage("predict"):
        probability = np.clip(classifier.prob(features).to_numpy(), 1e-30, 1 - 1e-15)
        bits = np.log2(probability / (1 - probability))
    left, right = (features.index.get_level_values(i).to_numpy() for i in (0, 1))
    with watch.stage("cluster"):
        linked = bits >= threshold_bits
        clusters = components(records.index.to_numpy(), left[linked], right[linked])
    kept = bits >= KEPT_BITS
    pairs = {"left": np.minimum(left, right)[kept], "right": np.maximum(left, right)[kept]}
    return Outcome(clusters, pa.table(pairs | {"bits": bits[kept].astype(np.float32)}), watch.seconds)


def read(frame: Path) -> pd.DataFrame:
    """Return the parts that are indexed or compared, by record."""
    wanted = {SORTED_BY, *ALIKE, *EQUAL, *(column for block in BLOCKS for column in block)}
    given = [name for name in pq.read_schema(frame).names if name in wanted]
    return pq.read_table(frame, columns=["record", *given]).to_pandas().set_index("record")


def compare(records: pd.DataFrame) -> pd.DataFrame:
    """Return a row of zeros and ones per candidate pair."""
    indexer = recordlinkage.Index()
    for block in BLOCKS:
        if set(block) <= set(records.columns):
            indexer.block(block)
    indexer.sortedneighbourhood(SORTED_BY, window=WINDOW)
    comparer = recordlinkage.Compare(n_jobs=WORKERS)
    for column, least in ALIKE.items():
        comparer.string(column, column, method="jarowinkler", threshold=least, label=f"{column} alike")
    for column in EQUAL:
        if column in records.columns:
            comparer.exact(column, column, label=column)
    features: pd.DataFrame = comparer.compute(indexer.index(records), records)
    return features


def components(records: np.ndarray, left: np.ndarray, right: np.ndarray) -> pa.Table:
    """Return `record` and `cluster`, the connected components of the links between record ids."""
    order = np.argsort(records)
    ends = (order[np.searchsorted(records, ids, sorter=order)] for ids in (left, right))
    links = coo_array((np.ones(len(left), dtype=np.int8), tuple(ends)), shape=(len(records), len(records)))
    return pa.table({"record": records, "cluster": connected_components(links, directed=False)[1]})
