"""The entries of a rule set, as frozen values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property

MAXIMUM_KEYS = 64
"""A match key's lowest six bits say which of the rule set's keys it is."""
PAIRS_PER_RECORD = 60
"""The budget where a rule set names none: twice the 28 pairs per record that the shipped keys make of 100,000 generated
company accounts, and more than twice what they make of every public set that they are measured on."""


class RuleSetError(ValueError):
    """A rule set document cannot be used; `path` says where in the document, the message what to do."""

    def __init__(self, path: str, problem: str) -> None:
        """Keep `path` (such as `comparisons[3].levels`) apart from the sentence."""
        super().__init__(f"{path}: {problem}")
        self.path = path


@dataclass(frozen=True, slots=True)
class Attribute:
    """A canonical attribute, the kind of standardiser it takes and that standardiser's option."""

    name: str
    kind: str
    option: str | None = None


@dataclass(frozen=True, slots=True)
class KeyPart:
    """One component of a match key: the values taken from any of `parts` by the key function `take`."""

    parts: tuple[str, ...]
    take: str


@dataclass(frozen=True, slots=True)
class MatchKey:
    """A way to form match keys; a key held by more than `cap` records makes no pairs."""

    name: str
    of: tuple[KeyPart, ...]
    cap: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """Parts compared by one comparer `kind`; `labels` and `millibits` run over its levels, the first is missing.

    `title` is what a steward's sentence calls the compared thing, such as "VAT number".
    """

    name: str
    title: str
    kind: str
    parts: tuple[str, ...]
    labels: tuple[str, ...]
    millibits: tuple[int, ...]
    settings: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Scores in millibits: links are kept from `keep`, asked about from `review`, joined from `link`.

    In the mean of two groups' pairs none counts for less than `doubt`: two records of one company from before and after
    a renaming have nothing in common, and that must not undo the record that links them. Two groups need `doubling`
    more than `link` for every doubling of the smaller one. A person is asked about a cluster whose weakest pair scores
    `weak` or less; None asks about none.
    """

    keep: int
    review: int
    link: int
    doubt: int
    doubling: int = 0
    weak: int | None = None


@dataclass(frozen=True, slots=True)
class Caps:
    """Sizes in records: `component` bounds what is scored pair by pair, `cluster` what grows without a person.

    `pairs` is the budget of the match keys in pairs per record, made before duplicates are dropped: a pair that shares
    three keys counts three times.
    """

    component: int
    cluster: int
    pairs: int = PAIRS_PER_RECORD


@dataclass(frozen=True, slots=True)
class Exclusive:
    """Two different numbers of `attribute` with one issuer bar a common cluster.

    `issuers` is empty for every issuer; `checks` names the outcomes of the number's own check that count.
    """

    attribute: str
    issuers: tuple[str, ...]
    checks: tuple[str, ...]


Groups = tuple[tuple[str, tuple[str, ...]], ...]
"""Groups of levels: each a name and the patterns (`*` for anything) of its labels; the first match wins."""


@dataclass(frozen=True)
class Joint:
    """A named pair of comparisons that says more than both say apart, such as "same name at another address".

    Levels of both comparisons are put into groups; each pair of groups is a level of the joint, and pairs with a level
    outside all groups are missing. `sides` are the labels of the two comparisons.
    """

    name: str
    title: str
    of: tuple[str, str]
    groups: tuple[Groups, Groups]
    sides: tuple[tuple[str, ...], tuple[str, ...]]
    labels: tuple[str, ...]
    millibits: tuple[int, ...]

    @cached_property
    def table(self) -> tuple[tuple[int, ...], ...]:
        """Return the joint's level by the levels of its two comparisons."""
        rows, columns = (
            [group_of(label, side) for label in labels] for labels, side in zip(self.sides, self.groups, strict=True)
        )
        width = len(self.groups[1])
        return tuple(tuple(1 + a * width + b if a >= 0 and b >= 0 else 0 for b in columns) for a in rows)

    @cached_property
    def is_silent(self) -> tuple[bool, bool]:
        """Say for each of the two comparisons whether the joint is missing wherever that one is."""
        return not any(self.table[0]), not any(row[0] for row in self.table)


def group_of(label: str, groups: Groups) -> int:
    """Return the index of the first group with a pattern for the label, or -1."""
    for index, (_, patterns) in enumerate(groups):
        if any(fnmatchcase(label, pattern) for pattern in patterns):
            return index
    return -1


def joint_labels(groups: tuple[Groups, Groups]) -> tuple[str, ...]:
    """Return the labels of a joint's levels, in order."""
    return ("missing", *(f"{a} with {b}" for a, _ in groups[0] for b, _ in groups[1]))
