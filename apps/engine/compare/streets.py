"""Street addresses: house number, street, post box, and how many different names live there."""

from apps.engine.compare.contract import Comparer, Values
from apps.engine.compare.similarity import jaro_winkler
from apps.engine.compare.spaces import Space, joined_value
from apps.engine.compare.values import sharing
from apps.engine.rules import Comparison
from apps.engine.statistics import Statistics

STREETS_ALIKE = 880
LABELS = (
    "missing",
    "same",
    "same, shared by several",
    "same, shared by many",
    "alike, same number",
    "same street, number missing",
    "same street, other number",
    "other street, same number",
    "same box",
    "different",
)
SAME, ALIKE, NO_NUMBER, OTHER_NUMBER, OTHER_STREET, BOX, DIFFERENT = 1, 4, 5, 6, 7, 8, 9
NUMBER, STREET, POST_BOX, POSTCODE = range(4)


def compare_streets(left: Values, right: Values, comparison: Comparison, statistics: Statistics) -> int:
    """How far two street addresses agree, and how many different names share the address."""
    if left[STREET] and right[STREET]:
        return _compare_streets(left, right, comparison, statistics)
    if left[POST_BOX] and right[POST_BOX]:
        return BOX if left[POST_BOX] == right[POST_BOX] else DIFFERENT
    return 0


def are_streets_alike(left: str, right: str) -> bool:
    """Say whether two different street names may be spellings of one."""
    return jaro_winkler(left, right) >= STREETS_ALIKE or left.startswith(f"{right} ") or right.startswith(f"{left} ")


def address_of(values: Values) -> str:
    """Return the text under which an address is counted."""
    return joined_value([values[NUMBER], values[STREET], values[POSTCODE]])


def _compare_streets(left: Values, right: Values, comparison: Comparison, statistics: Statistics) -> int:
    same_street = left[STREET] == right[STREET]
    alike = same_street or are_streets_alike(left[STREET] or "", right[STREET] or "")
    if not left[NUMBER] or not right[NUMBER]:
        return NO_NUMBER if alike else DIFFERENT
    if left[NUMBER] != right[NUMBER]:
        return OTHER_NUMBER if alike else DIFFERENT
    if same_street:
        names = max(statistics.count(comparison.name, address_of(side)) for side in (left, right))
        return SAME + sharing(names)
    return ALIKE if alike else OTHER_STREET


def _sentence(label: str, left: Values, right: Values, comparison: Comparison, statistics: Statistics) -> str:
    if label == "missing":
        return "Street missing on one side"
    ours, theirs = (" ".join(part for part in side[:2] if part) or f"box {side[POST_BOX]}" for side in (left, right))
    if label == "same":
        return f"Same street address {ours}"
    if label.startswith("same, "):
        names = max(statistics.count(comparison.name, address_of(side)) for side in (left, right))
        return f"Same street address {ours}, which {names:,} different names share"
    if label == "same box":
        return f"Same post box {left[POST_BOX]}"
    opening = {
        "alike, same number": "Streets spelt alike, same house number",
        "same street, number missing": "Same street, house number missing",
        "same street, other number": "Same street, other house number",
        "other street, same number": "Other street, same house number",
    }.get(label, "Different street address")
    return f"{opening}: {ours} / {theirs}"


def _spaces(comparison: Comparison) -> tuple[Space, ...]:
    return (Space(comparison.name, (comparison.parts[NUMBER], comparison.parts[STREET], comparison.parts[POSTCODE])),)


STREETS = Comparer(LABELS, compare_streets, _sentence, needs=4, spaces=_spaces)
"""Parts: house number, street name, post box, postcode (read only to count who shares the address)."""
