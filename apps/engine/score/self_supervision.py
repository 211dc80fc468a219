"""Labels without people: where two records hold an identifier each, whether it is the same says if they are one party.

An identifier never teaches its own weight: in a pair that it labels, its level is hidden, and other identifiers teach
it. So is the level of another identifier that holds the same digits, such as a register number inside a VAT number.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from apps.engine.rules import Comparison, RuleSet

SAME, DIFFERENT = "same", "different"
IDENTIFIER = "identifier"
Levels = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Labels:
    """Labels of pairs: rows of levels, the position of the comparison that says so, and whether it says same.

    A pair that several identifiers label has a row for each.
    """

    pairs: Ints
    by: Ints
    same: Flags

    def __len__(self) -> int:
        """Return the number of labels."""
        return len(self.pairs)

    def take(self, chosen: Ints) -> "Labels":
        """Return some of the labels."""
        return Labels(self.pairs[chosen], self.by[chosen], self.same[chosen])

    @property
    def weights(self) -> npt.NDArray[np.float64]:
        """How much each label counts: the labels of one pair count as one."""
        _, at, counts = np.unique(self.pairs, return_inverse=True, return_counts=True)
        shares: npt.NDArray[np.float64] = 1 / counts[at]
        return shares


def labelling(rules: RuleSet) -> list[int]:
    """Return the positions of the comparisons that can label: of kind identifier, or of an exclusive attribute."""
    exclusive = {entry.attribute for entry in rules.exclusive}
    return [place for place, comparison in enumerate(rules.comparisons) if _labels(comparison, exclusive)]


def _labels(comparison: Comparison, exclusive: set[str]) -> bool:
    of_kind = comparison.kind == IDENTIFIER or attribute_of(comparison) in exclusive
    return of_kind and {SAME, DIFFERENT} <= set(comparison.labels)


def attribute_of(comparison: Comparison) -> str:
    """Return the attribute that a comparison reads first."""
    return comparison.parts[0].partition(".")[0]


def pseudo_labels(levels: Levels, rules: RuleSet) -> Labels:
    """Return what identifiers say of pairs, by comparison and then by pair.

    Only the levels `same` and `different` speak: a number that several names share, that fails its check or lies one
    slip apart says nothing for sure.
    """
    found = []
    for place in labelling(rules):
        labels = rules.comparisons[place].labels
        same = levels[:, place] == labels.index(SAME)
        pairs = np.flatnonzero(same | (levels[:, place] == labels.index(DIFFERENT)))
        found.append((pairs, np.full(len(pairs), place), same[pairs]))
    if not found:
        return Labels(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.bool_))
    pairs, by, same = (np.concatenate(column) for column in zip(*found, strict=True))
    return Labels(pairs.astype(np.int64), by.astype(np.int64), same)


def hide(levels: Levels, hidden: Flags, rules: RuleSet) -> Levels:
    """Return levels in which the hidden ones (rows by comparisons) are missing, also from the joints they are part of.

    The levels have a column per comparison and per joint of the rules.
    """
    width = len(rules.comparisons)
    shown = levels.copy()
    shown[:, :width][hidden] = 0
    places = {comparison.name: place for place, comparison in enumerate(rules.comparisons)}
    for column, joint in enumerate(rules.joints, start=width):
        first, second = (places[name] for name in joint.of)
        rows = np.flatnonzero(hidden[:, first] | hidden[:, second])
        table = np.array(joint.table, dtype=np.uint8)
        shown[rows, column] = table[shown[rows, first], shown[rows, second]]
    return shown
