"""Columns that Splink compares and blocks on, derived from a standard frame by SQL.

Splink's guide to feature engineering and its example of matching businesses (name tokens with their frequencies, the
rarest tokens for blocking) give the recipe. How many names share a phone, domain, mailbox or street line is counted
here, as is how many records share a name: its levels can then tell rare from common.
"""

from pathlib import Path

import duckdb
import pyarrow.parquet as pq

PARTS = (
    "name.full", "name.words", "name.generic", "name.form", "name.acronym", "former_names.words",
    "street.number", "street.name", "street.box", "city.name", "region.code", "country.code", "postcode.code",
    "phone.e164", "email.address", "email.domain", "website.domain",
    "vat.number", "tax_id.number", "register_no.number", "lei.number", "duns.number",
)  # fmt: skip
RARE_SHARE = 0.01  # of records; a word above it makes no block
SHARED = ("phone_e164", "domain", "email_address", "street_line")


def prepare(connection: duckdb.DuckDBPyConnection, frame: Path) -> None:
    """Make the table `prepared` from a standard frame's file, one row per record, key `unique_id`."""
    given = set(pq.read_schema(frame).names)
    columns = [(f'"{part}"' if part in given else "NULL::VARCHAR", part.replace(".", "_")) for part in PARTS]
    selected = ", ".join(f"{value} AS {name}" for value, name in columns)
    connection.execute(
        f"CREATE TABLE base AS SELECT record AS unique_id, {selected} FROM read_parquet(?)",  # noqa: S608 - names of parts
        [str(frame)],
    ).fetchall()
    connection.execute(f"""
        CREATE TABLE word AS SELECT DISTINCT unique_id, unnest(string_split(name_words, ' ')) AS word FROM base;
        CREATE TABLE frequency AS
            SELECT word, count(*)::DOUBLE / (SELECT count(*) FROM base) AS share FROM word GROUP BY word;
        CREATE TABLE words AS SELECT unique_id, list(word) AS words,
            list(struct_pack(word := word, share := share) ORDER BY word) AS weighed_words,
            (list(word ORDER BY share, word) FILTER (share < {RARE_SHARE}))[:2] AS rare_words
            FROM word JOIN frequency USING (word) GROUP BY unique_id;
        CREATE TABLE prepared AS SELECT base.*, words, weighed_words, rare_words,
            coalesce(name_generic, '') AS generic,
            replace(name_words, ' ', '') AS name_joined, left(replace(name_words, ' ', ''), 6) AS name_start,
            coalesce(website_domain, email_domain) AS domain,
            nullif(list_sort(list_distinct([website_domain, email_domain])), []) AS domains,
            street_number || ' ' || street_name AS street_line
            FROM base LEFT JOIN words USING (unique_id);
    """).fetchall()  # noqa: S608 - a number of our own
    for column in SHARED:
        add_count(connection, column, "count(DISTINCT name_words)")
    add_count(connection, "name_words", "count(*)")


def add_count(connection: duckdb.DuckDBPyConnection, column: str, count: str) -> None:
    """Add the column `COLUMN_count` to `prepared`: `count` over the records with that value."""
    connection.execute(f"""
        CREATE OR REPLACE TABLE prepared AS SELECT prepared.*, {column}_count FROM prepared LEFT JOIN (
            SELECT {column}, {count} AS {column}_count FROM prepared WHERE {column} IS NOT NULL GROUP BY {column}
        ) USING ({column})
    """).fetchall()  # noqa: S608 - names of our own
