"""Cut the generator's seed from the folder `seed_entities` (origin and licence: seed/README.md).

    python -m benchmarks.make_seed FOLDER [--out benchmarks/seed]

Writes organisations.csv.gz, real organisations with their addresses as given, and misspellings.csv, words as typed on
patents beside the word that was meant. The output is a function of the folder alone.
"""

import argparse
import csv
import gzip
import hashlib
import io
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from rapidfuzz.distance import OSA

Row = dict[str, str]
COLUMNS = ["name", "former_or_alt_names", "street", "city", "region", "postcode", "country", "website"]
COUNTRY_CODES = {
    "US": "US", "GB": "GB", "United States": "US", "Canada": "CA", "Australia": "AU", "United Kingdom": "GB",
    "Sweden": "SE", "France": "FR", "Germany": "DE", "Italy": "IT", "Denmark": "DK", "Norway": "NO",
    "Switzerland": "CH", "Spain": "ES", "Netherlands": "NL", "Belgium": "BE",
}  # fmt: skip
MOST_PER_ORIGIN = {"UK_GPG": 9000}
MOST_PER_COUNTRY = {"CA": 1600}
SHORTEST_MISSPELT_WORD = 5
FARTHEST_MISSPELLING = 2  # edits, a swap counting as one
MEANT_MORE_OFTEN = 3  # the word that was meant occurs at least this many times as often as the misspelling
WORD = re.compile(r"[a-z]+")


def order_key(row: Row) -> bytes:
    """Return a shuffling key that depends on the row alone."""
    return hashlib.sha256("\x1f".join([row["origin"], row["name"]]).encode()).digest()


def is_usable(row: Row) -> bool:
    """Tell whether a row says where the organisation is, in a country the generator knows."""
    known = row["country"] in COUNTRY_CODES and row["postcode"] and len(row["name"]) > 3
    return bool(known and (row["city"] or row["origin"] == "UK_GPG"))


def choose(rows: Iterable[Row]) -> Iterator[Row]:
    """Yield the rows of the seed, each organisation name once."""
    taken: Counter[str] = Counter()
    seen = set()
    for row in sorted(rows, key=order_key):
        country = COUNTRY_CODES.get(row["country"], "")
        origin = row["origin"]
        if not is_usable(row) or row["name"].casefold() in seen:
            continue
        if taken[origin] >= MOST_PER_ORIGIN.get(origin, 10**9) or taken[country] >= MOST_PER_COUNTRY.get(
            country, 10**9
        ):
            continue
        seen.add(row["name"].casefold())
        taken.update([origin, country])
        yield {column: row[column] for column in COLUMNS} | {"country": country}


def misspellings(names: Iterable[str]) -> list[tuple[str, str]]:
    """Return (meant, typed) words: names equal but for one word a few edits apart."""
    tokenised = {tuple(WORD.findall(name.lower())) for name in names}
    often = Counter(word for words in tokenised for word in words)
    words_in_gap = defaultdict(set)
    for words in tokenised:
        if len(words) < 2:
            continue
        for place, word in enumerate(words):
            if len(word) >= SHORTEST_MISSPELT_WORD:
                words_in_gap[(*words[:place], "", *words[place + 1 :])].add(word)
    found = set()
    for candidates in words_in_gap.values():
        for meant in candidates:
            for typed in candidates:
                if often[meant] >= MEANT_MORE_OFTEN * often[typed] and is_misspelling(meant, typed):
                    found.add((meant, typed))
    return sorted(found)


def is_misspelling(meant: str, typed: str) -> bool:
    """Tell a typing error from another word or a plural."""
    if meant == typed or {meant, typed} in ({meant, meant + "s"}, {typed, typed + "s"}):
        return False
    return OSA.distance(meant, typed) <= FARTHEST_MISSPELLING


def read(path: Path) -> list[Row]:
    """Return the rows of a UTF-8 CSV file."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def write_compressed(path: Path, rows: Iterable[Row]) -> int:
    """Write rows as gzip-compressed CSV without a time stamp, so that equal rows give equal bytes."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    count = 0
    for row in rows:
        writer.writerow(row)
        count += 1
    path.write_bytes(gzip.compress(text.getvalue().encode(), compresslevel=9, mtime=0))
    return count


def main() -> None:
    """Read the command line and write the seed."""
    parser = argparse.ArgumentParser(description="Cut the generator's seed from seed_entities.")
    parser.add_argument("folder", type=Path, help="folder with organisations.csv and patent_org_names.csv")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "seed")
    arguments = parser.parse_args()
    chosen = sorted(choose(read(arguments.folder / "organisations.csv")), key=lambda row: (row["country"], row["name"]))
    print("organisations.csv.gz:", write_compressed(arguments.out / "organisations.csv.gz", chosen), "rows")
    pairs = misspellings(row["name"] for row in read(arguments.folder / "patent_org_names.csv"))
    with (arguments.out / "misspellings.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([("meant", "typed"), *pairs])
    print("misspellings.csv:", len(pairs), "rows")


if __name__ == "__main__":
    main()
