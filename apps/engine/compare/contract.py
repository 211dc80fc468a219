"""What every comparer is: levels with labels, and a pure function that picks one for two records' values."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from apps.engine.compare.spaces import Space
from apps.engine.rules import Comparison
from apps.engine.statistics import Statistics

Values = Sequence[str | None]
"""The values of a comparison's parts in one record; None where not given."""

LevelFunction = Callable[[Values, Values, Comparison, Statistics], int]
SentenceFunction = Callable[[str, Values, Values, Comparison, Statistics], str]


def no_spaces(_comparison: Comparison) -> tuple[Space, ...]:
    """Return no spaces: the comparer needs no frequencies."""
    return ()


def capital(title: str) -> str:
    """Return the title as it begins a sentence."""
    return title[:1].upper() + title[1:]


@dataclass(frozen=True, slots=True)
class Comparer:
    """A way to compare.

    `labels` name its levels, the first is `missing`. `level` returns the index of one of them, is symmetric in the two
    records and total. `needs` is how many parts a comparison of this kind must name, None for any number.
    `when_unequal` is the level of any two full, unequal values where the comparer only cares for equality, else None:
    it spares the bulk code work.
    """

    labels: tuple[str, ...]
    level: LevelFunction
    sentence: SentenceFunction
    needs: int | None = 1
    spaces: Callable[[Comparison], tuple[Space, ...]] = no_spaces
    when_unequal: int | None = None
    compares_absent: bool = False
