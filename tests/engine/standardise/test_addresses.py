"""200 addresses of twelve countries, labelled by hand from their text: how many fields are read as a person reads them.

A label is empty where the text doesn't say: the country of "Hauptstr. 5, 10115 Berlin" is knowledge, not reading.
Streets, towns and postcodes are labelled as written and folded by the standardisers of those attributes.
"""

import csv
from collections import Counter
from pathlib import Path

from apps.engine.standardise import STANDARDISERS

LABELLED = Path(__file__).with_name("addresses.csv")
FIELDS = ("number", "street", "unit", "box", "city", "postcode", "country")
COUNTRIES = {"US", "GB", "DE", "FR", "IT", "ES", "NL", "SE", "CH", "CA", "AU", "PL"}
LEAST = 0.90
Row = dict[str, str]


def read_labelled() -> list[Row]:
    with LABELLED.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def expected(row: Row) -> dict[str, str | None]:
    country = (row["record_country"] or row["country"],)
    # A number in front keeps the one in "101 St NW" or "Route 9" from being the house's.
    street = f"1 {row['street']}" if any(map(str.isdigit, row["street"])) else row["street"]
    return {
        "number": row["number"] or None,
        "street": STANDARDISERS["street"].function(street, (None,), None)[1],
        "unit": row["unit"].replace(".", "") or None,
        "box": row["box"] or None,
        "city": STANDARDISERS["city"].function(row["city"], (), None)[0],
        "postcode": STANDARDISERS["postcode"].function(row["postcode"], country, None)[0],
        "country": row["country"] or None,
    }


def found(row: Row) -> dict[str, str | None]:
    standardiser = STANDARDISERS["street"]
    values = standardiser.function(row["address"], (row["record_country"] or None,), None)
    parts = dict(zip(standardiser.parts, values, strict=True))
    return {field: parts["name" if field == "street" else field] for field in FIELDS}


def test_addresses_are_read_as_a_person_reads_them() -> None:
    rows = read_labelled()
    right = Counter[str]()
    wrong: list[str] = []
    for row in rows:
        want, got = expected(row), found(row)
        for field in FIELDS:
            right[field] += want[field] == got[field]
            if want[field] != got[field]:
                wrong.append(f"{row['address']!r}: {field} is {got[field]!r}, not {want[field]!r}")

    accuracy = {field: right[field] / len(rows) for field in FIELDS}
    assert len(rows) == 200
    assert min(accuracy.values()) >= LEAST, (accuracy, wrong)


def test_what_stands_in_an_address_is_found_and_what_does_not_is_not_made_up() -> None:
    stated = told = agreed = 0
    for row in read_labelled():
        want, got = expected(row), found(row)
        stated += sum(value is not None for value in want.values())
        told += sum(value is not None for value in got.values())
        agreed += sum(value is not None and value == got[field] for field, value in want.items())

    assert agreed / stated >= LEAST
    assert agreed / told >= LEAST


def test_the_labels_cover_twelve_countries() -> None:
    counts = Counter(row["record_country"] or row["country"] for row in read_labelled())

    assert counts.keys() >= COUNTRIES
    assert min(counts[country] for country in COUNTRIES) >= 12
