"""Which rows hold which match key, as flat arrays from which the pairs of any range of rows are read off.

Law of this module: no array of pairs is ever sorted as a whole. Keys are grouped by hashing, some millions at a time;
then each row gathers the rows that follow it under its keys. So memory holds eight bytes for each usable key of a row,
and the pairs of one range of rows.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, TypeVar

import numpy as np

from apps.engine.bulk.compiled import compiled
from apps.engine.bulk.frames import Codes, Flags, Ints

BATCH_KEYS = 8_000_000
"""About how many keys are grouped at a time, at twelve bytes each."""
BUCKET_KEYS = 4_096
"""About how many keys one hash table groups: it stays near the processor."""
SPREAD = np.uint64(0x9E3779B97F4A7C15)
HALF = np.uint64(32)
Part = TypeVar("Part")


class Holders(NamedTuple):
    """The rows of each usable key, and where each row stands among them.

    `rows` has each key's rows, ascending, one key after the other; the last row of a key is stored as `-1 - row`.
    `places[starts[r]:starts[r + 1]]` are row r's places in `rows`, but for those that no other row follows.
    """

    rows: Codes
    starts: Ints
    places: Codes


def key_counts(keys: Ints) -> tuple[Ints, Ints]:
    """Return each key that is there at least twice, ascending, and how often it is there."""
    # A copy sorted by NumPy, which uses wide registers, is several times quicker than a hash table.
    return _repeated(np.sort(keys))


def holders_of(offsets: Ints, keys: Ints, *, hot: Ints, caps: Ints, workers: int) -> Holders:
    """Return who holds the keys; `keys[offsets[r]:offsets[r + 1]]` are row r's, each once.

    A key is left out where one row holds it, where more than `caps[key & (len(caps) - 1)]` rows do (the caps are a
    power of two), and where the sorted array `hot` has it.
    """
    batches, buckets = _division(len(keys))

    def group(batch: int) -> Codes:
        ends = _bucket_ends(keys, batch, buckets, batches)
        rows = _rows_by_bucket(offsets, keys, ends, batch, batches)
        return _group_rows(_keys_by_bucket(keys, ends, batch, batches), rows, ends, hot, caps)

    held = np.concatenate(_in_threads(group, batches, workers))
    starts = _count_places(held, len(offsets) - 1)
    return Holders(held, starts, _places(held, starts))


def pairs_in_pieces(
    holders: Holders, focus: Flags | None, most_pairs: int, workers: int
) -> Iterator[tuple[Codes, Codes]]:
    """Yield the distinct pairs (left < right) of rows that share a key, sorted, in ranges of the left row.

    A piece has at most `most_pairs` pairs, or those of one row. With `focus` (one flag per row) a pair has a flagged
    row. `workers` pieces are made at once.
    """
    flags = np.zeros(0, dtype=np.bool_) if focus is None else focus
    blocks = _blocks(holders.starts, most_pairs)
    with ThreadPoolExecutor(max(workers, 1)) as threads:
        for at in range(0, len(blocks), max(workers, 1)):
            some = blocks[at : at + max(workers, 1)]
            for pieces in threads.map(lambda block: _pieces_of_block(holders, flags, block, most_pairs), some):
                yield from pieces


def _division(keys: int) -> tuple[int, int]:
    """Return into how many batches of how many buckets the keys go."""
    batches = -(-max(keys, 1) // BATCH_KEYS)
    return batches, -(-max(keys, 1) // (batches * BUCKET_KEYS))


def _in_threads(work: Callable[[int], Part], count: int, workers: int) -> list[Part]:
    with ThreadPoolExecutor(max(1, min(workers, count))) as threads:
        return list(threads.map(work, range(count)))


def _blocks(starts: Ints, most_pairs: int) -> list[tuple[int, int]]:
    """Return ranges of rows that stand at about as many places as a piece has pairs."""
    rows = len(starts) - 1
    blocks, first = [], 0
    while first < rows:
        last = int(np.searchsorted(starts, starts[first] + max(most_pairs, 1), side="right")) - 1
        last = min(max(last, first + 1), rows)
        blocks.append((first, last))
        first = last
    return blocks


def _pieces_of_block(
    holders: Holders, focus: Flags, block: tuple[int, int], most_pairs: int
) -> list[tuple[Codes, Codes]]:
    """Return the pairs whose left row lies in the block."""
    first, last = block
    seen = np.full(len(holders.starts) - 1, -1, dtype=np.int32)
    room, pieces = max(most_pairs, 1), []
    while first < last:
        left, right = np.empty(room, dtype=np.int32), np.empty(room, dtype=np.int32)
        reached, made = _follow(holders, focus, (first, last), seen, (left, right))
        if made:
            pieces.append((left[:made].copy(), right[:made].copy()))
        # A row that doesn't fit alone gets twice the room.
        room = room * 2 if reached == first else max(most_pairs, 1)
        first = reached
    return pieces


@compiled
def _bucket(key: int, buckets: np.uint64) -> np.int64:
    """Return the key's bucket: the high half of a multiplied key, scaled."""
    return np.int64((((np.uint64(key) * SPREAD) >> HALF) * buckets) >> HALF)


@compiled
def _bucket_ends(keys: Ints, batch: int, buckets: int, batches: int) -> Ints:
    """Return where each bucket of the batch starts, and where the last ends."""
    ends = np.zeros(buckets + 1, dtype=np.int64)
    first, every = batch * buckets, np.uint64(buckets * batches)
    for at in range(len(keys)):
        place = _bucket(keys[at], every) - first
        if 0 <= place < buckets:
            ends[place + 1] += 1
    for bucket in range(buckets):
        ends[bucket + 1] += ends[bucket]
    return ends


@compiled
def _keys_by_bucket(keys: Ints, ends: Ints, batch: int, batches: int) -> Ints:
    """Return the batch's keys, bucket after bucket, in their order."""
    buckets = len(ends) - 1
    free = ends.copy()
    found = np.empty(ends[buckets], dtype=np.int64)
    first, every = batch * buckets, np.uint64(buckets * batches)
    for at in range(len(keys)):
        place = _bucket(keys[at], every) - first
        if 0 <= place < buckets:
            found[free[place]] = keys[at]
            free[place] += 1
    return found


@compiled
def _rows_by_bucket(offsets: Ints, keys: Ints, ends: Ints, batch: int, batches: int) -> Codes:
    """Return the rows of the batch's keys, in the order of `_keys_by_bucket`."""
    buckets = len(ends) - 1
    free = ends.copy()
    found = np.empty(ends[buckets], dtype=np.int32)
    first, every = batch * buckets, np.uint64(buckets * batches)
    for row in range(len(offsets) - 1):
        for at in range(offsets[row], offsets[row + 1]):
            place = _bucket(keys[at], every) - first
            if 0 <= place < buckets:
                found[free[place]] = row
                free[place] += 1
    return found


@compiled
def _group_bucket(keys: Ints, table: Codes, group: Codes, distinct: Ints, counts: Ints) -> int:
    """Write each key's group, and each group's key and count; return how many groups there are.

    `table` is scratch: a power of two of at least twice as many slots as keys.
    """
    mask = np.uint64(len(table) - 1)
    table[:] = -1
    groups = 0
    for at in range(len(keys)):
        mixed = np.uint64(keys[at]) * SPREAD
        slot = (mixed ^ (mixed >> HALF)) & mask
        while table[slot] >= 0 and distinct[table[slot]] != keys[at]:
            slot = (slot + np.uint64(1)) & mask
        if table[slot] < 0:
            table[slot] = groups
            distinct[groups] = keys[at]
            counts[groups] = 0
            groups += 1
        group[at] = table[slot]
        counts[table[slot]] += 1
    return groups


@compiled
def _slots(ends: Ints) -> int:
    """Return how many slots the table of the largest bucket needs."""
    slots = 2
    for bucket in range(len(ends) - 1):
        while slots < 2 * (ends[bucket + 1] - ends[bucket]):
            slots *= 2
    return slots


@compiled
def _repeated(ordered: Ints) -> tuple[Ints, Ints]:
    """Return the values that are there at least twice, and how often."""
    found = 0
    for at in range(1, len(ordered)):
        if ordered[at] == ordered[at - 1] and (at == 1 or ordered[at] != ordered[at - 2]):
            found += 1
    held, often = np.empty(found, dtype=np.int64), np.ones(found, dtype=np.int64)
    found = -1
    for at in range(1, len(ordered)):
        if ordered[at] == ordered[at - 1]:
            if at == 1 or ordered[at] != ordered[at - 2]:
                found += 1
                held[found] = ordered[at]
            often[found] += 1
    return held, often


@compiled
def _group_rows(keys: Ints, rows: Codes, ends: Ints, hot: Ints, caps: Ints) -> Codes:
    """Return the rows of the usable keys, key after key; a key's last row as `-1 - row`."""
    slots = _slots(ends)
    table, group = np.empty(slots, np.int32), np.empty(slots, np.int32)
    distinct, counts, free = np.empty(slots, np.int64), np.empty(slots, np.int64), np.empty(slots, np.int64)
    found = np.empty(len(keys), dtype=np.int32)
    made = 0
    for bucket in range(len(ends) - 1):
        first = ends[bucket]
        groups = _group_bucket(keys[first : ends[bucket + 1]], table, group, distinct, counts)
        for number in range(groups):
            free[number] = -1
            if _is_usable(distinct[number], counts[number], hot, caps):
                free[number] = made
                made += counts[number]
        for at in range(ends[bucket + 1] - first):
            number = group[at]
            if free[number] >= 0:
                counts[number] -= 1
                row = rows[first + at]
                found[free[number]] = row if counts[number] else -1 - row
                free[number] += 1
    return found[:made].copy()


@compiled
def _is_usable(key: int, count: int, hot: Ints, caps: Ints) -> bool:
    if count < 2 or count > caps[key & (len(caps) - 1)]:
        return False
    low, high = 0, len(hot)
    while low < high:
        middle = (low + high) // 2
        if hot[middle] < key:
            low = middle + 1
        else:
            high = middle
    return low == len(hot) or hot[low] != key


@compiled
def _count_places(held: Codes, rows: int) -> Ints:
    """Return where each row's places start, and where the last row's end."""
    starts = np.zeros(rows + 1, dtype=np.int64)
    for place in range(len(held)):
        if held[place] >= 0:
            starts[held[place] + 1] += 1
    for row in range(rows):
        starts[row + 1] += starts[row]
    return starts


@compiled
def _places(held: Codes, starts: Ints) -> Codes:
    """Return each row's places among the holders, but for those that no row follows."""
    free = starts.copy()
    found = np.empty(starts[len(starts) - 1], dtype=np.int32)
    for place in range(len(held)):
        if held[place] >= 0:
            found[free[held[place]]] = place
            free[held[place]] += 1
    return found


@compiled
def _follow(
    holders: Holders, focus: Flags, block: tuple[int, int], seen: Codes, out: tuple[Codes, Codes]
) -> tuple[int, int]:
    """Write the pairs of the block's rows; return the first row that no longer fits, and how many pairs there are.

    `seen` is scratch, a number per row that is no row of the block.
    """
    left, right = out
    made = 0
    for row in range(block[0], block[1]):
        end = _follow_row(holders, focus, row, seen, right[made:])
        if end < 0:
            # The row's marks must not hide its pairs from the next attempt.
            for at in range(made, len(right)):
                seen[right[at]] = -1
            return row, made
        _sort(right[made : made + end])
        left[made : made + end] = row
        made += end
    return block[1], made


@compiled
def _follow_row(holders: Holders, focus: Flags, row: int, seen: Codes, out: Codes) -> int:
    """Write the rows that follow `row` under its keys, each once; return how many, -1 where they don't fit."""
    rows, starts, places = holders
    every = len(focus) == 0 or focus[row]
    made = 0
    for place in places[starts[row] : starts[row + 1]]:
        at, more = place, True
        while more:
            at += 1
            more = rows[at] >= 0
            other = rows[at] if more else -1 - rows[at]
            if seen[other] != row and (every or focus[other]):
                if made == len(out):
                    return -1
                seen[other] = row
                out[made] = other
                made += 1
    return made


@compiled
def _sort(values: Codes) -> None:
    """Sort in place (Shell 1959, gaps of Ciura 2001): most rows have a handful of values."""
    for gap in (701, 301, 132, 57, 23, 10, 4, 1):
        for start in range(gap, len(values)):
            value, at = values[start], start
            while at >= gap and values[at - gap] > value:
                values[at] = values[at - gap]
                at -= gap
            values[at] = value
