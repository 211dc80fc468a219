"""What the way back to a version can't bring back: records that would not be where they were under it."""

from typing import Any, Final

from apps.golden.selectors import find_homes_before
from apps.pipeline.chunking import Chunker, Settled
from apps.rulebook.selectors import list_publications

SAMPLES: Final = 20


def list_not_as_before(version: int, settled: Settled, chunker: Chunker) -> tuple[list[dict[str, Any]], int]:
    """Return records moved since the version was last in force that it would not move back, a few, and how many.

    A decision since, a newer version of the record, or an id that went on elsewhere keeps them where they are.
    Nothing for a version that was never in force. Two queries.
    """
    runs: list[int] = []
    for publication in list_publications():
        if publication.version == version:
            break
        runs += [publication.run_id] if publication.run_id else []
    else:
        return [], 0
    homes = find_homes_before(runs) if runs else {}
    if not homes:
        return [], 0
    place = settled.place
    cluster_of = dict(zip(place["record"].to_pylist(), place["cluster"].to_pylist(), strict=True))
    elsewhere = []
    for record, home in sorted(homes.items()):
        cluster = cluster_of.get(record)
        now = None if cluster is None else chunker.fates[cluster].golden
        if now != home:
            elsewhere.append({"record": record, "golden": home, "other": now})
    return elsewhere[:SAMPLES], len(elsewhere)
