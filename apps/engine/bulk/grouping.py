"""Components of links, and average linkage inside them, compiled: `cluster.linkage` over flat arrays.

`cluster.linkage` says what is to come out, and the joins by which it came; here only the groups and the conflicts do.
All is done in whole numbers, divided downwards, as there.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from apps.engine.bulk.compiled import compiled
from apps.engine.bulk.frames import Codes, Flags, Ints

Levels = npt.NDArray[np.uint8]
NOBODY = -1
NEVER = -(2**62)
PAIR = 2


class Components(NamedTuple):
    """Rows that links hold together: `rows[starts[i]:starts[i + 1]]` is component i, its rows in the order of keys."""

    rows: Codes
    starts: Ints


class Linkage(NamedTuple):
    """What the rule set asks of groups, as `cluster.Law`, and what levels weigh.

    `weights[c, level]` is the weight of a level of comparison c; all but `most` are in millibits.
    """

    prior: int
    weights: Codes
    link: int
    doubling: int
    doubt: int
    most: int


class LinksByRow(NamedTuple):
    """Links of low row r: `starts[r]` to `starts[r + 1]` of their right rows, sorted."""

    starts: Ints
    right: Codes


class Facts(NamedTuple):
    """What is known about pairs: their levels, shape (pairs, comparisons and joints), and their scores.

    Besides, whether an exclusive identifier or a verdict speaks about them.
    """

    levels: Levels
    scores: Codes
    barred: Flags
    same: Flags
    different: Flags


class Groups(NamedTuple):
    """Groups on their way, each at its first member's index; the size of one that another took in is 0.

    By place of a pair of groups (`_place`): the sums of its pairs' weights and how many of them know something, each
    per comparison; the sum of the pairs' scores, none below the doubt; and their best score. Square: the score of two
    groups, what may not join, and what verdicts keep apart. `labels` has each member's group, `best` the later group
    with which each has the highest score.
    """

    sums: Ints
    known: Codes
    floored: Ints
    highest: Codes
    scores: Ints
    apart: Flags
    firmly: Flags
    sizes: Ints
    labels: Ints
    best: Ints


@compiled
def connected(rows: int, left: Ints, right: Ints) -> Ints:
    """Return per row the smallest row that a chain of pairs connects it to (union-find, paths halved: Tarjan 1975)."""
    above = np.arange(rows)
    for at in range(len(left)):
        one, other = left[at], right[at]
        while above[one] != one:
            above[one] = above[above[one]]
            one = above[one]
        while above[other] != other:
            above[other] = above[above[other]]
            other = above[other]
        above[max(one, other)] = min(one, other)
    for row in range(rows):
        # A row above is smaller, so it is settled already.
        above[row] = above[above[row]]
    return above


@compiled
def members_of(labels: Ints, order: Ints, names: Ints, starts: Ints) -> Codes:
    """Return the rows of the components named by `names`, each in the given order of all rows.

    `labels` has each row's component, `starts` where each component's rows go.
    """
    free = np.full(len(labels), NOBODY)
    for at in range(len(names)):
        free[names[at]] = starts[at]
    found = np.empty(starts[len(starts) - 1], dtype=np.int32)
    for row in order:
        label = labels[row]
        if free[label] >= 0:
            found[free[label]] = row
            free[label] += 1
    return found


@compiled
def all_pairs(rows: Codes, starts: Ints, pairs: int) -> tuple[Codes, Codes]:
    """Return the pairs of rows inside each component, component after component, by first and then second row."""
    ours, theirs = np.empty(pairs, dtype=np.int32), np.empty(pairs, dtype=np.int32)
    made = 0
    for at in range(len(starts) - 1):
        for first in range(starts[at], starts[at + 1]):
            for second in range(first + 1, starts[at + 1]):
                ours[made] = rows[first]
                theirs[made] = rows[second]
                made += 1
    return ours, theirs


@compiled
def look_up(links: LinksByRow, low: Codes, high: Codes) -> Ints:
    """Return at which place the links have each pair (low < high), `NOBODY` where they lack it."""
    starts, right = links
    places = np.full(len(low), NOBODY)
    for pair in range(len(low)):
        at, end = starts[low[pair]], starts[low[pair] + 1]
        while at < end:
            middle = (at + end) // 2
            if right[middle] < high[pair]:
                at = middle + 1
            else:
                end = middle
        if at < starts[low[pair] + 1] and right[at] == high[pair]:
            places[pair] = at
    return places


@compiled
def group_components(components: Components, facts: Facts, linkage: Linkage, labels: Ints) -> Flags:
    """Write into `labels` each row's group, as the group's first row; return which pairs are in conflict.

    The facts speak about the pairs of `all_pairs`, in its order. In conflict is a pair that one verdict puts together
    and others keep apart.
    """
    rows, starts = components
    conflicts = np.zeros(len(facts.scores), dtype=np.bool_)
    first = 0
    for at in range(len(starts) - 1):
        members = rows[starts[at] : starts[at + 1]]
        size = len(members)
        last = first + size * (size - 1) // 2
        mine = Facts(
            facts.levels[first:last],
            facts.scores[first:last],
            facts.barred[first:last],
            facts.same[first:last],
            facts.different[first:last],
        )
        if size == PAIR and not mine.same[0]:
            if _may_pair(mine, linkage):
                labels[members[1]] = labels[members[0]] = members[0]
        else:
            found = _agglomerate(mine, size, linkage, conflicts[first:last])
            for place in range(size):
                labels[members[place]] = members[found[place]]
        first = last
    return conflicts


@compiled
def _may_pair(facts: Facts, linkage: Linkage) -> bool:
    """Say whether two records of which no verdict says that they are one join."""
    score = facts.scores[0]
    allowed = not facts.barred[0] and not facts.different[0] and linkage.most >= PAIR
    return allowed and score >= linkage.link and (max(score, linkage.doubt) + score) // 2 >= linkage.link


@compiled
def _agglomerate(facts: Facts, size: int, linkage: Linkage, conflicts: Flags) -> Ints:
    """Return each member's group as the index of its first member, as `cluster.linkage.group_by_rules` finds it."""
    groups = _groups_of(facts, size, linkage)
    _join_same(groups, facts.same, conflicts)
    for group in range(size):
        for other in range(group + 1, size):
            _score(groups, group, other, linkage)
    for group in range(size):
        if groups.sizes[group]:
            _find_best(groups, group)
    scores, best = groups.scores, groups.best
    while True:
        first = _loudest(groups)
        if first < 0 or scores[first, best[first]] < linkage.link:
            return groups.labels
        second = best[first]
        _join(groups, first, second)
        for other in range(size):
            if other != first:
                _score(groups, min(first, other), max(first, other), linkage)
        best[second] = NOBODY
        _mend_best(groups, first, second)


@compiled
def _groups_of(facts: Facts, size: int, linkage: Linkage) -> Groups:
    """Return every member as a group of its own."""
    pairs, comparisons = facts.levels.shape
    sums, known = np.zeros((pairs, comparisons), dtype=np.int64), np.zeros((pairs, comparisons), dtype=np.int32)
    floored = np.zeros(pairs, dtype=np.int64)
    apart, firmly = np.zeros((size, size), dtype=np.bool_), np.zeros((size, size), dtype=np.bool_)
    pair = 0
    for one in range(size):
        for other in range(one + 1, size):
            for at in range(comparisons):
                level = facts.levels[pair, at]
                sums[pair, at] = linkage.weights[at, level]
                known[pair, at] = level > 0
            floored[pair] = max(facts.scores[pair], linkage.doubt)
            barred = facts.barred[pair] and not facts.same[pair]
            apart[one, other] = apart[other, one] = barred or facts.different[pair]
            firmly[one, other] = firmly[other, one] = facts.different[pair]
            pair += 1
    scores = np.full((size, size), NEVER)
    sizes, labels, best = np.ones(size, np.int64), np.arange(size), np.full(size, NOBODY)
    return Groups(sums, known, floored, facts.scores.copy(), scores, apart, firmly, sizes, labels, best)


@compiled
def _place(one: int, other: int, size: int) -> int:
    """Return the place of the pair of two groups of `size` members, one < other, in the order of `all_pairs`."""
    return one * size - one * (one + 1) // 2 + other - one - 1


@compiled
def _score(groups: Groups, one: int, other: int, linkage: Linkage) -> None:
    """Write the score of two groups, one < other, or that they may not join."""
    sizes = groups.sizes
    place = _place(one, other, len(sizes))
    score = NEVER
    if (
        sizes[one]
        and sizes[other]
        and not groups.apart[one, other]
        and sizes[one] + sizes[other] <= linkage.most
        and groups.highest[place] >= linkage.link
    ):
        whole = linkage.prior
        for at in range(groups.sums.shape[1]):
            if groups.known[place, at]:
                whole += groups.sums[place, at] // groups.known[place, at]
        score = (groups.floored[place] // (sizes[one] * sizes[other]) + whole) // 2
        smaller = min(sizes[one], sizes[other])
        while smaller > 1:
            smaller //= 2
            score -= linkage.doubling
    groups.scores[one, other] = groups.scores[other, one] = score


@compiled
def _join_same(groups: Groups, same: Flags, conflicts: Flags) -> None:
    """Join what verdicts put together, in the order of the pairs; mark those that other verdicts keep apart."""
    pair = -1
    for one in range(len(groups.labels)):
        for other in range(one + 1, len(groups.labels)):
            pair += 1
            ours, theirs = groups.labels[one], groups.labels[other]
            if not same[pair] or ours == theirs:
                continue
            if groups.firmly[ours, theirs]:
                conflicts[pair] = True
            else:
                _join(groups, min(ours, theirs), max(ours, theirs))


@compiled
def _join(groups: Groups, kept: int, gone: int) -> None:
    """Make one group of two; what either may not join, both may not."""
    apart, firmly, sizes, labels = groups.apart, groups.firmly, groups.sizes, groups.labels
    size = len(labels)
    for other in range(size):
        if other != kept and other != gone and sizes[other]:
            to = _place(min(kept, other), max(kept, other), size)
            of = _place(min(gone, other), max(gone, other), size)
            groups.sums[to] += groups.sums[of]
            groups.known[to] += groups.known[of]
            groups.floored[to] += groups.floored[of]
            groups.highest[to] = max(groups.highest[to], groups.highest[of])
        apart[kept, other] = apart[other, kept] = apart[kept, other] or apart[gone, other]
        firmly[kept, other] = firmly[other, kept] = firmly[kept, other] or firmly[gone, other]
        if labels[other] == gone:
            labels[other] = kept
    sizes[kept] += sizes[gone]
    sizes[gone] = 0


@compiled
def _find_best(groups: Groups, group: int) -> None:
    """Write which later group has the highest score with `group`, the first of equals; nobody where none may join."""
    groups.best[group] = NOBODY
    for other in range(group + 1, len(groups.labels)):
        _offer(groups, group, other)


@compiled
def _offer(groups: Groups, group: int, other: int) -> None:
    """Make `other` the best of `group` where it may join and scores higher, or as high and it comes first."""
    score = groups.scores[group, other]
    if score == NEVER or not groups.sizes[other]:
        return
    rival = groups.best[group]
    if rival >= 0:
        held = groups.scores[group, rival]
        if score < held or (score == held and rival < other):
            return
    groups.best[group] = other


@compiled
def _loudest(groups: Groups) -> int:
    """Return the first group of the pair with the highest score, the first of equals; -1 where nothing may join."""
    found = NOBODY
    for group in range(len(groups.best)):
        best = groups.best[group]
        if best >= 0 and (found < 0 or groups.scores[group, best] > groups.scores[found, groups.best[found]]):
            found = group
    return found


@compiled
def _mend_best(groups: Groups, kept: int, gone: int) -> None:
    """Find the best of each group anew where the join of `kept` and `gone` may have changed it."""
    for group in range(gone):
        if not groups.sizes[group]:
            continue
        if group == kept or groups.best[group] == gone or groups.best[group] == kept:
            _find_best(groups, group)
        elif group < kept:
            _offer(groups, group, kept)


@compiled
def smallest_records(labels: Ints, ids: Ints) -> Ints:
    """Return per row the smallest record id of the rows with its label."""
    smallest = np.full(len(labels), np.iinfo(np.int64).max)
    for row in range(len(labels)):
        smallest[labels[row]] = min(smallest[labels[row]], ids[row])
    return smallest[labels]
