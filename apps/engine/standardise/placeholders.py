"""Placeholders: texts and numbers that were typed to get past a required field and say nothing."""

import re
from typing import Final

from apps.engine.tables import load_lines

_TEXTS: Final = load_lines("placeholders.txt")
_RISING: Final = "01234567890123456789"
_FALLING: Final = _RISING[::-1]
_SHORTEST_RUN: Final = 6
_SHORTEST_REPEAT_AMONG_LETTERS: Final = 5
_NOT_DIGIT: Final = re.compile(r"[^0-9]+")


def is_placeholder_text(folded: str) -> bool:
    """Say whether a folded text is a placeholder such as "n a", "unknown" or "test"."""
    return folded in _TEXTS


def is_placeholder_number(compact: str) -> bool:
    """Say whether a number is one digit repeated, or a plain run such as 123456789.

    Among letters ("HRB 12345") only a long repetition counts, for a short number may well be somebody's.
    """
    if compact.isdigit():
        if len(set(compact)) == 1:
            return True
        return len(compact) >= _SHORTEST_RUN and (compact in _RISING or compact in _FALLING)
    digits = _NOT_DIGIT.sub("", compact)
    return len(digits) >= _SHORTEST_REPEAT_AMONG_LETTERS and len(set(digits)) == 1
