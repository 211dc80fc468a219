"""Cut the demo's three source files from the folder `us_listed_4src` (see README.md for origin and licence).

    python -m samples.make_us_listed FOLDER [--out samples]

Law: an entity comes whole or not at all, and no value is invented except the change stamps, which README.md names.
The output is a function of the folder alone: the choice of entities hangs on a hash of their id, not on their order.
"""

import argparse
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from samples.tables import Row, draw, read_table, write_table

# How many of the entities seen by one, two, three or more sources are kept; the hard ones more often than the easy.
KEPT_PER_SOURCES = {1: 0.12, 2: 0.42, 3: 0.75}
KEPT_OF_DEREGISTERED = 0.18
ARRIVING_LATER = 0.05  # kept entities that no source knows on the first day
LARGEST_SHARED_ADDRESS = 20

ERP_COLUMNS = [
    "KUNNR",
    "NAME1",
    "STRAS",
    "ORT01",
    "REGIO",
    "PSTLZ",
    "LAND1",
    "TELF1",
    "STCD1",
    "INC_STATE",
    "BRSCH",
]
BILLING_COLUMNS = [
    "account_number", "account_name", "bill_to_line", "bill_to_city", "bill_to_state", "bill_to_postal_code",
    "bill_to_country", "updated_at",
]  # fmt: skip
CRM_COLUMNS = [
    "Id", "Name", "BillingCity", "BillingState", "BillingPostalCode", "BillingCountry", "Website", "LastModifiedDate",
]  # fmt: skip
COLUMNS = {"erp": ERP_COLUMNS, "billing": BILLING_COLUMNS, "crm": CRM_COLUMNS}
TRUTH_COLUMNS = ["source", "source_key", "entity_id"]
FIRST_DAY = datetime(2024, 1, 1, 8, tzinfo=UTC)
STAMP_SPAN_DAYS = 700


def salesforce_id(number: str) -> str:
    """Return an 18-character account id in Salesforce's form: 15 characters and its 3 checking characters."""
    body = f"001Hs{number:0>10}"
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
    blocks = (body[i : i + 5] for i in (0, 5, 10))
    return body + "".join(alphabet[sum(c.isupper() << place for place, c in enumerate(block))] for block in blocks)


def stamp(source_key: str) -> datetime:
    """Return the invented instant at which a billing or CRM row was last changed."""
    return FIRST_DAY + timedelta(minutes=int(draw("stamp", source_key) * STAMP_SPAN_DAYS * 24 * 60))


def country_and_region(row: Row) -> tuple[str, str]:
    """Split the SEC's one field for state or country, where a state stands for the United States."""
    described = row["country_desc"]
    if described and described == row["state"]:
        return "United States", row["state"]
    if described.endswith(", Canada"):
        return "Canada", described.removesuffix(", Canada")
    return described.removesuffix(" (Federal Level)"), ""


def places_by_code(rows: Iterable[Row]) -> dict[str, str]:
    """Return what the SEC's codes for states and countries mean, by its own addresses: DE is US-DE, E9 a country."""
    places = {}
    for row in rows:
        if row["state"] and row["country_desc"] and row["source"].startswith("EDGAR"):
            country, _ = country_and_region(row)
            places[row["state"]] = f"US-{row['state']}" if country == "United States" else country
    return places


def erp_row(row: Row, places: Mapping[str, str]) -> Row:
    """Return an SEC company record in the layout of the ERP export."""
    country, region = country_and_region(row)
    incorporated = places.get(row["state_of_inc"], "")
    values = [f"{row['source_key'][2:]:0>10}", row["name"], row["street"], row["city"], region, row["postcode"]]
    return dict(zip(ERP_COLUMNS, [*values, country, row["phone"], row["ein"], incorporated, row["sic"]], strict=True))


def billing_row(row: Row) -> Row:
    """Return a billing view in the layout of the billing export."""
    country, region = country_and_region(row)
    number = f"A{row['source_key'][2:]:0>8}"
    values = [number, row["name"], row["street"], row["city"], region, row["postcode"], country]
    return dict(zip(BILLING_COLUMNS, [*values, f"{stamp(row['source_key']):%Y-%m-%dT%H:%M:%SZ}"], strict=True))


def crm_row(row: Row) -> Row:
    """Return a listing in the layout of the CRM export."""
    values = [salesforce_id(row["source_key"][2:]), row["name"], row["city"], row["state"], row["postcode"]]
    modified = f"{stamp(row['source_key']):%Y-%m-%dT%H:%M:%S}.000+0000"
    return dict(zip(CRM_COLUMNS, [*values, row["country_desc"], row["website"], modified], strict=True))


def sharing_an_address(entities: Mapping[str, list[Row]]) -> set[str]:
    """Return the entities whose SEC address is also that of another: sister companies, funds, agents' clients."""
    at_address = defaultdict(set)
    for entity, rows in entities.items():
        for row in rows:
            if row["source"] == "EDGAR" and row["postcode"]:
                at_address[row["street"], row["postcode"]].add(entity)
    groups = (group for group in at_address.values() if 1 < len(group) <= LARGEST_SHARED_ADDRESS)
    return {entity for group in groups for entity in group}


def is_kept(entity: str, rows: list[Row]) -> bool:
    """Tell whether the demo takes this entity, by the number of sources that know it."""
    sources = {row["source"] for row in rows}
    if sources == {"EDGAR_2025"}:
        return draw("kept", entity) < KEPT_OF_DEREGISTERED
    known_by = len({source.removesuffix("_2025") for source in sources})
    return draw("kept", entity) < KEPT_PER_SOURCES[min(known_by, 3)]


def days_of(entity: str, rows: list[Row], places: Mapping[str, str]) -> Iterable[tuple[int, str, Row]]:
    """Yield (day, source, row in that source's layout): day 1 is the demo load, day 2 what a later export changed.

    The SEC's record of the year before is the ERP row of day 1, and this year's that of day 2, under one key.
    """
    arrives = 2 if draw("arrives", entity) < ARRIVING_LATER else 1
    by_source = defaultdict(list)
    for row in rows:
        by_source[row["source"]].append(row)
    current, before = by_source["EDGAR"], by_source["EDGAR_2025"]
    if current and before and arrives == 1:
        yield (
            1,
            "erp",
            erp_row(before[0] | {"source_key": current[0]["source_key"]}, places),
        )
        yield 2, "erp", erp_row(current[0], places)
    else:
        for row in current or before:
            yield (arrives if current else 1), "erp", erp_row(row, places)
    for row in by_source["BILLING"]:
        yield arrives, "billing", billing_row(row)
    for row in by_source["LISTING"]:
        yield arrives, "crm", crm_row(row)


def read_entities(folder: Path) -> dict[str, list[Row]]:
    """Return the rows of `folder`/records.csv by the entity that `folder`/truth.csv gives them."""
    entity_of = {(row["source"], row["source_key"]): row["entity_id"] for row in read_table(folder / "truth.csv")[1]}
    entities = defaultdict(list)
    for row in read_table(folder / "records.csv")[1]:
        entities[entity_of[row["source"], row["source_key"]]].append(row)
    return dict(sorted(entities.items()))


def cut(folder: Path, out: Path) -> dict[str, int]:
    """Write day 1 to `out`/us_listed and what changes later to `out`/next_year; return row counts by file."""
    entities = read_entities(folder)
    shared = sharing_an_address(entities)
    places = places_by_code(row for rows in entities.values() for row in rows)
    files: dict[tuple[int, str], list[Row]] = defaultdict(list)
    truth: dict[int, list[Row]] = defaultdict(list)
    deregistered: list[Row] = []
    for entity, rows in entities.items():
        if entity not in shared and not is_kept(entity, rows):
            continue
        for day, source, row in days_of(entity, rows, places):
            files[day, source].append(row)
            if source == "erp" and day == 1 and all(given["source"] == "EDGAR_2025" for given in rows):
                deregistered.append({"KUNNR": row["KUNNR"]})
            key = row[COLUMNS[source][0]]
            truth[day].append(dict(zip(TRUTH_COLUMNS, [source, key, entity], strict=True)))
    folders = {1: out / "us_listed", 2: out / "next_year"}
    removed = sorted(deregistered, key=lambda row: row["KUNNR"])
    counts = {"next_year/erp_removed.csv": write_table(out / "next_year" / "erp_removed.csv", ["KUNNR"], removed)}
    for (day, source), found in files.items():
        key_column = COLUMNS[source][0]
        found.sort(key=lambda row: row[key_column])
        path = folders[day] / f"{source}.csv"
        counts[f"{folders[day].name}/{source}.csv"] = write_table(path, COLUMNS[source], found)
    for day, found in truth.items():
        found.sort(key=lambda row: (row["source"], row["source_key"]))
        counts[f"{folders[day].name}/truth.csv"] = write_table(folders[day] / "truth.csv", TRUTH_COLUMNS, found)
    return counts


def main() -> None:
    """Read the command line and write the samples."""
    parser = argparse.ArgumentParser(description="Cut the demo's source files from us_listed_4src.")
    parser.add_argument("folder", type=Path, help="folder with records.csv and truth.csv")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    arguments = parser.parse_args()
    for name, count in sorted(cut(arguments.folder, arguments.out).items()):
        print(f"{name}: {count} rows")


if __name__ == "__main__":
    main()
