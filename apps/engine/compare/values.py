"""Single values: equal or not, alike or not, and how many different names share them."""

from rapidfuzz.distance import OSA

from apps.engine.compare.contract import Comparer, Values, capital
from apps.engine.compare.similarity import jaro_winkler
from apps.engine.compare.spaces import Space
from apps.engine.rules import Comparison
from apps.engine.statistics import Statistics

ALIKE = 900
SEVERAL = 3
MANY = 10
"""Up to `SEVERAL` different names on one value are spellings of one company; more than `MANY` make it an agent's."""


def sharing(names: int) -> int:
    """Return 0 where a value belongs to few names, 1 where several share it, 2 where many do."""
    return (names > SEVERAL) + (names > MANY)


def compare_equal(left: Values, right: Values, _comparison: Comparison, _statistics: Statistics) -> int:
    """Whether two values are equal."""
    if not left[0] or not right[0]:
        return 0
    return 1 if left[0] == right[0] else 2


def compare_similar(left: Values, right: Values, _comparison: Comparison, _statistics: Statistics) -> int:
    """Whether two values are equal, spelt alike, or different."""
    a, b = left[0], right[0]
    if not a or not b:
        return 0
    if a == b:
        return 1
    return 2 if jaro_winkler(a, b) >= ALIKE or a.startswith(f"{b} ") or b.startswith(f"{a} ") else 3


def compare_postcode(left: Values, right: Values, _comparison: Comparison, _statistics: Statistics) -> int:
    """Whether two postcodes are equal, in one area, or apart."""
    a, b = left[0], right[0]
    if not a or not b:
        return 0
    if a == b:
        return 1
    return 2 if a[:3] == b[:3] else 3


def compare_shared(left: Values, right: Values, comparison: Comparison, statistics: Statistics) -> int:
    """Whether two values are equal, and how many different names use that value."""
    if not left[0] or not right[0]:
        return 0
    if left[0] != right[0]:
        return 4
    return 1 + sharing(statistics.count(comparison.name, left[0]))


def compare_phones(left: Values, right: Values, comparison: Comparison, statistics: Statistics) -> int:
    """Whether two phones are equal and shared by how many names, a digit apart, or different."""
    if not left[0] or not right[0]:
        return 0
    if left[0] == right[0]:
        return 1 + sharing(statistics.count(comparison.name, left[0]))
    return A_DIGIT_APART + (OSA.distance(left[0], right[0], score_cutoff=1) > 1)


def _plain(label: str, left: Values, right: Values, comparison: Comparison, statistics: Statistics) -> str:
    if label == "missing":
        return f"{capital(comparison.title)} missing on one side"
    if label == "same":
        return f"Same {comparison.title} {left[0]}"
    if label.startswith("same, "):
        names = statistics.count(comparison.name, left[0] or "")
        return f"Same {comparison.title} {left[0]}, which {names:,} different names share"
    return _unlike(label, comparison.title, left[0] or "", right[0] or "")


def _unlike(label: str, title: str, ours: str, theirs: str) -> str:
    opening = f"Different {title}" if label == "different" else f"{capital(title)} {label}"
    return f"{opening}: {ours} / {theirs}"


def _own_space(comparison: Comparison) -> tuple[Space, ...]:
    return (Space(comparison.name, comparison.parts[:1]),)


A_DIGIT_APART = 4
SHARED_LABELS = ("same", "same, shared by several", "same, shared by many")
EQUAL = Comparer(("missing", "same", "different"), compare_equal, _plain, when_unequal=2)
SIMILAR = Comparer(("missing", "same", "alike", "different"), compare_similar, _plain)
POSTCODE = Comparer(("missing", "same", "in one area", "different"), compare_postcode, _plain)
SHARED = Comparer(("missing", *SHARED_LABELS, "different"), compare_shared, _plain, spaces=_own_space, when_unequal=4)
PHONES = Comparer(("missing", *SHARED_LABELS, "a digit apart", "different"), compare_phones, _plain, spaces=_own_space)
