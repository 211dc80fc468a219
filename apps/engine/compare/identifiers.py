"""Identifiers: numbers that an issuer gave to one organisation, compared within one issuer."""

from rapidfuzz.distance import OSA

from apps.engine.compare.contract import Comparer, Values, capital
from apps.engine.compare.spaces import Space
from apps.engine.compare.values import sharing
from apps.engine.rules import Comparison
from apps.engine.statistics import Statistics

LABELS = (
    "missing",
    "same",
    "same, shared by several",
    "same, shared by many",
    "one slip apart",
    "different",
    "not comparable",
)
SLIP, DIFFERENT, NOT_COMPARABLE = 4, 5, 6
NUMBER, ISSUER, CHECK = range(3)
WRONG = "wrong"
SHORTEST_FOR_SLIP = 7


def compare_identifiers(left: Values, right: Values, comparison: Comparison, statistics: Statistics) -> int:
    """Whether two numbers of one issuer are equal, one slip of the finger apart, or different."""
    a, b = left[NUMBER], right[NUMBER]
    if not a or not b:
        return 0
    if left[ISSUER] and right[ISSUER] and left[ISSUER] != right[ISSUER]:
        return NOT_COMPARABLE
    wrong = left[CHECK] == WRONG or right[CHECK] == WRONG
    if a == b:
        # A number that fails its own check may be a filler that many type alike.
        return NOT_COMPARABLE if wrong else 1 + sharing(statistics.count(comparison.name, a))
    # Two numbers that both pass their check are two numbers, however near they lie.
    if (wrong or left[CHECK] != right[CHECK]) and is_one_slip(a, b):
        return SLIP
    return NOT_COMPARABLE if wrong else DIFFERENT


def is_one_slip(left: str, right: str) -> bool:
    """Say whether one character was changed, dropped, doubled or swapped between two long numbers."""
    if min(len(left), len(right)) < SHORTEST_FOR_SLIP:
        return False
    return OSA.distance(left, right, score_cutoff=1) <= 1


def _sentence(label: str, left: Values, right: Values, comparison: Comparison, statistics: Statistics) -> str:
    if label == "missing":
        return f"{capital(comparison.title)} missing on one side"
    if label == "same":
        return f"Same {comparison.title} {left[NUMBER]}"
    if label.startswith("same, "):
        names = statistics.count(comparison.name, left[NUMBER] or "")
        return f"Same {comparison.title} {left[NUMBER]}, which {names:,} different names share"
    if label == "one slip apart":
        return f"{capital(comparison.title)} one slip apart: {left[NUMBER]} / {right[NUMBER]}"
    if label == "not comparable":
        ours, theirs = (f"{side[NUMBER]} ({side[CHECK]})" for side in (left, right))
        return f"{capital(comparison.title)} not comparable: {ours} and {theirs}"
    return f"Different {comparison.title}: {left[NUMBER]} / {right[NUMBER]}"


def _spaces(comparison: Comparison) -> tuple[Space, ...]:
    return (Space(comparison.name, comparison.parts[:1]),)


IDENTIFIERS = Comparer(LABELS, compare_identifiers, _sentence, needs=3, spaces=_spaces)
"""Parts: number, issuer, check."""
