"""Make the second day's exports: changed, added and removed rows of the three demo sources.

    python -m samples.make_day2 [--samples samples] [--seed 2]

Two kinds of change come together. `next_year/` holds what really changed at the SEC within a year: renamed and moved
companies, newly registered ones, ones no longer listed. On top, a seeded hand edits rows the way clerks do: a phone
typed otherwise, a name in capitals or mistyped, a longer postcode, a website copied from a browser. Each edited row
keeps its key; its stamp is later than any stamp of day 1. The ERP's file is a snapshot (an absent key was removed
there), billing's and the CRM's are deltas. `changes.csv` says per row what was done, so that a reader can check what
the hub made of it.
"""

import argparse
import random
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from samples.make_company_codes import read_customers, write_extensions
from samples.tables import Row, read_table, write_table

SECOND_DAY = datetime(2026, 1, 12, 7, tzinfo=UTC)
ERP_REMOVED_RATE = 0.02
EDITED_RATE = 0.03
CHANGE_COLUMNS = ["source", "source_key", "change"]


@dataclass(frozen=True)
class Layout:
    """Where a source keeps what the edits touch; an absent column is empty."""

    key: str
    name: str
    street: str
    postcode: str
    phone: str
    website: str
    modified: str
    stamp_format: str


LAYOUTS = {
    "erp": Layout("KUNNR", "NAME1", "STRAS", "PSTLZ", "TELF1", "", "", ""),
    "billing": Layout(
        "account_number",
        "account_name",
        "bill_to_line",
        "bill_to_postal_code",
        "",
        "",
        "updated_at",
        "%Y-%m-%dT%H:%M:%SZ",
    ),
    "crm": Layout(
        "Id",
        "Name",
        "",
        "BillingPostalCode",
        "",
        "Website",
        "LastModifiedDate",
        "%Y-%m-%dT%H:%M:%S.000+0000",
    ),
}


def retype_phone(row: Row, layout: Layout, _: random.Random) -> str:
    """Write a ten-digit phone with a country code and dots."""
    digits = re.sub(r"\D", "", row.get(layout.phone, ""))
    if len(digits) != 10:
        return ""
    row[layout.phone] = f"+1 {digits[:3]}.{digits[3:6]}.{digits[6:]}"
    return "phone retyped"


def capitalise_name(row: Row, layout: Layout, _: random.Random) -> str:
    """Write the name in capitals without dots and commas."""
    plain = re.sub(r"[.,]", "", row[layout.name]).upper()
    if plain == row[layout.name]:
        return ""
    row[layout.name] = plain
    return "name in capitals"


def mistype_name(row: Row, layout: Layout, rng: random.Random) -> str:
    """Swap two neighbouring letters of the first long word."""
    found = re.search(r"[A-Za-z]{6,}", row[layout.name])
    if not found:
        return ""
    at = found.start() + rng.randrange(1, 4)
    name = row[layout.name]
    if name[at] == name[at + 1]:
        return ""
    row[layout.name] = name[:at] + name[at + 1] + name[at] + name[at + 2 :]
    return "name mistyped"


def extend_postcode(row: Row, layout: Layout, rng: random.Random) -> str:
    """Add the four digits that a delivery service's clean-up adds to a US postcode."""
    if not re.fullmatch(r"\d{5}", row[layout.postcode]):
        return ""
    row[layout.postcode] += f"-{rng.randrange(1, 9999):04d}"
    return "postcode extended"


def abbreviate_street(row: Row, layout: Layout, _: random.Random) -> str:
    """Shorten the street's kind."""
    street = row.get(layout.street, "")
    shorter = re.sub(
        r"\b(STREET|AVENUE|BOULEVARD|ROAD|DRIVE)\b",
        lambda m: {"D": "DR"}.get(m[0][0], m[0][:2]),
        street,
    )
    if shorter == street:
        return ""
    row[layout.street] = shorter
    return "street abbreviated"


def move_website(row: Row, layout: Layout, _: random.Random) -> str:
    """Write a website securely and with a path, as copied from a browser."""
    website = row.get(layout.website, "")
    if not website.startswith("http://"):
        return ""
    row[layout.website] = website.replace("http://", "https://").rstrip("/") + "/en/home"
    return "website copied from a browser"


EDITS: list[Callable[[Row, Layout, random.Random], str]] = [
    retype_phone,
    capitalise_name,
    mistype_name,
    extend_postcode,
    abbreviate_street,
    move_website,
]


def edit_row(row: Row, layout: Layout, rng: random.Random) -> str:
    """Change `row` in place by the first edit that applies, in drawn order; return what was done."""
    for edit in rng.sample(EDITS, len(EDITS)):
        done = edit(row, layout, rng)
        if done:
            return done
    return ""


def stamp_row(row: Row, layout: Layout, rng: random.Random) -> None:
    """Set the row's change stamp to an instant of the second day, where its source has one."""
    if layout.modified:
        row[layout.modified] = (SECOND_DAY + timedelta(seconds=rng.randrange(8 * 3600))).strftime(layout.stamp_format)


def deregistered_keys(samples: Path) -> set[str]:
    """Return the ERP keys of companies that the SEC no longer lists."""
    return {row["KUNNR"] for row in read_table(samples / "next_year" / "erp_removed.csv")[1]}


def second_day_of(source: str, samples: Path, rng: random.Random) -> tuple[list[str], list[Row], list[Row]]:
    """Return header, rows and changes of one source's second export."""
    layout = LAYOUTS[source]
    is_snapshot = not layout.modified
    columns, before = read_table(samples / "us_listed" / f"{source}.csv")
    _, later = read_table(samples / "next_year" / f"{source}.csv")
    gone = deregistered_keys(samples) if is_snapshot else set()
    known = {row[layout.key]: row for row in before}
    arriving = {row[layout.key]: row for row in later}
    rows, changes = [], []
    for key in sorted(known.keys() | arriving.keys()):
        row, change = (arriving[key], "changed at the SEC") if key in arriving else (known[key], "")
        if key not in known:
            change = "added"
        elif key in gone or (is_snapshot and not change and rng.random() < ERP_REMOVED_RATE):
            changes.append({"source": source, "source_key": key, "change": "removed"})
            continue
        elif not change and rng.random() < EDITED_RATE:
            change = edit_row(row, layout, rng)
        if change:
            stamp_row(row, layout, rng)
            changes.append({"source": source, "source_key": key, "change": change})
        if change or is_snapshot:
            rows.append(row)
    return columns, rows, changes


def second_truth(samples: Path, changes: list[Row]) -> list[Row]:
    """Return the truth about all records that are live after the second day."""
    removed = {(row["source"], row["source_key"]) for row in changes if row["change"] == "removed"}
    live = {}
    for folder in ("us_listed", "next_year"):
        for row in read_table(samples / folder / "truth.csv")[1]:
            live[row["source"], row["source_key"]] = row["entity_id"]
    return [
        {"source": source, "source_key": key, "entity_id": entity}
        for (source, key), entity in sorted(live.items())
        if (source, key) not in removed
    ]


def make_day2(samples: Path, seed: int) -> dict[str, int]:
    """Write `samples`/day2 and return the number of changes by kind."""
    out = samples / "day2"
    rng = random.Random(seed)
    changes: list[Row] = []
    for source in LAYOUTS:
        columns, rows, made = second_day_of(source, samples, rng)
        write_table(out / f"{source}.csv", columns, rows)
        shutil.copyfile(samples / "us_listed" / f"{source}.toml", out / f"{source}.toml")
        changes += made
    write_table(out / "changes.csv", CHANGE_COLUMNS, changes)
    write_table(
        out / "truth.csv",
        ["source", "source_key", "entity_id"],
        second_truth(samples, changes),
    )
    write_extensions(out / "erp_company_codes.csv", read_customers([out / "erp.csv"]))
    counts: dict[str, int] = {}
    for change in changes:
        name = f"{change['source']}: {change['change']}"
        counts[name] = counts.get(name, 0) + 1
    return counts


def main() -> None:
    """Read the command line and write the second day."""
    parser = argparse.ArgumentParser(description="Make the second day's exports of the demo sources.")
    parser.add_argument("--samples", type=Path, default=Path(__file__).parent)
    parser.add_argument("--seed", type=int, default=2)
    arguments = parser.parse_args()
    for name, count in sorted(make_day2(arguments.samples, arguments.seed).items()):
        print(f"{name}: {count}")


if __name__ == "__main__":
    main()
