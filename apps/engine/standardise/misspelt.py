"""Misspelt general words: "Invetments" is "Investments", so that no typing error makes a distinctive word of it.

A word one slip away from a known spelling shares with it a spelling that lacks one letter at most (the symmetric
deletions of Garbe 2012), so a look-up table of those finds it without comparing it with each.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from rapidfuzz.distance import OSA

from apps.engine.tables import load_rows

SHORTEST: Final = 5
_REAL_WORDS: Final = frozenset(row[0] for row in load_rows("name_word_counts.tsv"))
"""Words that occur in enough real names to be no misspelling."""


class Misspellings:
    """Finds the known word that an unknown one misspells."""

    def __init__(self, spellings: Mapping[str, str]) -> None:
        """Know `spellings`, each with the word that it stands for; short ones are left out."""
        self._spellings = {spelling: word for spelling, word in spellings.items() if len(spelling) >= SHORTEST}
        self._by_deletion: dict[str, list[str]] = defaultdict(list)
        for spelling in sorted(self._spellings):
            for deletion in _deletions(spelling):
                self._by_deletion[deletion].append(spelling)

    def find(self, token: str) -> str | None:
        """Return the word whose spelling is one slip away from a token that is no real word, None where none is."""
        if len(token) < SHORTEST or token in _REAL_WORDS or not token.isalpha():
            return None
        near = {spelling for deletion in _deletions(token) for spelling in self._by_deletion.get(deletion, ())}
        return self._spellings[min(found)] if (found := list(_one_slip_away(token, near))) else None


def _deletions(word: str) -> set[str]:
    return {word, *(word[:at] + word[at + 1 :] for at in range(len(word)))}


def _one_slip_away(token: str, spellings: Iterable[str]) -> Iterator[str]:
    # The first letter is seldom mistyped, and another one is often another word.
    return (s for s in spellings if s[0] == token[0] and OSA.distance(token, s, score_cutoff=1) <= 1)
