"""The public labelled sets the engine is measured on, where they lie in the folder given by --data.

One frozen company configuration serves all of them; only which column feeds which attribute is set per file.
"""

import csv
from dataclasses import dataclass
from pathlib import Path

UK_COLUMNS = {
    "name": "name", "street": "address", "postcode": "postcode", "country": "country", "sector": "sic_codes",
    "website": "domain",
}  # fmt: skip
US_COLUMNS = {
    "name": "name", "street": "street", "city": "city", "region": "state", "postcode": "postcode",
    "country": "country_desc", "phone": "phone", "tax_id": "ein", "jurisdiction": "state_of_inc", "sector": "sic",
    "website": "website",
}  # fmt: skip


@dataclass(frozen=True)
class PublicSet:
    """One labelled set: its folder, which column feeds which attribute, and a file of identifiers to join, if any."""

    title: str
    folder: str
    columns: dict[str, str]
    identifiers: tuple[str, str] | None = None  # file and column, joined on source_key

    def records(self, data: Path, scratch: Path) -> Path:
        """Return the set's records file, with the identifiers joined where the set has them."""
        path = data / self.folder / "records.csv"
        if self.identifiers is None:
            return path
        file_name, column = self.identifiers
        numbers = {row["source_key"]: row[column] for row in read(data / self.folder / file_name)}
        rows = [row | {column: numbers.get(row["source_key"], "")} for row in read(path)]
        scratch.mkdir(parents=True, exist_ok=True)
        joined = scratch / f"{self.folder}_joined.csv"
        with joined.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        return joined


def read(path: Path) -> list[dict[str, str]]:
    """Return the rows of a UTF-8 CSV file."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


PUBLIC_SETS = (
    PublicSet("us_listed_4src", "us_listed_4src", US_COLUMNS),
    PublicSet("uk_employers, numbers withheld", "uk_employers", UK_COLUMNS),
    PublicSet(
        "uk_employers, with numbers",
        "uk_employers",
        UK_COLUMNS | {"register_no": "company_number"},
        identifiers=("ids.csv", "company_number"),
    ),
)
