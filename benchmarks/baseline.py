"""The baseline that an engine has to beat: equal names without legal form, what a spreadsheet would find.

It shares no code with the engine, so that a fault in the engine's names doesn't lower the bar.
"""

import csv
import unicodedata
from collections.abc import Hashable, Mapping
from pathlib import Path

from benchmarks.generator.forms import all_spellings
from benchmarks.generator.layouts import Layout
from benchmarks.generator.profiles import Source

Labels = dict[Hashable, Hashable]  # (source, source key) to entity or cluster
LONGEST_FORM = 5  # words


def read_labels(path: Path, column: str) -> Labels:
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


def exact_name_baseline(folder: Path, layouts: Mapping[Source, Layout]) -> Labels:
    """Return the clusters of equal names without legal form: what a spreadsheet would find in `folder`'s exports."""
    clusters: Labels = {}
    for source, layout in layouts.items():
        columns = layout.name_columns or [c for c, attribute in layout.columns.items() if attribute == "name"]
        with (folder / f"{source}.csv").open(newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file, delimiter=layout.delimiter):
                name = " ".join(row[column] for column in columns)
                clusters[source, row[layout.key_column]] = without_form(name)
    return clusters
