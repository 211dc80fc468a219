"""Spaces in which values are counted: a comparer says which ones it needs, the profile counts them."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Space:
    """A named space of values: the words of one part, or one value made of several parts.

    Words are counted by records; values by how many *different names* hold them, because twenty records of one company
    at one address say nothing against the address, twenty companies do. Of sources it is counted how often they list
    one party twice, see `compare.sources`.
    """

    name: str
    parts: tuple[str, ...]
    of_words: bool = False
    of_sources: bool = False


def joined_value(values: Sequence[str | None]) -> str:
    """Return the one text under which a value made of several parts is counted."""
    return "\x1f".join(value or "" for value in values)
