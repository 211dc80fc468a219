"""The columns a file has against those its mapping needs."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from apps.sources.intake.errors import FileRefused
from apps.sources.intake.mapping import SourceMapping

COLUMNS_CAP = 2_000


def checked_header(names: Sequence[str], mapping: SourceMapping, path: Path) -> tuple[str, ...]:
    """Return the column names as received, an unnamed one as `column N`; FileRefused names what is twice or missing."""
    if len(names) > COLUMNS_CAP:
        raise FileRefused(
            "too_many_columns", f"the header has {len(names):,} columns; {COLUMNS_CAP:,} is the most", path
        )
    columns = tuple(name if name.strip() else f"column {number}" for number, name in enumerate(names, start=1))
    twice = [name for name, count in Counter(columns).items() if count > 1]
    if twice:
        raise FileRefused("duplicate_columns", f"the header has {_quoted(twice)} more than once", path)
    missing_key = [name for name in mapping.key.columns if name not in columns]
    if missing_key:
        raise FileRefused("missing_key_column", missing_words("key column", missing_key, columns), path)
    missing = [name for name in mapping.required_columns() if name not in columns]
    if missing:
        raise FileRefused("missing_columns", missing_words("mapped column", missing, columns), path)
    for rule in mapping.columns.values():
        if rule.take_first and not rule.optional and not set(rule.columns) & set(columns):
            words = missing_words(f"column for {rule.attribute!r} (any one of these)", rule.columns, columns)
            raise FileRefused("missing_columns", words, path)
    return columns


def missing_words(kind: str, missing: Sequence[str], columns: Sequence[str]) -> str:
    """Return the sentence that names what is missing, a near spelling, and what the file has."""
    folded = {"".join(name.lower().split()): name for name in columns}
    close = {name: folded["".join(name.lower().split())] for name in missing if "".join(name.lower().split()) in folded}
    hint = "".join(f"; {name!r} is spelled {found!r} in the file" for name, found in close.items())
    return f"the {kind} {_quoted(missing)} is missing{hint}; the file has {_quoted(columns[:60])}"


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(repr(name) for name in names)
