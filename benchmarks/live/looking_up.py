"""Look-ups at a steady rate: latencies by kind, counted from when each request was due.

Open loop: requests fall due at a fixed rate whatever the hub does, so a slow answer delays those behind it and is
charged with that (no coordinated omission).
"""

import statistics
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.live.asking import Ask, Line, by_example, by_gid, by_key, by_number, by_words
from benchmarks.live.exports import HeldBack
from benchmarks.live.hub import Running

RATE = 20
CONNECTIONS = 4
WARM_UP_SECONDS = 5
NOT_COMPARED = frozenset({"currency", "payment_terms"})
"""What a source says that the rule set carries along and an example must not name."""


class UnexpectedStatusError(RuntimeError):
    """A look-up was not answered with 200."""


@dataclass(frozen=True, slots=True)
class Latencies:
    """Milliseconds from due to answered, ascending."""

    kind: str
    took: tuple[float, ...]

    def at(self, share: float) -> float:
        """Return the latency that `share` of the requests kept (nearest rank)."""
        return self.took[min(len(self.took) - 1, max(0, -int(-share * len(self.took)) - 1))]

    def shown(self) -> dict[str, Any]:
        """Return the percentiles in milliseconds."""
        named = {"p50": statistics.median(self.took), "p95": self.at(0.95), "p99": self.at(0.99), "most": self.took[-1]}
        return {"kind": self.kind, "requests": len(self.took)} | {k: round(v, 2) for k, v in named.items()}


def make_asks(samples: dict[str, list[Any]], held: Sequence[HeldBack]) -> dict[str, list[Ask]]:
    """Return the requests of each kind, in an order by chance. Examples are spellings that were never loaded."""
    examples = [row.attributes for row in held if row.twin]
    return {
        "source key": [by_key(source, key) for source, key, *_ in samples["records"]],
        "governed id": [by_gid(gid) for gid in samples["customers"]],
        "identifier": [by_number(scheme, value) for scheme, value in samples["numbers"]],
        "example": [by_example({n: v for n, v in given.items() if n not in NOT_COMPARED}) for given in examples],
        "search": [by_words(text) for _, text in samples["queries"]],
    }


def look_up(running: Running, kind: str, asks: Sequence[Ask], *, seconds: float) -> tuple[Latencies, Latencies]:
    """Ask at a steady rate for `seconds`, each request once; then the same again, and return both passes' latencies.

    The first pass is cold: none of it was asked before. Raises UnexpectedStatusError for another status than 200.
    """
    count = round(seconds * RATE)
    warm_up, measured = asks[: WARM_UP_SECONDS * RATE], asks[WARM_UP_SECONDS * RATE :][:count]
    if len(measured) < count:
        raise ValueError(f"{kind}: {count} requests are needed after the warm-up, {len(measured)} were drawn")
    at_rate(running, warm_up)
    return Latencies(kind, at_rate(running, measured)), Latencies(kind, at_rate(running, measured))


def at_rate(running: Running, asks: Sequence[Ask]) -> tuple[float, ...]:
    """Send requests as they fall due, on whichever connection is free; return milliseconds, ascending."""
    took: list[float] = []
    wrong: list[str] = []
    due = _Due(asks, time.perf_counter() + 0.1)

    def work() -> None:
        line = Line(running)
        for ask, moment in due:
            time.sleep(max(0.0, moment - time.perf_counter()))
            status = line.send(ask).status
            took.append((time.perf_counter() - moment) * 1000)
            if status != 200:
                wrong.append(f"{status} for {ask.method} {ask.path}")
        line.close()

    run_together([work] * CONNECTIONS)
    if wrong:
        raise UnexpectedStatusError(f"{len(wrong)} of {len(asks)}, the first {wrong[0]}")
    if len(took) != len(asks):
        raise UnexpectedStatusError(f"{len(asks) - len(took)} of {len(asks)} were not answered")
    return tuple(sorted(took))


class _Due:
    """Requests with the moments at which they fall due, handed out one by one to several threads."""

    def __init__(self, asks: Sequence[Ask], start: float) -> None:
        self._lock = threading.Lock()
        self._left = iter((ask, start + number / RATE) for number, ask in enumerate(asks))

    def __iter__(self) -> Iterator[tuple[Ask, float]]:
        while True:
            with self._lock:
                found = next(self._left, None)
            if found is None:
                return
            yield found


def run_together(works: Sequence[Callable[[], None]]) -> None:
    """Run each in a thread of its own and wait for all."""
    threads = [threading.Thread(target=work, daemon=True) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
