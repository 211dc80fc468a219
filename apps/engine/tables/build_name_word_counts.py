"""Rebuild `name_word_counts.tsv`: how many real organisations' names hold a word.

Run: `python -m apps.engine.tables.build_name_word_counts NAMES.csv[=COLUMN] ...`, each file a CSV with a column of
names (`name` unless said). Words are those that the standardiser calls distinctive; those in fewer
than `LEAST` names are left out.
"""

import csv
import sys
from collections import Counter
from pathlib import Path

from apps.engine.standardise.registry import STANDARDISERS

TARGET = Path(__file__).with_name("name_word_counts.tsv")
LEAST = 4
HEADER = "# word, number of names that hold it; * is the number of names\n"


def main(*files: str) -> None:
    """Count the words of the files' names and write the table."""
    standardiser = STANDARDISERS["organisation_name"]
    context: tuple[str | None, ...] = (None,) * len(standardiser.context)
    place = standardiser.parts.index("words")
    names: set[str] = set()
    for file in files:
        path, _, column = file.partition("=")
        with Path(path).open(newline="", encoding="utf-8") as lines:
            for row in csv.DictReader(lines):
                words = standardiser.function(row[column or "name"], context, None)[place]
                names |= {words} if words else set()
    counts = Counter(word for name in names for word in set(name.split()))
    rows = [f"{word}\t{count}\n" for word, count in sorted(counts.items()) if count >= LEAST]
    TARGET.write_text(HEADER + f"*\t{len(names)}\n" + "".join(rows), encoding="ascii")


if __name__ == "__main__":
    main(*sys.argv[1:])
