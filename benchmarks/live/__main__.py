"""Measure the running hub: `python -m benchmarks.live [lookups|intake|crowd|all] [--records N,…] [--seconds S]`.

Loads so many generated records into an embedded hub of its own (once per size, kept under build/bench), starts its web
server as `make up` does, and drives it over HTTP on loopback. Prints tables and writes build/bench/live.json. The exit
code is 1 where a target is missed or a status came that the API doesn't document.
"""

import argparse
import json
import os
import sys
from typing import Any

from benchmarks.live import report
from benchmarks.live.crowding import Crowd, crowd
from benchmarks.live.exports import read_held_back
from benchmarks.live.hub import SAMPLES, Hub, Running, ensure_hub, running
from benchmarks.live.intake import BATCH, BATCHES, SINGLE, WARM_UP, make_pushes, take_in
from benchmarks.live.looking_up import look_up, make_asks
from benchmarks.live.samples import read_samples
from benchmarks.run import SCRATCH, say

RECORDS = (100_000, 1_000_000)
SECONDS = 60.0
SECTIONS = ("lookups", "intake", "crowd")
CROWD_PUSHES = 3_000


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Return the settings; a wrong one ends with a line and exit 2."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.live", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("section", nargs="?", choices=(*SECTIONS, "all"), default="all")
    parser.add_argument("--records", type=lambda text: tuple(map(int, text.split(","))), default=RECORDS)
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of each kind of look-up, and of the crowd")
    parser.add_argument("--kinds", type=lambda text: text.split(","), help="of look-ups, with commas between")
    return parser.parse_args(arguments)


def measure(hub: Hub, settings: argparse.Namespace) -> dict[str, Any]:
    """Run the sections asked for on one hub and return their figures."""
    samples, held = read_samples(hub.folder / SAMPLES), read_held_back(hub.folder)
    sections = SECTIONS if settings.section == "all" else (settings.section,)
    result: dict[str, Any] = {"records": hub.records, "load": hub.load, "load_average": os.getloadavg()[0]}
    pushes = make_pushes(samples, held, WARM_UP + SINGLE + BATCH * (BATCHES + 1))
    with running(hub) as live:
        if "lookups" in sections:
            result["lookups"] = measure_look_ups(live, samples, held, settings)
        if "intake" in sections:
            result["intake"] = measure_intake(live, pushes)
    if "crowd" in sections:
        with running(hub) as live:
            work = Crowd(live, samples, held, pushes[:CROWD_PUSHES])
            result["crowd"] = crowd(work, seconds=settings.seconds)
    return result


def measure_look_ups(
    live: Running, samples: dict[str, list[Any]], held: list[Any], settings: argparse.Namespace
) -> list[dict[str, Any]]:
    """Return the latencies of each kind, first asked and asked again."""
    rows = []
    for kind, asks in make_asks(samples, held).items():
        if settings.kinds and kind not in settings.kinds:
            continue
        cold, warm = look_up(live, kind, asks, seconds=settings.seconds)
        rows.append({"cold": cold.shown(), "warm": warm.shown()})
        say(f"  {kind}: cold {cold.shown()}, warm {warm.shown()}")
    return rows


def measure_intake(live: Running, pushes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what single records and batches cost, after a warm-up of both."""
    first = WARM_UP + SINGLE
    take_in(live, pushes[:WARM_UP], together=1)
    single = take_in(live, pushes[WARM_UP:first], together=1)
    say(f"  {single}")
    take_in(live, pushes[first : first + BATCH], together=BATCH)
    batches = take_in(live, pushes[first + BATCH :], together=BATCH)
    say(f"  {batches}")
    return [single, batches]


def main(arguments: list[str] | None = None) -> int:
    """Measure each size, print the tables and write everything down."""
    settings = parse(arguments)
    SCRATCH.mkdir(parents=True, exist_ok=True)
    results = []
    for records in settings.records:
        say(f"{records:,} records")
        results.append(measure(ensure_hub(SCRATCH, records=records), settings))
        (SCRATCH / "live.json").write_text(json.dumps(results, indent=1), encoding="utf-8")
    say(report.tables(results))
    misses = report.misses(results)
    for miss in misses:
        say(f"missed: {miss}")
    return int(bool(misses))


if __name__ == "__main__":
    sys.exit(main())
