"""Placeholders: texts and numbers that were typed to get past a required field and say nothing."""

import re
from typing import Final

from apps.engine.tables import load_lines

_TEXTS: Final = load_lines("placeholders.txt")
_REPEATED: Final = re.compile(r"(.)\1*\Z")
_RISING: Final = "01234567890123456789"
_FALLING: Final = _RISING[::-1]
_SHORTEST_RUN: Final = 5


def is_placeholder_text(folded: str) -> bool:
    """Say whether a folded text is a placeholder such as "n a", "unknown" or "test"."""
    return folded in _TEXTS


def is_placeholder_number(compact: str) -> bool:
    """Say whether the digits of a number are one digit repeated, or a plain run such as 123456789."""
    digits = "".join(character for character in compact if character.isdigit())
    if not digits:
        return False
    if _REPEATED.match(digits):
        return True
    return len(digits) >= _SHORTEST_RUN and (digits in _RISING or digits in _FALLING)
