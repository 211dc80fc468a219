"""Keys that stand in a file more than once, settled before the first frame leaves.

Memory is 16 bytes a row for the hashes, plus the rows of repeated keys only.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from apps.sources.intake.blocks import RawBlock
from apps.sources.intake.errors import Outcome
from apps.sources.intake.frames import FrameBuilder

LOOKALIKE_CAP = 10_000

Blocks = Callable[[Sequence[str] | None], Iterator[RawBlock]]
Verdict = tuple[str, str, Outcome]


@dataclass(frozen=True, slots=True)
class Repeats:
    """Row number to why it is left out, and keys that look like another one."""

    left_out: dict[int, Verdict] = field(default_factory=dict)
    lookalikes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Entry:
    row: int
    line: int
    digest: bytes
    moment: int | None


def find_repeats(blocks: Blocks, builder: FrameBuilder) -> Repeats:
    """Return how repeated keys are settled: newest wins; without versions and with different content, none does."""
    exact, folded = _hashes(blocks(builder.mapping.key.columns), builder)
    repeated, lookalike = (
        _twice(exact),
        _twice(np.unique(np.stack([folded, exact]), axis=1)[0]) if len(exact) else exact,
    )
    if not len(repeated) and not len(lookalike):
        return Repeats()
    entries: dict[str, list[_Entry]] = defaultdict(list)
    close: set[str] = set()
    for block in blocks(None):
        keys, good = builder.keys(block)
        key_hash, fold_hash = _hash_keys(builder.engine, keys)
        if len(close) < LOOKALIKE_CAP:
            close.update(keys.filter(pa.array(good & np.isin(fold_hash, lookalike))).to_pylist())
        wanted = good & np.isin(key_hash, repeated)
        if wanted.any():
            _gather(entries, builder, _only(block, wanted))
    left_out: dict[int, Verdict] = {}
    for group in entries.values():
        if len(group) > 1:
            left_out.update(_settle(group))
    return Repeats(left_out, frozenset(close))


def _hashes(blocks: Iterator[RawBlock], builder: FrameBuilder) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]]:
    exact: list[npt.NDArray[np.uint64]] = [np.zeros(0, np.uint64)]
    folded: list[npt.NDArray[np.uint64]] = [np.zeros(0, np.uint64)]
    for block in blocks:
        keys, good = builder.keys(block)
        key_hash, fold_hash = _hash_keys(builder.engine, keys)
        exact.append(key_hash[good])
        folded.append(fold_hash[good])
    return np.concatenate(exact), np.concatenate(folded)


def _hash_keys(
    engine: duckdb.DuckDBPyConnection, keys: pa.StringArray
) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]]:
    engine.register("keys", pa.table({"key": keys}))
    query = (
        r"SELECT hash(key) AS exact, hash(ltrim(regexp_replace(lower(key), '\s', '', 'g'), '0')) AS folded FROM keys"
    )
    made = engine.execute(query).fetchnumpy()
    engine.unregister("keys")
    return made["exact"].astype(np.uint64), made["folded"].astype(np.uint64)


def _twice(hashes: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    ordered = np.sort(hashes)
    return np.unique(ordered[1:][ordered[1:] == ordered[:-1]])


def _only(block: RawBlock, wanted: npt.NDArray[np.bool_]) -> RawBlock:
    mask = pa.array(wanted)
    raw = None if block.raw is None else block.raw.filter(mask)
    content = None if block.content is None else block.content.filter(mask)
    table = block.table.filter(mask)
    rows, lines = block.rows[wanted], block.lines[wanted]
    return RawBlock(block.first_row, block.next_row, rows, lines, table, raw, [], block.is_checked, content)


def _gather(entries: dict[str, list[_Entry]], builder: FrameBuilder, block: RawBlock) -> None:
    row_of = dict(zip(block.lines.tolist(), block.rows.tolist(), strict=True))
    rows = builder.frame(block).rows
    moments = rows["modified_at"].cast(pa.int64()).to_pylist()
    columns = (rows["source_key"].to_pylist(), rows["line"].to_pylist(), rows["digest"].to_pylist(), moments)
    for key, line, digest, moment in zip(*columns, strict=True):
        entries[key].append(_Entry(row_of[line], line, digest, moment))


def _settle(group: list[_Entry]) -> dict[int, Verdict]:
    """Return the rows of one key that are left out, each with its reason."""
    first_line = {entry.digest: entry.line for entry in reversed(group)}
    left: dict[int, Verdict] = {}
    distinct: list[_Entry] = []
    for entry in group:
        if entry.line == first_line[entry.digest]:
            distinct.append(entry)
        else:
            words = f"line {first_line[entry.digest]} holds the same row"
            left[entry.row] = ("repeated_row", words, Outcome.SUPERSEDED)
    if len(distinct) == 1:
        return left
    newest = max((entry.moment for entry in distinct if entry.moment is not None), default=None)
    winners = [entry for entry in distinct if entry.moment == newest]
    if newest is None or len(winners) > 1 or any(entry.moment is None for entry in distinct):
        lines = ", ".join(str(entry.line) for entry in distinct[:10])
        words = f"lines {lines} give one key different content, and no moment of change says which is newer"
        left.update({entry.row: ("key_conflict", words, Outcome.QUARANTINED) for entry in group})
        return left
    for entry in distinct:
        if entry is not winners[0]:
            words = f"line {winners[0].line} holds a newer row of this key"
            left[entry.row] = ("superseded_in_file", words, Outcome.SUPERSEDED)
    return left
