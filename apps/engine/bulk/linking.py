"""Links of a standard frame, found piece by piece: no more than one piece of candidate pairs is there at a time."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa

from apps.engine.bulk.blocking import MOST_PAIRS, candidate_pieces
from apps.engine.bulk.frames import LINKS_SCHEMA, records_of
from apps.engine.bulk.scoring import Scorer
from apps.engine.rules import RuleSet
from apps.engine.statistics import Statistics


@dataclass(frozen=True)
class Linked:
    """The links frame of all candidate pairs, how many these were, and the seconds that each stage took."""

    links: pa.Table
    candidates: int
    block_seconds: float
    score_seconds: float


def find_links(
    standard: pa.Table,
    rules: RuleSet,
    statistics: Statistics,
    scorer: Scorer,
    *,
    scratch: Path | None = None,
    most_pairs: int = MOST_PAIRS,
    workers: int = 2,
) -> Linked:
    """Return the links of the frame's candidate pairs, as `score` over `candidates` does.

    The pairs are made and scored about `most_pairs` at a time. With `scratch`, a folder, the links wait in a file
    there and are mapped into memory, page by page as they are read; no file is left in it, after an error neither.
    """
    blocked = scored = 0.0
    candidates = 0
    with _links_store(scratch) as store:
        pieces = candidate_pieces(standard, rules, statistics, most_pairs=most_pairs, workers=workers)
        while True:
            started = time.perf_counter()
            piece = next(pieces, None)
            made = time.perf_counter()
            blocked += made - started
            if piece is None:
                break
            candidates += len(piece[0])
            store.add(scorer.links(*piece))
            scored += time.perf_counter() - made
        started = time.perf_counter()
        links = store.read()
        if not _ascends(standard):
            links = links.sort_by([("left", "ascending"), ("right", "ascending")])
        scored += time.perf_counter() - started
    return Linked(links, candidates, blocked, scored)


def _ascends(standard: pa.Table) -> bool:
    """Say whether record ids ascend with the rows, so that pairs in the order of rows are in the order of records."""
    return bool((np.diff(records_of(standard)) > 0).all())


class _Kept:
    """Links kept in memory."""

    def __init__(self) -> None:
        self._tables = [LINKS_SCHEMA.empty_table()]

    def add(self, links: pa.Table) -> None:
        self._tables.append(links)

    def read(self) -> pa.Table:
        return pa.concat_tables(self._tables)


class _Spilled:
    """Links written to a file as they come."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer = pa.ipc.new_file(str(path), LINKS_SCHEMA)

    def add(self, links: pa.Table) -> None:
        self._writer.write_table(links)

    def read(self) -> pa.Table:
        """Return all links; the mapping outlives the file's name."""
        self._writer.close()
        return pa.ipc.open_file(pa.memory_map(str(self._path))).read_all()


@contextmanager
def _links_store(scratch: Path | None) -> Iterator[_Kept | _Spilled]:
    if scratch is None:
        yield _Kept()
        return
    scratch.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="links-", dir=scratch) as folder:
        yield _Spilled(Path(folder) / "links.arrow")
