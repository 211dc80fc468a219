"""Edit distances and similarities of two texts as kernels, equal to RapidFuzz's to the last bit.

A text is an array of code points, the place where it starts and its length: kernels take no slices, because each would
count a reference, and threads would wait for each other's counting. Texts of up to 64 letters below 256 are compared by
bits (Hyyrö 2003, "A bit-vector algorithm for computing Levenshtein and Damerau edit distances"), all others letter by
letter.
"""

import numpy as np
import numpy.typing as npt

from apps.engine.bulk.compiled import compiled
from apps.engine.bulk.letters import Points

PLACES = 64
"""Letters of a text that fit into one word of the processor."""
PLAIN = 256
"""Letters below this one have an entry in the table of places."""
Places = npt.NDArray[np.uint64]
"""Per letter the places in a text where it stands, as bits; zero between calls."""
ZERO, ONE = np.uint64(0), np.uint64(1)
ALL = np.uint64(2**64 - 1)
BOOST_ABOVE = 0.7
PREFIX_WEIGHT = 0.1
LONGEST_PREFIX = 4


def places() -> Places:
    """Return an empty table of places."""
    return np.zeros(PLAIN, dtype=np.uint64)


@compiled
def fill_places(text: Points, start: int, length: int, table: Places) -> bool:
    """Enter the text's letters; False, with nothing entered, where it is too long or has other letters."""
    if length > PLACES:
        return False
    for at in range(start, start + length):
        if text[at] >= PLAIN:
            return False
    for place in range(length):
        table[text[start + place]] |= ONE << np.uint64(place)
    return True


@compiled
def clear_places(text: Points, start: int, length: int, table: Places) -> None:
    """Take the text's letters out again."""
    for at in range(start, start + length):
        table[text[at]] = ZERO


@compiled
def osa_distance(left: Points, i: int, m: int, right: Points, j: int, n: int, table: Places) -> int:
    """Return the optimal string alignment distance: letters left out, added, exchanged, or two neighbours swapped."""
    if m == 0 or n == 0:
        return m + n
    if not fill_places(left, i, m, table):
        return osa_by_letters(left, i, m, right, j, n)
    last = ONE << np.uint64(m - 1)
    more, less, kept, seen = ALL, ZERO, ZERO, ZERO
    distance = m
    for at in range(j, j + n):
        here = table[right[at]] if right[at] < PLAIN else ZERO
        swapped = ((~kept & here) << ONE) & seen
        kept = (((here & more) + more) ^ more) | here | less | swapped
        up, down = less | ~(kept | more), kept & more
        if up & last:
            distance += 1
        elif down & last:
            distance -= 1
        up, down = (up << ONE) | ONE, down << ONE
        more, less, seen = down | ~(kept | up), up & kept, here
    clear_places(left, i, m, table)
    return distance


@compiled
def osa_by_letters(left: Points, i: int, m: int, right: Points, j: int, n: int) -> int:
    """Return the same distance by its recurrence, for any letters and lengths."""
    rows = np.zeros((3, n + 1), dtype=np.int64)
    for b in range(n + 1):
        rows[0, b] = b
    for a in range(1, m + 1):
        now, above, second = a % 3, (a - 1) % 3, (a - 2) % 3
        rows[now, 0] = a
        for b in range(1, n + 1):
            cost = 0 if left[i + a - 1] == right[j + b - 1] else 1
            best = min(rows[above, b] + 1, rows[now, b - 1] + 1, rows[above, b - 1] + cost)
            if a > 1 and b > 1 and left[i + a - 1] == right[j + b - 2] and left[i + a - 2] == right[j + b - 1]:
                best = min(best, rows[second, b - 2] + 1)
            rows[now, b] = best
    return int(rows[m % 3, n])


@compiled
def edit_similarity(left: Points, i: int, m: int, right: Points, j: int, n: int, table: Places) -> int:
    """Return what `compare.similarity.edit_similarity` does."""
    longest = max(m, n)
    share = osa_distance(left, i, m, right, j, n, table) / longest if longest else 0.0
    return int((1.0 - share) * 1000 + 0.5)


@compiled
def are_equal(left: Points, i: int, m: int, right: Points, j: int, n: int) -> bool:
    """Say whether two texts are the same."""
    return m == n and shared_start(left, i, m, right, j, n) == m


@compiled
def shared_start(left: Points, i: int, m: int, right: Points, j: int, n: int) -> int:
    """Return how many letters two texts begin with alike."""
    count = 0
    while count < m and count < n and left[i + count] == right[j + count]:
        count += 1
    return count


@compiled
def is_one_edit(left: Points, i: int, m: int, right: Points, j: int, n: int) -> bool:
    """Say whether the optimal string alignment distance is at most one."""
    if abs(m - n) > 1:
        return False
    start = shared_start(left, i, m, right, j, n)
    i, m, j, n = i + start, m - start, j + start, n - start
    while m and n and left[i + m - 1] == right[j + n - 1]:
        m, n = m - 1, n - 1
    if m <= 1 and n <= 1:
        return True
    return m == 2 and n == 2 and left[i] == right[j + 1] and left[i + 1] == right[j]


@compiled
def jaro_winkler(left: Points, i: int, m: int, right: Points, j: int, n: int, table: Places) -> int:
    """Return what `compare.similarity.jaro_winkler` does."""
    similarity = jaro(left, i, m, right, j, n, table)
    if similarity > BOOST_ABOVE:
        prefix = min(shared_start(left, i, m, right, j, n), LONGEST_PREFIX)
        similarity = min(similarity + prefix * PREFIX_WEIGHT * (1.0 - similarity), 1.0)
    return int(similarity * 1000 + 0.5)


@compiled
def jaro(left: Points, i: int, m: int, right: Points, j: int, n: int, table: Places) -> float:
    """Return the Jaro similarity (Jaro 1989), from 0 to 1."""
    if m == 0 or n == 0:
        return 1.0 if m == n else 0.0
    if n <= PLACES and fill_places(left, i, m, table):
        common, moved = common_by_places(left, i, m, right, j, n, table)
        clear_places(left, i, m, table)
    else:
        common, moved = common_by_letters(left, i, m, right, j, n)
    if common == 0:
        return 0.0
    similarity = common / m
    similarity += common / n
    similarity += (common - moved // 2) / common
    return similarity / 3.0


@compiled
def common_by_places(left: Points, i: int, m: int, right: Points, j: int, n: int, table: Places) -> tuple[int, int]:
    """Return how many letters two texts have in common near each other, and how many of these stand in another order.

    The left text's letters must be in the table.
    """
    reach = max(max(m, n) // 2 - 1, 0)
    ours, theirs = ZERO, ZERO
    common = 0
    for place in range(n):
        letter = right[j + place]
        if letter >= PLAIN or place - reach >= PLACES:
            continue
        window = ALL << np.uint64(place - reach) if place > reach else ALL
        if place + reach + 1 < PLACES:
            window &= (ONE << np.uint64(place + reach + 1)) - ONE
        free = table[letter] & window & ~ours
        if free:
            ours |= free & (~free + ONE)
            theirs |= ONE << np.uint64(place)
            common += 1
    moved, at = 0, 0
    for place in range(n):
        if theirs & (ONE << np.uint64(place)):
            while not ours & (ONE << np.uint64(at)):
                at += 1
            moved += left[i + at] != right[j + place]
            at += 1
    return common, moved


@compiled
def common_by_letters(left: Points, i: int, m: int, right: Points, j: int, n: int) -> tuple[int, int]:
    """Return the same for any letters and lengths."""
    reach = max(max(m, n) // 2 - 1, 0)
    ours, theirs = np.zeros(m, dtype=np.bool_), np.zeros(n, dtype=np.bool_)
    common = 0
    for place in range(n):
        for at in range(max(place - reach, 0), min(place + reach + 1, m)):
            if not ours[at] and left[i + at] == right[j + place]:
                ours[at] = theirs[place] = True
                common += 1
                break
    moved, at = 0, 0
    for place in range(n):
        if theirs[place]:
            while not ours[at]:
                at += 1
            moved += left[i + at] != right[j + place]
            at += 1
    return common, moved
