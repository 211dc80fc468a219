"""Lessons out of a standard frame: labelled by its own identifiers, or by people."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from apps.engine.block.hashing import PLACE_MASK
from apps.engine.bulk.blocking import candidates, keyed_rows
from apps.engine.bulk.comparing import levels_of
from apps.engine.bulk.frames import ABSENT, Codes, Columns, Encoded, Flags, Ints, combine
from apps.engine.bulk.pairs import RowPairs
from apps.engine.rules import RuleSet
from apps.engine.score.lessons import Lesson, Lessons, Model, learn
from apps.engine.score.self_supervision import Labels, Levels, attribute_of, hide, labelling, pseudo_labels
from apps.engine.score.train import LabelledPairs
from apps.engine.statistics import Statistics

CHUNK = 4_000_000
MOST_LABELS = 400_000
"""Labels learned from at most; more are drawn by chance, since the fit holds them all in memory."""
CROWD = 100_000
SEED = 21
TRUTH = "truth"


def learn_from_identifiers(
    standard: pa.Table, rules: RuleSet, statistics: Statistics, *, model: Model = "additive", workers: int = 2
) -> Lesson:
    """Learn from candidate pairs whose records hold identifiers that say whether they are one party.

    Only pairs that share a match key without an identifier take part: a pair that nothing but its number brings
    together would teach that names need not agree, and no pair of different parties is ever found that way.
    """
    columns = Columns(standard)
    left, right = candidates(_without_identifier_keys(standard, rules), rules, statistics)
    pairs = RowPairs(columns, left, right, statistics, workers)
    labels = pseudo_labels(_identifier_levels(pairs, rules), rules)
    labels = labels.take(_drawn(len(labels), MOST_LABELS))
    labelled, crowd = _some(pairs, labels.pairs), _some(pairs, _drawn(len(pairs), CROWD))
    levels = hide(levels_of(labelled, rules), _hidden(labelled, labels, rules), rules)
    places = labelling(rules)
    lessons = Lessons(
        labelled=LabelledPairs(levels, labels.same, labels.weights),
        parties=_parties(standard.num_rows, labelled, labels.same),
        by=np.searchsorted(places, labels.by),
        labellers=[rules.comparisons[place].name for place in places],
        crowd=levels_of(crowd, rules),
        choose_themselves=True,
    )
    return learn(lessons, rules, model)


def learn_from_truth(
    standard: pa.Table,
    entities: Ints,
    rules: RuleSet,
    statistics: Statistics,
    *,
    model: Model = "additive",
    workers: int = 2,
) -> Lesson:
    """Learn from candidate pairs labelled by the entity of each row; rows with a negative one are not known."""
    left, right = candidates(standard, rules, statistics)
    pairs = RowPairs(Columns(standard), left, right, statistics, workers)
    known = np.flatnonzero((entities[left] >= 0) & (entities[right] >= 0))
    labelled = _some(pairs, known[_drawn(len(known), MOST_LABELS)])
    ours, theirs = entities[labelled.left], entities[labelled.right]
    lessons = Lessons(
        labelled=LabelledPairs(levels_of(labelled, rules), ours == theirs, np.ones(len(labelled))),
        parties=ours,
        by=np.zeros(len(labelled), dtype=np.int64),
        labellers=[TRUTH],
        crowd=levels_of(_some(pairs, _drawn(len(pairs), CROWD)), rules),
    )
    return learn(lessons, rules, model)


def _without_identifier_keys(standard: pa.Table, rules: RuleSet) -> pa.Table:
    """Return the frame's keys without those that an identifier goes into."""
    identifiers = {attribute_of(rules.comparisons[place]) for place in labelling(rules)}
    dropped = np.zeros(PLACE_MASK + 1, dtype=np.bool_)
    for place, key in enumerate(rules.keys):
        dropped[place] = any(part.partition(".")[0] in identifiers for of in key.of for part in of.parts)
    rows, keys = keyed_rows(standard)
    kept = ~dropped[keys & PLACE_MASK]
    offsets = np.r_[0, np.cumsum(np.bincount(rows[kept], minlength=standard.num_rows))].astype(np.int32)
    return pa.table({"keys": pa.ListArray.from_arrays(pa.array(offsets), pa.array(keys[kept]))})


def _identifier_levels(pairs: RowPairs, rules: RuleSet) -> Levels:
    """Return levels in the rule set's columns, of which only those of identifiers are compared."""
    places = labelling(rules)
    narrow = replace(rules, comparisons=tuple(rules.comparisons[place] for place in places), joints=())
    levels = np.zeros((len(pairs), len(rules.comparisons)), dtype=np.uint8)
    for start in range(0, len(pairs), CHUNK):
        rows = np.arange(start, min(start + CHUNK, len(pairs)))
        levels[start : start + CHUNK, places] = levels_of(_some(pairs, rows), narrow)
    return levels


def _some(pairs: RowPairs, chosen: Ints) -> RowPairs:
    return RowPairs(pairs.columns, pairs.left[chosen], pairs.right[chosen], pairs.statistics, pairs.workers)


def _drawn(count: int, most: int) -> Ints:
    """Return the numbers below `count`, or `most` of them drawn by chance, rising."""
    if count <= most:
        return np.arange(count)
    drawn = np.random.default_rng(SEED).choice(count, most, replace=False)
    drawn.sort()
    return drawn


def _parties(rows: int, pairs: RowPairs, same: Flags) -> Ints:
    """Return the party of each pair's left row: what labels "same" connect.

    A pair of different parties stands with one of the two. A model of levels can't recognise a record, so that does no
    harm, while dropping the pairs between a held-out party and another would change the odds on both sides.
    """
    ends = pairs.left[same], pairs.right[same]
    edges = coo_array((np.ones(np.count_nonzero(same)), ends), shape=(rows, rows))
    party: npt.NDArray[np.int32] = connected_components(edges, directed=False)[1]
    return party[pairs.left].astype(np.int64)


def _hidden(pairs: RowPairs, labels: Labels, rules: RuleSet) -> Flags:
    """Return which comparisons each label may not teach (labels by comparisons).

    They are the one that it came from, and identifiers that hold the same number in one of the two records.
    """
    hidden = np.zeros((len(labels), len(rules.comparisons)), dtype=np.bool_)
    hidden[np.arange(len(labels)), labels.by] = True
    places = labelling(rules)
    for place in places:
        of_place = np.flatnonzero(labels.by == place)
        for other in places:
            if other == place or not len(of_place):
                continue
            ours, theirs = (pairs.columns[rules.comparisons[at].parts[0]] for at in (place, other))
            for rows in (pairs.left[of_place], pairs.right[of_place]):
                hidden[of_place, other] |= _one_number(ours, theirs, rows)
    return hidden


def _one_number(ours: Encoded, theirs: Encoded, rows: Codes) -> Flags:
    """Say for each row whether one of two numbers holds the other."""
    both = (ours.codes[rows] != ABSENT) & (theirs.codes[rows] != ABSENT)
    width = len(theirs.values)
    distinct, at = np.unique(combine(ours.codes[rows[both]], theirs.codes[rows[both]], width), return_inverse=True)
    numbers: Iterable[tuple[str, str]] = (
        (ours.values[code // (width + 1) - 1], theirs.values[code % (width + 1) - 1]) for code in distinct.tolist()
    )
    held = np.fromiter((a in b or b in a for a, b in numbers), dtype=np.bool_, count=len(distinct))
    found: Flags = np.zeros(len(rows), dtype=np.bool_)
    found[both] = held[at]
    return found
