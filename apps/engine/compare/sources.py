"""The systems that two records come from: a register seldom lists one party twice, a neglected CRM often does.

How often is counted without labels when records are profiled, and frozen with the rule set version: among records that
agree in the rule set's whole `hallmark`, and so are surely one party, the pairs inside one source are set against as
many as chance would put there. So nothing is learned about one firm's way of keeping its books; only what each habit
weighs is.
"""

from typing import Final

from apps.engine.compare.contract import Comparer, Values, capital
from apps.engine.compare.spaces import Space
from apps.engine.rules import Comparison
from apps.engine.statistics import Statistics

PAIRS: Final = "pairs"
RECORDS: Final = "records"
MOST_ALIKE: Final = 20
"""Records of one hallmark beyond which it is an everyday one and marks no party."""

PRIOR_PAIRS: Final = 2
"""Pairs spread by chance that all sources together are credited with, so that few pairs prove little."""
PRIOR_PAIRS_OF_ONE: Final = 5
"""Pairs by which a source's own habit is drawn towards that of all sources."""

HABITS: Final[tuple[tuple[str, str], ...]] = (
    ("repeats freely", "as often as two sources list it"),
    ("repeats often", "three quarters as often as two sources list it"),
    ("repeats at times", "half as often as two sources list it"),
    ("repeats little", "a third as often as two sources list it"),
    ("repeats seldom", "an eighth as often as two sources list it"),
    ("hardly repeats", "hardly ever"),
)
"""How a source repeats itself, as a level says it and as a sentence does ("lists one party twice …")."""
SHARES: Final = (0.84, 0.6, 0.42, 0.25, 0.09)
"""Pairs inside a source over what chance expects, below which the next habit begins: steps of half a bit and more."""
SELDOM: Final = 4
SOURCE_LABELS: Final = (
    "missing",
    "two sources",
    "two sources, neither repeats",
    *(f"one source, {habit}" for habit, _ in HABITS),
)
FIRST_OF_ONE: Final = 3


def count_name(kind: str, source: str) -> str:
    """Return under which name the statistics hold a source's count of `PAIRS` or `RECORDS`."""
    return f"{kind} {source}"


def habit_of(source: str, space: str, statistics: Statistics) -> int:
    """Return the place in `HABITS` of what the statistics say of a source; 0 where they know nothing of any."""
    name = ("habit", space, source)
    if name not in statistics.worked_out:
        statistics.worked_out[name] = _work_out_habit(source, space, statistics)
    return statistics.worked_out[name]


def _work_out_habit(source: str, space: str, statistics: Statistics) -> int:
    counts = statistics.counts.get(space, {})
    records = {
        name.partition(" ")[2]: count for name, count in sorted(counts.items()) if name.startswith(f"{RECORDS} ")
    }
    pairs, total = counts.get(PAIRS, 0), sum(records.values())
    if not pairs:
        return 0
    squares = sum((count / total) ** 2 for count in records.values())
    inside = sum(counts.get(count_name(PAIRS, each), 0) for each in records)
    of_all = (inside + PRIOR_PAIRS * squares) / ((pairs + PRIOR_PAIRS) * squares)
    expected = pairs * (records.get(source, 0) / total) ** 2
    found = counts.get(count_name(PAIRS, source), 0)
    share = (found + PRIOR_PAIRS_OF_ONE * of_all) / (expected + PRIOR_PAIRS_OF_ONE)
    return sum(share < least for least in SHARES)


def compare_sources(left: Values, right: Values, comparison: Comparison, statistics: Statistics) -> int:
    """Whether one source gave both records, and how often the sources list one party twice."""
    a, b = left[0], right[0]
    if not a or not b:
        return 0
    habit = habit_of(a, comparison.parts[0], statistics)
    if a == b:
        return FIRST_OF_ONE + habit
    return 1 + (min(habit, habit_of(b, comparison.parts[0], statistics)) >= SELDOM)


def _sentence(label: str, left: Values, right: Values, comparison: Comparison, _statistics: Statistics) -> str:
    level = SOURCE_LABELS.index(label)
    if level == 0:
        return f"{capital(comparison.title)} not known on one side"
    if level < FIRST_OF_ONE:
        neither = "; neither lists one party twice but seldom" if level > 1 else ""
        return f"From two sources: {left[0]} / {right[0]}{neither}"
    return f"Both from {left[0]}, which lists one party twice {HABITS[level - FIRST_OF_ONE][1]}"


def _spaces(comparison: Comparison) -> tuple[Space, ...]:
    return (Space(comparison.parts[0], comparison.parts, of_sources=True),)


SOURCES = Comparer(SOURCE_LABELS, compare_sources, _sentence, spaces=_spaces)
