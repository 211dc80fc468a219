"""Placeholders: texts and numbers that were typed to get past a required field and say nothing."""

import re
from typing import Final

from apps.engine.tables import load_lines

_TEXTS: Final = load_lines("placeholders.txt")
_RISING: Final = "01234567890"
_FALLING: Final = "9876543210"
_SHORTEST_RUN: Final = 6
_REPEATED_AMONG_LETTERS: Final = re.compile(r"[A-Za-z]{1,4}(\d)\1{4,}[A-Za-z]{0,2}\Z|(\d)\2{4,}[A-Za-z]{1,2}\Z")


def is_placeholder_text(folded: str) -> bool:
    """Say whether a folded text is a placeholder such as "n a", "unknown" or "test"."""
    return folded in _TEXTS


def is_placeholder_number(compact: str) -> bool:
    """Say whether a number is one digit repeated, or a plain run such as 123456789.

    Behind letters ("DE000000000") only a repetition counts, for "HRB 12345" may well be somebody's.
    """
    if compact.isdigit():
        if len(set(compact)) == 1:
            return True
        return len(compact) >= _SHORTEST_RUN and (compact in _RISING or compact in _FALLING)
    return _REPEATED_AMONG_LETTERS.match(compact) is not None
