"""Match keys of a whole frame: each distinct component is hashed once, combinations are mixed in NumPy.

The work is cut twice: distinct values into batches for the crew's processes, then rows into blocks that stay in the
processor's cache, for threads.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from apps.engine.block.batches import digest_batch
from apps.engine.block.hashing import FINISHER, MULTIPLIER, PLACE_MASK, hash_text
from apps.engine.bulk.crew import Crew
from apps.engine.bulk.frames import Encoded, Ints
from apps.engine.rules import KeyPart, MatchKey, RuleSet

Hashes = npt.NDArray[np.uint64]

BATCH = 8_000
"""Values in a batch."""
QUICKER = 10
"""How many values are hashed while one is standardised."""
BLOCK = 16_384
"""Rows worked on at once: a few megabytes of keys."""
LARGEST = np.iinfo(np.int64).max
NARROWEST = 8


@dataclass(frozen=True)
class Texts:
    """Hashes of the texts that a key function takes from a column's values: by code, where they start and how many.

    The last of `starts` and `counts` stands for an absent value, which gives none: its code is -1.
    """

    starts: Ints
    counts: Ints
    hashes: Hashes


@dataclass(frozen=True)
class Listed:
    """For each row of a block how many hashes it has, and the hashes row by row."""

    counts: Ints
    hashes: Hashes


def keys_column(columns: Mapping[str, Encoded], rules: RuleSet, rows: int, crew: Crew) -> pa.Array:
    """Return the `keys` column (list<int64>): each row's match keys, sorted, as `block.match_keys` gives them."""
    taken = _take_texts(columns, rules, crew)
    blocks = [slice(start, min(start + BLOCK, rows)) for start in range(0, rows, BLOCK)]
    with ThreadPoolExecutor(crew.workers, thread_name_prefix="keys") as threads:
        listed = list(threads.map(lambda block: _keys_of_block(columns, taken, rules, block), blocks))
    offsets = np.zeros(rows + 1, dtype=np.int32)
    np.cumsum(np.concatenate([_NO_COUNTS, *(part.counts for part in listed)]), out=offsets[1:])
    keys = np.concatenate([_NO_HASHES, *(part.hashes for part in listed)]).view(np.int64)
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(keys))


def _take_texts(columns: Mapping[str, Encoded], rules: RuleSet, crew: Crew) -> dict[tuple[str, str], Texts]:
    """Return what each key function takes from each part that some key has it taken from."""
    components = [component for rule in rules.keys for component in rule.of]
    wanted = dict.fromkeys((part, c.take) for c in components for part in c.parts if part in columns)
    batches = {
        (part, take): [(take, columns[part].values[at : at + BATCH]) for at in _starts(columns[part])]
        for part, take in wanted
    }
    values = sum(len(columns[part].values) for part, _ in wanted)
    found = iter(crew.run(digest_batch, [batch for some in batches.values() for batch in some], values // QUICKER))
    return {key: texts_of([next(found) for _ in some]) for key, some in batches.items()}


def _starts(column: Encoded) -> range:
    return range(0, len(column.values), BATCH)


def texts_of(batches: Sequence[tuple[bytes, bytes]]) -> Texts:
    """Return the results of `digest_batch` over a column's values, in their order, as one."""
    counts = np.frombuffer(b"".join(counts for counts, _ in batches), dtype=np.uint16).astype(np.int64)
    digests = np.frombuffer(b"".join(digests for _, digests in batches), dtype="<u8")
    ends = np.append(np.cumsum(counts), 0)
    counts = np.append(counts, 0)
    return Texts(ends - counts, counts, digests[1::2].astype(np.uint64))


def _keys_of_block(
    columns: Mapping[str, Encoded], taken: Mapping[tuple[str, str], Texts], rules: RuleSet, block: slice
) -> Listed:
    """Return the sorted distinct keys of a block of rows, as unsigned integers with the bits of the signed ones."""
    known: dict[KeyPart, Listed] = {}
    by_rule = []
    for place, rule in enumerate(rules.keys):
        for component in rule.of:
            if component not in known:
                known[component] = _of_component(columns, taken, component, block)
        by_rule.append(_of_rule([known[component] for component in rule.of], rule, place))
    return _sorted_distinct(_side_by_side(by_rule, block.stop - block.start))


def _of_component(
    columns: Mapping[str, Encoded], taken: Mapping[tuple[str, str], Texts], component: KeyPart, block: slice
) -> Listed:
    """Return the hash of each text that a component takes from the rows; a text may repeat."""
    lists = []
    for part in component.parts:
        if part in columns:
            codes, texts = columns[part].codes[block], taken[part, component.take]
            lists.append(Listed(texts.counts[codes], texts.hashes[ranges(texts.starts[codes], texts.counts[codes])]))
    return lists[0] if len(lists) == 1 else _side_by_side(lists, block.stop - block.start)


def _of_rule(components: Sequence[Listed], rule: MatchKey, place: int) -> Listed:
    """Return the keys that one rule gives the rows: each combination of one hash of each component."""
    counts, hashes = components[0].counts, components[0].hashes
    mixed = _mix(np.uint64(hash_text(rule.name)), hashes)
    for other in components[1:]:
        repeats = np.repeat(other.counts, counts)
        starts = np.repeat(np.cumsum(other.counts) - other.counts, counts)
        mixed = _mix(np.repeat(mixed, repeats), other.hashes[ranges(starts, repeats)])
        counts = counts * other.counts
    return Listed(counts, (mixed & np.uint64(~PLACE_MASK & (1 << 64) - 1)) | np.uint64(place))


def _side_by_side(lists: Sequence[Listed], rows: int) -> Listed:
    """Return the hashes of several lists, each row's together."""
    counts: Ints = np.zeros(rows, dtype=np.int64)
    for listed in lists:
        counts += listed.counts
    hashes = np.empty(int(counts.sum()), dtype=np.uint64)
    free = np.cumsum(counts) - counts
    for listed in lists:
        hashes[ranges(free, listed.counts)] = listed.hashes
        free += listed.counts
    return Listed(counts, hashes)


def _sorted_distinct(listed: Listed) -> Listed:
    """Return each row's keys sorted as signed integers, each once."""
    keys, counts = listed.hashes.view(np.int64), listed.counts
    starts = np.cumsum(counts) - counts
    width, most = NARROWEST, int(counts.max(initial=0))
    narrower = 0
    while narrower < most:
        # Rows of like length make one matrix: sorting its rows is many times faster than sorting (row, key).
        rows = np.flatnonzero((counts > narrower) & (counts <= width))
        held = np.arange(width) < counts[rows, None]
        matrix = np.full(held.shape, LARGEST, dtype=np.int64)
        where = ranges(starts[rows], counts[rows])
        matrix[held] = keys[where]
        matrix.sort(axis=1)
        keys[where] = matrix[held]
        narrower, width = width, width * 2
    owner = np.repeat(np.arange(len(counts)), counts)
    fresh = np.ones(len(keys), dtype=np.bool_)
    fresh[1:] = (owner[1:] != owner[:-1]) | (keys[1:] != keys[:-1])
    return Listed(np.bincount(owner[fresh], minlength=len(counts)), listed.hashes[fresh])


def ranges(starts: Ints, counts: Ints) -> Ints:
    """Return the concatenation of `starts[i] .. starts[i] + counts[i]` for all i."""
    ends = np.cumsum(counts)
    total = int(ends[-1]) if len(ends) else 0
    flat: Ints = np.arange(total, dtype=np.int64) + np.repeat(starts - (ends - counts), counts)
    return flat


def _mix(seed: Hashes | np.uint64, component: Hashes) -> Hashes:
    """Mix as `block.hashing.mix` does: NumPy's unsigned arithmetic wraps at 64 bits."""
    mixed: Hashes = (seed ^ component) * np.uint64(MULTIPLIER)
    mixed ^= mixed >> np.uint64(31)
    mixed *= np.uint64(FINISHER)
    mixed ^= mixed >> np.uint64(29)
    return mixed


_NO_COUNTS = np.empty(0, dtype=np.int64)
_NO_HASHES = np.empty(0, dtype=np.uint64)
