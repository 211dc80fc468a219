"""Names pair by pair: how well the company rule set's evidence about two names says whether they name one organisation.

The pairs are nomenklatura's judged names (`org_name_pairs/name_pairs.csv`: name1, name2, label, schema). Its labels ask
whether a screening should show the hit, so funds of one series that differ in their number count as alike; in a hub
they are different customers, and the rule set says so.
"""

import csv
import gzip
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from apps.engine.bulk import profile, standardise
from apps.engine.compare import compare
from apps.engine.evaluate import f1
from apps.engine.rules import RuleSet
from apps.engine.score import score
from apps.engine.standardise import standardise_record
from apps.engine.statistics import Statistics
from benchmarks.public_sets import Row, read

FILE = Path("org_name_pairs") / "name_pairs.csv"
ORGANISATIONS = frozenset(["Company", "Organization", "LegalEntity"])
SEED_NAMES = Path(__file__).parent / "seed" / "organisations.csv.gz"
WORKERS = 2


@dataclass(frozen=True, slots=True)
class JudgedPair:
    """Two names, the score of the evidence about them, and whether they are judged one organisation."""

    left: str
    right: str
    millibits: int
    same: bool


def measure_name_pairs(data: Path, rules: RuleSet) -> list[dict[str, Any]]:
    """Return two rows: at the rule set's link threshold, and at the threshold best for this file."""
    started = time.perf_counter()
    pairs = judged_pairs(read(data / FILE), rules, name_statistics(rules))
    seconds = round(time.perf_counter() - started, 2)
    best = max(sorted({pair.millibits for pair in pairs}), key=lambda least: shares_at(pairs, least)[2])
    return [
        {"set": f"org_name_pairs, organisations, {where}", "records": len(pairs), "seconds": seconds}
        | dict(zip(("pair_precision", "pair_recall", "pair_f1"), shares_at(pairs, least), strict=True))
        | {"threshold": least}
        for where, least in (("linked", rules.thresholds.link), (f"from {best / 1000:+.1f} bits", best))
    ]


def name_statistics(rules: RuleSet) -> Statistics:
    """Return how rare words are among the names of real organisations that the generator draws from."""
    with gzip.open(SEED_NAMES, "rt", encoding="utf-8", newline="") as file:
        names = [row["name"] for row in csv.DictReader(file)]
    given = pa.table({"record": pa.array(range(1, len(names) + 1), pa.int64()), "name": pa.array(names, pa.string())})
    return profile(standardise(given, rules, workers=WORKERS), rules)


def judged_pairs(rows: list[Row], rules: RuleSet, statistics: Statistics) -> list[JudgedPair]:
    """Return the pairs of organisations, scored by the whole rule set on records that have a name only."""
    pairs = []
    for row in rows:
        if row["schema"] in ORGANISATIONS:
            left, right = (standardise_record({"name": row[side]}, rules.attributes) for side in ("name1", "name2"))
            millibits = score(compare(left, right, rules, statistics), rules)
            pairs.append(JudgedPair(row["name1"], row["name2"], millibits, row["label"] == "1"))
    return pairs


def shares_at(pairs: list[JudgedPair], least: int) -> tuple[float, float, float]:
    """Return precision, recall and F1 of calling pairs one organisation from a score on."""
    hits = sum(pair.same for pair in pairs if pair.millibits >= least)
    called, same = sum(pair.millibits >= least for pair in pairs), sum(pair.same for pair in pairs)
    precision, recall = hits / called if called else 1.0, hits / same if same else 1.0
    return precision, recall, f1(precision, recall)
