"""Components of links, and average linkage inside them, compiled: `cluster.linkage` over flat arrays.

`cluster.linkage` says what is to come out, and the joins by which it came; here only the groups and the conflicts do.
Means are compared by cross-multiplying whole numbers, so that no rounding decides.
"""

from typing import NamedTuple

import numpy as np

from apps.engine.bulk.compiled import compiled
from apps.engine.bulk.frames import Codes, Flags, Ints

NOBODY = -1


class Components(NamedTuple):
    """Rows that links hold together: `rows[starts[i]:starts[i + 1]]` is component i, its rows in the order of keys."""

    rows: Codes
    starts: Ints


class Linkage(NamedTuple):
    """What the rule set asks of groups: `doubt` is the least a pair counts for, `most` how many rows a group may have.

    `link` is the mean from which on groups join. All but `most` in millibits.
    """

    doubt: int
    link: int
    most: int


class LinksByRow(NamedTuple):
    """Links of low row r: `starts[r]` to `starts[r + 1]` of their right rows, sorted, and of their scores."""

    starts: Ints
    right: Codes
    scores: Codes


class Facts(NamedTuple):
    """What is known about pairs: their scores, and whether an exclusive identifier or a verdict speaks about them."""

    scores: Codes
    barred: Flags
    same: Flags
    different: Flags


class Groups(NamedTuple):
    """Groups on their way, each at its first member's index; the size of one that another took in is 0.

    Square are the sums of scores between groups, what may not join, and what verdicts keep apart. `labels` has each
    member's group, `best` the later group with which each has the highest mean.
    """

    sums: Ints
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
def look_up(links: LinksByRow, low: Codes, high: Codes) -> tuple[Codes, Flags]:
    """Return the scores of pairs (low < high) that the links have, and whether they have them."""
    starts, right, scores = links
    found, held = np.zeros(len(low), dtype=np.int32), np.zeros(len(low), dtype=np.bool_)
    for pair in range(len(low)):
        at, end = starts[low[pair]], starts[low[pair] + 1]
        while at < end:
            middle = (at + end) // 2
            if right[middle] < high[pair]:
                at = middle + 1
            else:
                end = middle
        if at < starts[low[pair] + 1] and right[at] == high[pair]:
            found[pair] = scores[at]
            held[pair] = True
    return found, held


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
            facts.scores[first:last], facts.barred[first:last], facts.same[first:last], facts.different[first:last]
        )
        if size <= linkage.most and _would_all_join(mine, linkage.link):
            for member in members:
                labels[member] = members[0]
        else:
            found = _agglomerate(mine, size, linkage, conflicts[first:last])
            for place in range(size):
                labels[members[place]] = members[found[place]]
        first = last
    return conflicts


@compiled
def _would_all_join(facts: Facts, link: int) -> bool:
    """Say whether every pair would join on its own, so that the order of joins doesn't matter."""
    for pair in range(len(facts.scores)):
        if facts.scores[pair] < link or facts.barred[pair] or facts.same[pair] or facts.different[pair]:
            return False
    return True


@compiled
def _agglomerate(facts: Facts, size: int, linkage: Linkage, conflicts: Flags) -> Ints:
    """Return each member's group as the index of its first member, as `cluster.linkage.group_by_rules` finds it."""
    groups = _groups_of(facts, size, linkage.doubt)
    _join_same(groups, facts.same, conflicts)
    for group in range(size):
        if groups.sizes[group]:
            _find_best(groups, group, linkage.most)
    sums, sizes, best = groups.sums, groups.sizes, groups.best
    while True:
        first = _loudest(groups)
        if first < 0 or sums[first, best[first]] < linkage.link * sizes[first] * sizes[best[first]]:
            return groups.labels
        second = best[first]
        _join(groups, first, second)
        best[second] = NOBODY
        _mend_best(groups, first, second, linkage.most)


@compiled
def _groups_of(facts: Facts, size: int, doubt: int) -> Groups:
    """Return every member as a group of its own."""
    sums = np.zeros((size, size), dtype=np.int64)
    apart, firmly = np.zeros((size, size), dtype=np.bool_), np.zeros((size, size), dtype=np.bool_)
    pair = 0
    for one in range(size):
        for other in range(one + 1, size):
            sums[one, other] = sums[other, one] = max(facts.scores[pair], doubt)
            barred = facts.barred[pair] and not facts.same[pair]
            apart[one, other] = apart[other, one] = barred or facts.different[pair]
            firmly[one, other] = firmly[other, one] = facts.different[pair]
            pair += 1
    return Groups(sums, apart, firmly, np.ones(size, np.int64), np.arange(size), np.full(size, NOBODY))


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
    sums, apart, firmly, sizes, labels, _ = groups
    for other in range(len(labels)):
        sums[kept, other] += sums[gone, other]
        sums[other, kept] = sums[kept, other]
        apart[kept, other] = apart[other, kept] = apart[kept, other] or apart[gone, other]
        firmly[kept, other] = firmly[other, kept] = firmly[kept, other] or firmly[gone, other]
        if labels[other] == gone:
            labels[other] = kept
    sizes[kept] += sizes[gone]
    sizes[gone] = 0


@compiled
def _find_best(groups: Groups, group: int, most: int) -> None:
    """Write which later group has the highest mean with `group` among those that it may join, the first of equals."""
    groups.best[group] = NOBODY
    for other in range(group + 1, len(groups.labels)):
        _offer(groups, group, other, most)


@compiled
def _offer(groups: Groups, group: int, other: int, most: int) -> None:
    """Make `other` the best of `group` where it may join and its mean is higher, or as high and it comes first."""
    sums, sizes = groups.sums, groups.sizes
    if not sizes[other] or groups.apart[group, other] or sizes[group] + sizes[other] > most:
        return
    rival = groups.best[group]
    if rival >= 0:
        ours, theirs = sums[group, other] * sizes[rival], sums[group, rival] * sizes[other]
        if ours < theirs or (ours == theirs and rival < other):
            return
    groups.best[group] = other


@compiled
def _loudest(groups: Groups) -> int:
    """Return the first group of the pair with the highest mean, the first of equals; -1 where nothing may join."""
    sums, sizes, best = groups.sums, groups.sizes, groups.best
    found = NOBODY
    for group in range(len(best)):
        if best[group] < 0:
            continue
        if found < 0:
            found = group
            continue
        ours = sums[group, best[group]] * sizes[found] * sizes[best[found]]
        if ours > sums[found, best[found]] * sizes[group] * sizes[best[group]]:
            found = group
    return found


@compiled
def _mend_best(groups: Groups, kept: int, gone: int, most: int) -> None:
    """Find the best of each group anew where the join of `kept` and `gone` may have changed it."""
    for group in range(gone):
        if not groups.sizes[group]:
            continue
        if group == kept or groups.best[group] == gone or groups.best[group] == kept:
            _find_best(groups, group, most)
        elif group < kept:
            _offer(groups, group, kept, most)


@compiled
def smallest_records(labels: Ints, ids: Ints) -> Ints:
    """Return per row the smallest record id of the rows with its label."""
    smallest = np.full(len(labels), np.iinfo(np.int64).max)
    for row in range(len(labels)):
        smallest[labels[row]] = min(smallest[labels[row]], ids[row])
    return smallest[labels]
