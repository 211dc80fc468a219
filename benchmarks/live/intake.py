"""Live intake: records per CPU second of the web server and PostgreSQL together, history and outbox included."""

import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

from benchmarks.live.asking import Line, push
from benchmarks.live.exports import HeldBack
from benchmarks.live.hub import Running, cpu_seconds

WARM_UP = 60
SINGLE = 600
BATCH = 100
BATCHES = 24
MODIFIED_AT = "2026-01-01T00:00:00Z"

Push = dict[str, Any]


class IntakeRefusedError(RuntimeError):
    """A push was not answered with 200."""


def make_pushes(samples: dict[str, list[Any]], held: Sequence[HeldBack], count: int) -> list[Push]:
    """Return pushes, a third each: new companies, other spellings of known ones, and changes of loaded records.

    Raises ValueError where too few were held back.
    """
    apart = [_new(row) for row in held if row.twin is None]
    spellings = [_new(row) for row in held if row.twin is not None]
    changes = [_changed(row, number) for number, row in enumerate(samples["records"])]
    if min(len(apart), len(spellings), len(changes)) * 3 < count:
        raise ValueError(f"too few records for {count}: {len(apart)}, {len(spellings)}, {len(changes)}")
    return [kind[at // 3] for at in range(count) for kind in ([apart, spellings, changes][at % 3],)]


def _new(row: HeldBack) -> Push:
    return {"source": row.source, "key": row.key, "attributes": row.attributes, "modified_at": MODIFIED_AT}


def _changed(row: Sequence[Any], number: int) -> Push:
    """Return a loaded record with another phone; every third one with another street, too, which moves match keys."""
    source, key, given, _ = row
    attributes = given | {"phone": f"+46 8 {5_000_000 + number * 7919 % 4_999_999}"}
    if number % 3 == 0:
        attributes |= {"street": f"Kungsgatan {number % 97 + 1}"}
    return {"source": source, "key": key, "attributes": attributes, "modified_at": MODIFIED_AT}


def take_in(running: Running, pushes: Sequence[Push], *, together: int) -> dict[str, Any]:
    """Push records on one connection, so many in one transaction, and return what it cost.

    Raises IntakeRefusedError for another status than 200.
    """
    line = Line(running)
    outcomes: Counter[str] = Counter()
    changes: Counter[str] = Counter()
    took: list[float] = []
    web, postgres = cpu_seconds(running.web_pids()), cpu_seconds(running.postgres_pids())
    started = time.perf_counter()
    for at in range(0, len(pushes), together):
        began = time.perf_counter()
        answered = line.send(push(list(pushes[at : at + together])))
        took.append(time.perf_counter() - began)
        if answered.status != 200:
            raise IntakeRefusedError(f"{answered.status}: {answered.document}")
        for item in answered.document["items"]:
            outcomes[item["outcome"]] += 1
            changes.update(item["changes"])
    seconds = time.perf_counter() - started
    line.close()
    web = cpu_seconds(running.web_pids()) - web
    postgres = cpu_seconds(running.postgres_pids()) - postgres
    took.sort()
    return {
        "together": together,
        "records": len(pushes),
        "outcomes": dict(outcomes),
        "changes": dict(changes),
        "seconds": round(seconds, 2),
        "web_cpu": round(web, 2),
        "postgres_cpu": round(postgres, 2),
        "per_cpu_second": round(len(pushes) / (web + postgres), 1),
        "p50": round(took[len(took) // 2] * 1000, 1),
        "p95": round(took[int(len(took) * 0.95)] * 1000, 1),
    }
