"""Words of streets: their table, their canonical spelling, and what shows that a text is a street."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from apps.engine.standardise.digraphs import unify_digraphs
from apps.engine.tables import load_rows


def _words(kind: str) -> dict[str, str]:
    rows = [row for row in load_rows("street_words.tsv") if row[0] == kind]
    return {spelling: row[1] for row in rows for spelling in (row[1], *(row[2].split() if len(row) > 2 else ()))}


TYPES: Final = _words("type")
UNITS: Final = _words("unit")
NUMBERS: Final = _words("number")
ORDINALS: Final = _words("ordinal")
MONTHS: Final = frozenset(_words("month"))
_PLAIN_WORDS: Final = _words("word")
_COMPOUND: Final = re.compile(
    r"([a-z]{3,})(strasse|straat|gasse|platz|allee|damm|laan|plein|gracht|kade|vagen|gatan|vej|gade|katu|weg)\Z"
)
ORDINAL_TOKEN: Final = re.compile(r"(\d+)(?:st|nd|rd|th|eme|er|e|o)\Z")


def has_type(tokens: Sequence[str]) -> bool:
    """Say whether a street type such as "rd", "rue" or "platz" is among the words."""
    return any(token in TYPES for token in tokens)


def canonical_words(words: Sequence[str]) -> list[str]:
    """Return the words in their one spelling; compounds such as "hauptstrasse" in two."""
    found: list[str] = []
    for index, word in enumerate(words):
        if word == "st" and _is_saint(words, index):
            found.append("saint")
        else:
            found.extend(_canonical_word(word))
    return found


@lru_cache(maxsize=65_536)
def _canonical_word(word: str) -> tuple[str, ...]:
    known = TYPES.get(word) or _PLAIN_WORDS.get(word) or ORDINALS.get(word)
    if known:
        return (known,)
    compound = _COMPOUND.match(word)
    if compound:
        return (unify_digraphs(compound.group(1)), compound.group(2))
    return (unify_digraphs(ORDINAL_TOKEN.sub(r"\1", word)),)


def _is_saint(words: Sequence[str], index: int) -> bool:
    following = words[index + 1 : index + 2]
    return bool(following) and following[0] not in TYPES and not _is_direction(following[0])


def _is_direction(word: str) -> bool:
    return _PLAIN_WORDS.get(word, "") in {"n", "s", "e", "w", "ne", "nw", "se", "sw"}
