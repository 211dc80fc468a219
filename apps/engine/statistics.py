"""How often words, values and keys occur, frozen together with a rule set version.

Law of this module: statistics never change after they were made. Scores depend on them, so if they moved with every
record, the order of arrival would decide who is whose twin.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

import pyarrow as pa

_HOT_KEYS = "\x00keys"
_HEADER = b"mdmhub.statistics"


@lru_cache(maxsize=65536)
def rarity(records: int, count: int) -> int:
    """Return the millibits of surprise, `1000 * log2(records / count)`, in meeting a value that `count` records hold.

    Never below 0. One function serves the row and the bulk code, because two libraries' logarithms may differ in the
    last bit.
    """
    if count >= records:
        return 0
    return round(1000 * math.log2(records / count))


@dataclass(frozen=True)
class Statistics:
    """Frequencies in `records` standard records.

    `counts` holds, per space (a part's name, or a comparison's own name for a value made of several parts), how many
    records or different names hold a value; only values counted at least twice are kept and an unseen value counts as
    seen once. `hot_keys` holds the match keys that more records carry than their cap, or the budget of pairs, allows.
    """

    records: int
    rules_digest: str
    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    hot_keys: Mapping[int, int] = field(default_factory=dict)
    worked_out: dict[tuple[str, ...], int] = field(default_factory=dict, init=False, repr=False, compare=False)
    """What comparers worked out from the counts, by their own names for it: it holds as long as these do."""

    def count(self, space: str, value: str) -> int:
        """Return how often `value` was seen in `space`, at least 1."""
        return self.counts.get(space, {}).get(value, 1)

    def rarity(self, space: str, value: str) -> int:
        """Return the millibits of surprise in meeting `value` in `space`."""
        return rarity(self.records, self.count(space, value))

    def are_hot(self, keys: Iterable[int]) -> list[bool]:
        """Say for each match key whether it is held by too many records to make pairs."""
        return [key in self.hot_keys for key in keys]

    def to_bytes(self) -> bytes:
        """Return the statistics as one compressed Arrow IPC stream, equal for equal statistics."""
        rows = [(space, value, n) for space in sorted(self.counts) for value, n in sorted(self.counts[space].items())]
        rows += [(_HOT_KEYS, str(key), n) for key, n in sorted(self.hot_keys.items())]
        spaces, values, counts = zip(*rows, strict=True) if rows else ((), (), ())
        schema = pa.schema(
            [("space", pa.string()), ("value", pa.string()), ("count", pa.int64())],
            metadata={_HEADER: f"{self.records} {self.rules_digest}".encode()},
        )
        table = pa.table([pa.array(spaces), pa.array(values), pa.array(counts)], schema=schema) if rows else None
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
            if table is not None:
                writer.write_table(table)
        return bytes(sink.getvalue())

    @classmethod
    def from_bytes(cls, content: bytes) -> "Statistics":
        """Return the statistics that `to_bytes` wrote; raise ValueError where the content is something else."""
        try:
            with pa.ipc.open_stream(content) as reader:
                table = reader.read_all()
                records, _, digest = (reader.schema.metadata or {})[_HEADER].decode().partition(" ")
        except (pa.ArrowInvalid, KeyError) as error:
            raise ValueError("These bytes hold no match statistics; profile the records again.") from error
        counts: dict[str, dict[str, int]] = {}
        columns = [table.column(name).to_pylist() for name in ("space", "value", "count")]
        for space, value, count in zip(*columns, strict=True):
            counts.setdefault(space, {})[value] = count
        hot_keys = {int(key): count for key, count in counts.pop(_HOT_KEYS, {}).items()}
        return cls(records=int(records), rules_digest=digest, counts=counts, hot_keys=hot_keys)
