"""Match keys of a whole frame: each distinct component is hashed once, combinations are mixed in NumPy."""

from collections.abc import Mapping
from itertools import chain

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from apps.engine.block.functions import KEY_FUNCTIONS
from apps.engine.block.hashing import FINISHER, MULTIPLIER, PLACE_MASK, hash_text
from apps.engine.bulk.frames import ABSENT, Encoded, Ints
from apps.engine.rules import KeyPart, MatchKey, RuleSet

Hashes = npt.NDArray[np.uint64]


def keys_column(columns: Mapping[str, Encoded], rules: RuleSet, rows: int) -> pa.Array:
    """Return the `keys` column (list<int64>): each row's match keys, sorted, as `block.match_keys` gives them."""
    owners, keys = [], []
    taken = _Taken(columns)
    for place, rule in enumerate(rules.keys):
        owner, key = _keys_of_rule(taken, rule, place)
        owners.append(owner)
        keys.append(key)
    owner, key = np.concatenate(owners), np.concatenate(keys)
    order = np.lexsort((key, owner))
    owner, key = owner[order], key[order]
    fresh = np.ones(len(key), dtype=bool)
    fresh[1:] = (owner[1:] != owner[:-1]) | (key[1:] != key[:-1])
    owner, key = owner[fresh], key[fresh]
    offsets = np.zeros(rows + 1, dtype=np.int64)
    np.cumsum(np.bincount(owner, minlength=rows), out=offsets[1:])
    return pa.ListArray.from_arrays(pa.array(offsets.astype(np.int32)), pa.array(key))


def _keys_of_rule(taken: "_Taken", rule: MatchKey, place: int) -> tuple[Ints, Ints]:
    """Return the rows and the keys that one rule gives them; a row may repeat."""
    owner: Ints | None = None
    mixed: Hashes = np.empty(0, dtype=np.uint64)
    for component in rule.of:
        rows, hashes = taken.of_component(component)
        if owner is None:
            owner, mixed = rows, _mix(np.full(len(rows), hash_text(rule.name), dtype=np.uint64), hashes)
            continue
        here, there = _pair_up(owner, rows)
        owner, mixed = owner[here], _mix(mixed[here], hashes[there])
    if owner is None:
        owner = np.empty(0, dtype=np.int64)
    finished = (mixed & np.uint64(~PLACE_MASK & (1 << 64) - 1)) | np.uint64(place)
    return owner, finished.view(np.int64)


class _Taken:
    """What key functions take from a frame's columns, hashed; each part and function is worked out once."""

    def __init__(self, columns: Mapping[str, Encoded]) -> None:
        self._columns = columns
        self._taken: dict[tuple[str, str], tuple[Ints, Ints, Hashes]] = {}

    def of_component(self, component: KeyPart) -> tuple[Ints, Hashes]:
        """Return rows, ascending, and the hash of each text that the component takes from them."""
        rows, hashes = [np.empty(0, dtype=np.int64)], [np.empty(0, dtype=np.uint64)]
        for part in component.parts:
            if part not in self._columns or not self._columns[part].values:
                continue
            starts, counts, flat = self._of_part(part, component.take)
            codes = self._columns[part].codes
            held = np.flatnonzero(codes != ABSENT)
            rows.append(np.repeat(held, counts[codes[held]]))
            hashes.append(flat[ranges(starts[codes[held]], counts[codes[held]])])
        row, text = np.concatenate(rows), np.concatenate(hashes)
        if len(rows) > 2:
            order = np.argsort(row, kind="stable")
            row, text = row[order], text[order]
        return row, text

    def _of_part(self, part: str, take: str) -> tuple[Ints, Ints, Hashes]:
        if (part, take) not in self._taken:
            texts = list(map(KEY_FUNCTIONS[take], self._columns[part].values))
            counts = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))
            hashes = hash_texts(pa.array(chain.from_iterable(texts), type=pa.string(), size=int(counts.sum())))
            self._taken[part, take] = np.cumsum(counts) - counts, counts, hashes
        return self._taken[part, take]


def hash_texts(texts: pa.Array) -> Hashes:
    """Return `block.hashing.hash_text` of each text, computed by DuckDB."""
    if not len(texts):
        return np.empty(0, dtype=np.uint64)
    with duckdb.connect() as connection:
        connection.execute("SET threads = 2; SET preserve_insertion_order = true")
        connection.register("given", pa.table({"text": texts}))
        found = connection.execute("SELECT md5_number_lower(text) AS hash FROM given").fetchnumpy()["hash"]
    return np.asarray(found, dtype=np.uint64)


def ranges(starts: Ints, counts: Ints) -> Ints:
    """Return the concatenation of `starts[i] .. starts[i] + counts[i]` for all i."""
    ends = np.cumsum(counts)
    total = int(ends[-1]) if len(ends) else 0
    flat: Ints = np.arange(total, dtype=np.int64) + np.repeat(starts - (ends - counts), counts)
    return flat


def _pair_up(left: Ints, right: Ints) -> tuple[Ints, Ints]:
    """Return index pairs where two ascending arrays hold the same row: the join of both on the row."""
    first = np.searchsorted(right, left, side="left")
    counts = np.searchsorted(right, left, side="right") - first
    return np.repeat(np.arange(len(left)), counts), ranges(first, counts)


def _mix(seed: Hashes, component: Hashes) -> Hashes:
    """Mix as `block.hashing.mix` does: NumPy's unsigned arithmetic wraps at 64 bits."""
    mixed = (seed ^ component) * np.uint64(MULTIPLIER)
    mixed ^= mixed >> np.uint64(31)
    mixed *= np.uint64(FINISHER)
    mixed ^= mixed >> np.uint64(29)
    return mixed
