"""How long one record takes to be scored against its candidates, as a live look-up does it.

    python -m benchmarks.live_scoring [--records 10000] [--profile A] [--seed 11]

Generated accounts are standardised and profiled; then records taken at random are scored, each against 50 others:
those that share match keys with it, then those that share some with these, and so on. Prints one line: the median and
the 95th percentile in milliseconds.
"""

import argparse
import random
import time
from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory

from apps.engine import bulk
from apps.engine.rules import load_company_rules
from apps.engine.score import score_many
from benchmarks.generator.making import make
from benchmarks.generator.profiles import PROFILES, SOURCES
from benchmarks.given import given_from_exports

CANDIDATES = 50
ASKED = 500
AIM = 3.0
"""Milliseconds that the median stays under."""


def measure_live_scoring(records: int, profile: str, seed: int) -> list[float]:
    """Return the milliseconds that each of `ASKED` records took against its `CANDIDATES` candidates."""
    rules = load_company_rules()
    with TemporaryDirectory() as folder:
        make(profile, records=records, seed=seed, out=Path(folder))
        standard = bulk.standardise(given_from_exports(Path(folder), SOURCES, rules), rules)
    statistics = bulk.profile(standard, rules)
    around = _neighbours(*(side.tolist() for side in bulk.candidates(standard, rules, statistics)))
    names = [name for name in standard.column_names if "." in name]
    parts = [{n: v for n, v in row.items() if v is not None} for row in standard.select(names).to_pylist()]
    took: list[float] = []
    for row in random.Random(seed).sample(sorted(around), len(around)):
        chosen = [parts[other] for other in _nearest(around, row)]
        if len(chosen) < CANDIDATES or len(took) == ASKED:
            continue
        started = time.perf_counter()
        score_many(parts[row], chosen, rules, statistics)
        took.append((time.perf_counter() - started) * 1000)
    return took


def _neighbours(left: list[int], right: list[int]) -> dict[int, list[int]]:
    around: dict[int, list[int]] = defaultdict(list)
    for a, b in zip(left, right, strict=True):
        around[a].append(b)
        around[b].append(a)
    return around


def _nearest(around: Mapping[int, Sequence[int]], row: int) -> list[int]:
    """Return a record's candidates, then theirs, and so on, up to `CANDIDATES`."""
    found = {row: None}
    queue = deque([row])
    while queue and len(found) <= CANDIDATES:
        ring = around[queue.popleft()]
        queue += [other for other in ring if other not in found]
        found |= dict.fromkeys(ring)
    return list(found)[1 : CANDIDATES + 1]


def main(arguments: list[str] | None = None) -> int:
    """Print the figures; return 1 where the median is over the aim."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.live_scoring", description=(__doc__ or "")[:70])
    parser.add_argument("--records", type=int, default=10_000)
    parser.add_argument("--profile", choices=sorted(PROFILES), default="A")
    parser.add_argument("--seed", type=int, default=11)
    settings = parser.parse_args(arguments)
    took = measure_live_scoring(settings.records, settings.profile, settings.seed)
    middle, late = median(took), quantiles(took, n=20)[-1]
    print(
        f"{len(took)} records against {CANDIDATES} candidates each: median {middle:.2f} ms,"
        f" 95th percentile {late:.2f} ms (aim: median under {AIM} ms)"
    )
    return int(middle >= AIM)


if __name__ == "__main__":
    raise SystemExit(main())
