"""What every standardiser is: a pure, total function from one raw value to one value per part."""

from collections.abc import Callable
from dataclasses import dataclass

Parts = tuple[str | None, ...]
Function = Callable[[str, Parts, str | None], Parts]

SEPARATOR = " | "
"""Joins several values inside one attribute."""


@dataclass(frozen=True, slots=True)
class Standardiser:
    """How one kind of attribute is standardised.

    `function(raw, context, option)` returns one value per name in `parts`, None where nothing usable was given. It
    never raises on any text, reads nothing but its arguments, and caps its input. `context` names the standard parts
    of other attributes whose values it is passed, in that order (None where the record has none).
    """

    kind: str
    parts: tuple[str, ...]
    context: tuple[str, ...]
    function: Function


def first_usable(function: Function, parts: int) -> Function:
    """Return `function` applied to the first of several ` | `-separated values that yields anything."""
    nothing: Parts = (None,) * parts

    def standardise(raw: str, context: Parts, option: str | None) -> Parts:
        if "|" not in raw:
            return function(raw, context, option)
        for value in raw.split(SEPARATOR, 20)[:20]:
            result = function(value, context, option)
            if result != nothing:
                return result
        return nothing

    return standardise
