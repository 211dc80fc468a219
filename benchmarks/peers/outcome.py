"""What a contender hands back, and the files by which its process tells the one that measures it."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

WORKERS = 2
KEPT_BITS = -6.0  # weakest pair that is handed back, so that its curve can be drawn


@dataclass
class Outcome:
    """`clusters`: `record`, `cluster`; `pairs`: `left`, `right` (record ids), `bits`; `seconds` by stage."""

    clusters: pa.Table
    pairs: pa.Table
    seconds: dict[str, float]

    def write(self, folder: Path) -> None:
        """Write the three into `folder`."""
        folder.mkdir(parents=True, exist_ok=True)
        pq.write_table(self.clusters, folder / "clusters.parquet")
        pq.write_table(self.pairs, folder / "pairs.parquet")
        (folder / "seconds.json").write_text(json.dumps(self.seconds), encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> "Outcome":
        """Return what `write` put into `folder`."""
        clusters, pairs = (pq.read_table(folder / f"{name}.parquet") for name in ("clusters", "pairs"))
        return cls(clusters, pairs, json.loads((folder / "seconds.json").read_text(encoding="utf-8")))


@dataclass
class Stopwatch:
    """Adds up the seconds of named stages."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count the time inside the `with` block towards `name`."""
        started = time.perf_counter()
        yield
        self.seconds[name] = round(self.seconds.get(name, 0.0) + time.perf_counter() - started, 3)
