"""Score a clustering against the truth, and the baseline that every engine has to beat.

B-cubed as in Bagga & Baldwin 1998: precision and recall per record, averaged, so that each record weighs the same.
"""

import csv
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.generator.forms import all_spellings
from benchmarks.generator.layouts import Layout

Key = tuple[str, str]  # source, source key
LONGEST_FORM = 5  # words


@dataclass(frozen=True)
class Scores:
    """How well a clustering meets the truth; shares between 0 and 1."""

    records: int
    entities: int
    clusters: int
    pair_precision: float
    pair_recall: float
    pair_f1: float
    b3_precision: float
    b3_recall: float
    b3_f1: float
    entities_exact: float

    def document(self) -> dict[str, float]:
        """Return the scores for JSON, rounded to five places."""
        return {name: round(value, 5) for name, value in asdict(self).items()}


def score(truth: Mapping[Key, str], clusters: Mapping[Key, str]) -> Scores:
    """Return the scores of `clusters`; a record it lacks stands alone, a record the truth lacks is left out."""
    if not truth:
        raise ValueError("the truth names no record")
    label = {key: clusters.get(key) or f"alone {key}" for key in truth}
    entity = Counter(truth.values())
    cluster = Counter(label.values())
    both = Counter((truth[key], label[key]) for key in truth)
    hits, claimed, true = pairs(both.values()), pairs(cluster.values()), pairs(entity.values())
    precision, recall = hits / claimed if claimed else 1.0, hits / true if true else 1.0
    b3_precision = sum(n * n / cluster[c] for (_, c), n in both.items()) / len(truth)
    b3_recall = sum(n * n / entity[e] for (e, _), n in both.items()) / len(truth)
    exact = sum(n == entity[e] == cluster[c] for (e, c), n in both.items())
    return Scores(
        records=len(truth),
        entities=len(entity),
        clusters=len(cluster),
        pair_precision=precision,
        pair_recall=recall,
        pair_f1=f1(precision, recall),
        b3_precision=b3_precision,
        b3_recall=b3_recall,
        b3_f1=f1(b3_precision, b3_recall),
        entities_exact=exact / len(entity),
    )


def pairs(sizes: Iterable[int]) -> int:
    """Return how many pairs groups of these sizes hold."""
    return sum(size * (size - 1) // 2 for size in sizes)


def f1(precision: float, recall: float) -> float:
    """Return the harmonic mean."""
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def read_labels(path: Path, column: str) -> dict[Key, str]:
    """Return `column` of a CSV file by source and source key; KeyError names a column it lacks."""
    with path.open(newline="", encoding="utf-8") as file:
        return {(row["source"], row["source_key"]): row[column] for row in csv.DictReader(file)}


def fold(name: str) -> str:
    """Return a name in lower case without accents and punctuation."""
    plain = unicodedata.normalize("NFKD", name.casefold())
    kept = (c if c.isalnum() else "" if unicodedata.combining(c) or c in ".,'" else " " for c in plain)
    return " ".join("".join(kept).split())


FOLDED_FORMS = frozenset(fold(spelling) for spelling in all_spellings())


def without_form(name: str) -> str:
    """Return a name folded and without the legal forms at its end; a name that is all form stays."""
    words = fold(name).split()
    while True:
        for length in range(min(LONGEST_FORM, len(words) - 1), 0, -1):
            if " ".join(words[-length:]) in FOLDED_FORMS:
                del words[-length:]
                break
        else:
            return " ".join(words)


def exact_name_baseline(folder: Path, layouts: Mapping[str, Layout]) -> dict[Key, str]:
    """Return the clusters of equal names without legal form: what a spreadsheet would find in `folder`'s exports."""
    clusters = {}
    for source, layout in layouts.items():
        columns = layout.name_columns or [c for c, attribute in layout.columns.items() if attribute == "name"]
        with (folder / f"{source}.csv").open(newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file, delimiter=layout.delimiter):
                name = " ".join(row[column] for column in columns)
                clusters[source, row[layout.key_column]] = without_form(name)
    return clusters
