"""Rebuild `legal_forms.tsv`: every spelling of a legal form with its code, family and place in a name.

Run: `python -m apps.engine.tables.build_legal_forms ISO_20275.csv ORG_TYPE_ALIASES.csv`. Origins: the ISO 20275 list of
entity legal forms that GLEIF publishes (edition 2023-09-28, CC0) and the organisation types of opensanctions/rigour
(MIT); `legal_forms_hand.tsv` is the project's own and outranks both.

A row is alias, code, family, place. Places: `any` inside a name after its first word, `end` where only qualifiers
follow, `start` in front of the name, `never` (listed so that no other origin brings it in).
"""

import csv
import sys
from pathlib import Path

from apps.engine.standardise.spelling import name_tokens

FOLDER = Path(__file__).parent
TARGET = FOLDER / "legal_forms.tsv"
HAND = FOLDER / "legal_forms_hand.tsv"
# A short alias is as often a word or an initialism; the hand list holds the ones worth the risk.
SHORTEST_SINGLE_WORD = 4
SHORTEST_LOCAL_NAME = 10
LONGEST_ALIAS_WORDS = 8
# Aliases that are plain words in organisation names.
WORDS_NOT_FORMS = frozenset(
    [
        "bank", "charity", "compania", "cooperatif", "cooperation", "cooperative", "foundation", "fund", "huf", "limit",
        "limite", "ngos", "nonprofit", "scop", "partnerschaft", "partnership", "private", "enterprise", "kooperativ",
        "kooperatif", "verein", "association", "society", "trust", "union",
    ]
)  # fmt: skip
Row = tuple[str, str, str]


def main() -> None:
    """Read both origins and the hand list, and write the table in byte order."""
    iso_path, alias_path = Path(sys.argv[1]), Path(sys.argv[2])
    hand = [tuple(line.split("\t")) for line in HAND.read_text(encoding="ascii").splitlines()]
    rows: dict[tuple[str, str], tuple[str, str]] = {(a, place): (code, family) for a, code, family, place in hand}
    taken = {alias for alias, _ in rows}
    known = {alias: rows[alias, place] for alias, place in rows}
    for alias, code, family in _rigour_rows(alias_path, known):
        if alias not in taken and _is_usable(alias):
            rows[alias, "any" if " " in alias else "end"] = (code, family)
            known.setdefault(alias, (code, family))
    for alias, code, family in _iso_rows(iso_path, known):
        if alias not in known and _is_usable(alias):
            rows[alias, "any"] = (code, family)
    lines = [f"{a}\t{code}\t{family}\t{place}\n" for (a, place), (code, family) in sorted(rows.items())]
    TARGET.write_text("".join(lines), encoding="ascii")


def _rigour_rows(path: Path, known: dict[str, tuple[str, str]]) -> list[Row]:
    """Return alias rows; a type of which any alias is in the hand list takes that alias's code."""
    types: dict[str, list[dict[str, str]]] = {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            types.setdefault(row["type_no"], []).append(row)
    found: list[Row] = []
    for members in types.values():
        aliases = [_alias(member["alias"]) for member in members]
        code = _code(members[0]["compare"] or members[0]["display"]) or _code(min(aliases, key=len))
        family = members[0]["generic"]
        for label in (members[0]["compare"], members[0]["display"], *(member["alias"] for member in members)):
            if _alias(label) in known:
                code, family = known[_alias(label)]
                break
        found.extend((alias, code, family) for alias in aliases)
    return found


def _iso_rows(path: Path, known: dict[str, tuple[str, str]]) -> list[Row]:
    """Return the local and transliterated names of forms whose abbreviation is already known."""
    found: list[Row] = []
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            short = f"{row['Abbreviations Local language']};{row['Abbreviations transliterated']}".split(";")
            match = next((known[_alias(text)] for text in short if _alias(text) in known), None)
            # English names of forms are plain words ("Railroad", "Credit Union"); the hand list has the true ones.
            if match is None or row["Language Code (ISO 639-1)"] == "en":
                continue
            for column in ("Entity Legal Form name Local name", "Entity Legal Form name Transliterated name "):
                name = next(value for key, value in row.items() if key.startswith(column))
                found.append((_alias(name), *match))
    return found


def _is_usable(alias: str) -> bool:
    words = alias.split()
    if not words or len(words) > LONGEST_ALIAS_WORDS or any(word in WORDS_NOT_FORMS for word in words[:1]):
        return False
    if len(words) == 1:
        return len(alias) >= SHORTEST_SINGLE_WORD
    return len(alias) >= SHORTEST_LOCAL_NAME


def _alias(text: str) -> str:
    return " ".join(name_tokens(text))


def _code(text: str) -> str:
    return _alias(text).replace(" ", "").upper()[:16]


if __name__ == "__main__":
    main()
