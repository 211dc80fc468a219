"""The Result of a merge, field by field, with what a person has chosen instead."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from apps.engine.rules import RuleSet
from apps.engine.survive import GoldenValue, Pin
from apps.pipeline.deciding import Choice, foresee_values
from apps.pipeline.live.reading import Known
from apps.sources import selectors as sources
from apps.stewardship.screens.words import rule_words

LEFT: Final = "left"
RIGHT: Final = "right"
OWN: Final = "own"
WHILE_SAID: Final = "source"


@dataclass(frozen=True, slots=True)
class Taken:
    """What a person takes for a field: "left" or "right" with the text that was on the screen, or "own" as typed."""

    side: str
    value: str


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the form of a pair: values taken, how long they hold, and the reason. Kept where saving fails."""

    taken: Mapping[str, Taken]
    until: str = ""
    reason: str = ""

    def choices(self, left: int, right: int) -> list[Choice]:
        """Return what to fix along with the merge; `left` and `right` are the records of the two sides."""
        record = {LEFT: left, RIGHT: right} if self.until == WHILE_SAID else {}
        return [Choice(name, taken.value, record.get(taken.side)) for name, taken in self.taken.items()]


NOTHING: Final = Typed({})


@dataclass(frozen=True, slots=True)
class ResultCell:
    """The value that the merge stores: from which record, by which rule, and what a person took instead.

    `takes` is left, right or own where somebody chose it on this page; `by_rules` is what it is without that.
    """

    value: str
    by_rules: str
    rule: str
    source: sources.Source | None = None
    key: str = ""
    is_pinned: bool = False
    takes: str = ""


def build_result(
    joined: Mapping[int, Known],
    given: Mapping[int, sources.Given],
    rules: RuleSet,
    typed: Typed,
    *,
    pins: Sequence[Pin] | None = None,
) -> dict[str, ResultCell]:
    """Return the cells by attribute, for the records that would be one customer.

    Asks what `foresee_values` does.
    """
    cells = {name: _cell(value, given) for name, value in foresee_values(joined, rules, pins=pins).items()}
    for name, taken in typed.taken.items():
        before = cells.get(name)
        cells[name] = ResultCell(
            value=taken.value,
            by_rules=before.by_rules if before else "",
            rule="chosen here",
            is_pinned=True,
            takes=taken.side,
        )
    return cells


def _cell(value: GoldenValue, given: Mapping[int, sources.Given]) -> ResultCell:
    origin = given.get(value.record or 0)
    return ResultCell(
        value=value.value,
        by_rules=value.value,
        rule=rule_words(value.rule.value),
        source=origin.source if origin else None,
        key=origin.key if origin else "",
        is_pinned=value.pin is not None,
    )
