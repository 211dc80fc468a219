"""Web domains: whether two records' domains meet, and whether one's domain spells the other's name."""

from typing import Final

from apps.engine.compare.contract import Comparer, Values, capital
from apps.engine.compare.spaces import Space
from apps.engine.compare.values import SHARED_LABELS, sharing
from apps.engine.rules import Comparison
from apps.engine.standardise.stems import stem_of
from apps.engine.statistics import Statistics

LABELS: Final = ("missing", *SHARED_LABELS, "same but for the ending", "begins alike", "different")
SAME_STEM, BEGINS_ALIKE, DIFFERENT = 4, 5, 6
NAME_LABELS: Final = ("missing", "spells the other's name", "begins like the other's name", "spells another name")
SPELLS, BEGINS, ANOTHER = 1, 2, 3
SHORTEST_BEGINNING: Final = 5
NAME, SITE, MAIL = range(3)


def compare_domains(left: Values, right: Values, comparison: Comparison, statistics: Statistics) -> int:
    """Whether the domains of two records' websites and e-mails meet, and how many different names use that domain."""
    ours, theirs = _domains(left), _domains(right)
    if not ours or not theirs:
        return 0
    common = ours & theirs
    if common:
        return 1 + sharing(min(names_on(domain, comparison, statistics) for domain in common))
    return max_stem_level(stems_of(ours), stems_of(theirs))


def max_stem_level(ours: set[str], theirs: set[str]) -> int:
    """Return the level of two sets of stems of different domains."""
    if ours & theirs:
        return SAME_STEM
    return BEGINS_ALIKE if any(begins(a, b) for a in ours for b in theirs) else DIFFERENT


def compare_name_domains(left: Values, right: Values, _comparison: Comparison, _statistics: Statistics) -> int:
    """Whether one record's domain spells the other's name: what is left of a company's former or future name."""
    levels = []
    for holder, named in ((left, right), (right, left)):
        name = stem_of(named[NAME] or "")
        if name:
            levels += [level_of_stem(stem, name) for stem in stems_of(_domains(holder[SITE:]))]
    return min(levels, default=0)


def level_of_stem(stem: str, name: str) -> int:
    """Return the level of one domain's stem and one name in one word."""
    return SPELLS if stem == name else BEGINS if begins(stem, name) else ANOTHER


def begins(left: str, right: str) -> bool:
    """Say whether of two different texts the shorter one, if long enough, begins the other."""
    short, long = (left, right) if len(left) <= len(right) else (right, left)
    return len(short) >= SHORTEST_BEGINNING and long.startswith(short)


def stems_of(domains: set[str]) -> set[str]:
    """Return the stems of the domains that have one: their names in one word."""
    return {stem for stem in map(stem_of, domains) if stem}


def names_on(domain: str, comparison: Comparison, statistics: Statistics) -> int:
    """Return how many different names use the domain, in websites or e-mails."""
    return max(statistics.count(part, domain) for part in comparison.parts)


def _domains(values: Values) -> set[str]:
    return {value for value in values if value}


def _of_domains(label: str, left: Values, right: Values, comparison: Comparison, statistics: Statistics) -> str:
    common = sorted(_domains(left) & _domains(right), key=lambda d: (names_on(d, comparison, statistics), d))
    if not common:
        if label == "missing":
            return f"{capital(comparison.title)} missing on one side"
        ours, theirs = (", ".join(sorted(_domains(side))) for side in (left, right))
        if label == "different":
            return f"Different {comparison.title}: {ours} / {theirs}"
        return f"{capital(comparison.title)} {label}: {ours} / {theirs}"
    if label == "same":
        return f"Same {comparison.title} {common[0]}"
    names = names_on(common[0], comparison, statistics)
    return f"{capital(comparison.title)} {common[0]} is shared by {names:,} different names"


def _of_name_domains(label: str, left: Values, right: Values, comparison: Comparison, _statistics: Statistics) -> str:
    if label == "missing":
        return "No web domain to hold against the other name"
    ours, theirs = (", ".join(sorted(_domains(side[SITE:]))) or "no domain" for side in (left, right))
    return f"{capital(comparison.title)} {label}: {left[NAME]} ({ours}) / {right[NAME]} ({theirs})"


def _space_per_part(comparison: Comparison) -> tuple[Space, ...]:
    return tuple(Space(part, (part,)) for part in comparison.parts)


DOMAINS: Final = Comparer(LABELS, compare_domains, _of_domains, needs=2, spaces=_space_per_part)
"""Parts: website's domain, e-mail's domain."""
NAME_DOMAINS: Final = Comparer(NAME_LABELS, compare_name_domains, _of_name_domains, needs=3)
"""Parts: the name's words, website's domain, e-mail's domain."""
