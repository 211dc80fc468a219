"""Measure the hub: `python -m benchmarks.run [engine|peers|load|scale|all] [--records N,…] [--profile …] …`.

Prints Markdown tables and writes everything to build/bench/SECTION.json. `engine` resolves and scores labelled files in
this process; `peers` has other matchers resolve the same standard frames, in a process each; `load` runs `manage.py
load` on a fresh database of its own; `scale`, which `all` leaves out, resolves larger and larger standard frames. A
part that can't run says why and the exit code is 1; the others still run.
"""

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from importlib.util import find_spec
from itertools import product
from pathlib import Path
from typing import Any

from benchmarks.generator.profiles import PROFILES

SCRATCH = Path("build") / "bench"
ENGINE_RECORDS = (100_000,)
PEERS_RECORDS = (10_000, 30_000, 100_000)
LOAD_RECORDS = (100_000, 1_000_000)
SCALE_RECORDS = (100_000, 1_000_000)
APART = {"scale"}  # sections that take too long to be part of all
SEEDS = (7,)
Result = dict[str, Any]
Part = Callable[[], list[Result]]


def say(line: str) -> None:
    """Print one line at once, so that a long measurement shows where it is."""
    print(line, flush=True)


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Return the settings; a wrong one ends with a line and exit 2."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("section", nargs="?", choices=("engine", "peers", "load", "scale", "all"), default="all")
    parser.add_argument(
        "--records", type=numbers, help="sizes, instead of 100,000 (peers: less, too; load: 1,000,000, too)"
    )
    parser.add_argument("--profile", choices=sorted(PROFILES), help="instead of both (engine), B (peers) or A (load)")
    parser.add_argument("--data", type=Path, default=os.environ.get("DATA"), help="folder of public sets, or DATA=")
    parser.add_argument("--seeds", "--seed", type=numbers, default=SEEDS, help="the generator's, with commas between")
    settings = parser.parse_args(arguments)
    if settings.records is not None and min(settings.records) <= 0:
        parser.error("--records must be positive")
    if settings.data is not None:
        settings.data = Path(settings.data)
        if not settings.data.is_dir():
            parser.error(f"--data: {settings.data} is not a folder")
    return settings


def numbers(text: str) -> tuple[int, ...]:
    """Return whole numbers with commas between; argparse turns a ValueError into a line."""
    return tuple(int(word) for word in text.split(","))


def run_engine(settings: argparse.Namespace) -> tuple[list[Result], list[str]]:
    """Measure quality on the profiles and the public sets; return results and failures."""
    try:
        from benchmarks import quality
    except ImportError as error:
        return [], [f"engine: a part of the engine isn't there yet: {error}"]
    parts: dict[str, Part] = {}
    profiles = [settings.profile] if settings.profile else sorted(PROFILES)
    for profile, records, seed in product(profiles, settings.records or ENGINE_RECORDS, settings.seeds):
        parts[f"profile {profile}, {records:,} records, seed {seed}"] = partial(
            quality.measure_profile, profile, records=records, seed=seed, scratch=SCRATCH
        )
    if settings.data is None:
        say("public sets: no folder given (--data DIR or DATA=DIR), skipped")
    else:
        parts["public sets"] = partial(quality.measure_public_sets, settings.data, SCRATCH, say)
    return run_parts(parts, quality.quality_table)


def run_peers(settings: argparse.Namespace) -> tuple[list[Result], list[str]]:
    """Measure other matchers beside the engine and draw the pictures; return results and failures."""
    missing = [name for name in ("splink", "matplotlib") if find_spec(name) is None]
    if missing:
        return [], [f"peers: {' and '.join(missing)} aren't installed; `make bench` installs the extra `bench`"]
    from benchmarks import plots
    from benchmarks.peers.measure import measure_peers, peers_table

    profile = settings.profile or "B"
    parts: dict[str, Part] = {
        f"peers on {records:,} records, seed {seed}": partial(
            measure_peers, profile, records=records, seed=seed, scratch=SCRATCH / "peers", say=say
        )
        for records, seed in product(settings.records or PEERS_RECORDS, settings.seeds)
    }
    results, failures = run_parts(parts, peers_table)
    if results:
        pictures = plots.draw_all(results, SCRATCH)
        say("drawn: " + ", ".join(map(str, pictures)))
    return results, failures


def run_load(settings: argparse.Namespace) -> tuple[list[Result], list[str]]:
    """Measure loads into a fresh database; return results and failures."""
    try:
        from benchmarks import loading
    except ImportError as error:
        return [], [f"load: a part of the hub isn't there yet: {error}"]
    parts: dict[str, Part] = {}
    for records, seed in product(settings.records or LOAD_RECORDS, settings.seeds):
        parts[f"load of {records:,}, seed {seed}"] = partial(
            loading.measure_load, settings.profile or "A", records=records, seed=seed, scratch=SCRATCH
        )
    return run_parts(parts, loading.load_table)


def run_scale(settings: argparse.Namespace) -> tuple[list[Result], list[str]]:
    """Measure the way from standard frames to clusters by size; return results and failures."""
    from benchmarks import scale

    profile = settings.profile or "B"
    parts: dict[str, Part] = {
        f"scale, {records:,} records, seed {seed}": partial(
            scale.measure_scale, profile, records=records, seed=seed, scratch=SCRATCH / "scale"
        )
        for seed, records in product(settings.seeds, sorted(settings.records or SCALE_RECORDS))
    }
    return run_parts(parts, scale.scale_table)


def run_parts(parts: dict[str, Part], table: Callable[[list[Result]], str]) -> tuple[list[Result], list[str]]:
    """Run each part, print one table of what came out; return results and failures."""
    results: list[Result] = []
    failures: list[str] = []
    for title, part in parts.items():
        try:
            results += part()
        except Exception as error:  # noqa: BLE001 - one part's failure, whatever it is, must not hide the other parts
            failures.append(f"{title}: {type(error).__name__}: {error}")
    if results:
        say(table(results))
    return results, failures


def write(section: str, results: list[Result], failures: list[str]) -> Path:
    """Write a section's results with what they were measured on; return the file."""
    SCRATCH.mkdir(parents=True, exist_ok=True)
    document = {
        "section": section,
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "results": results,
        "failures": failures,
    }
    path = SCRATCH / f"{section}.json"
    path.write_text(json.dumps(document) + "\n", encoding="utf-8")
    return path


def main(arguments: list[str] | None = None) -> int:
    """Run the sections asked for; return 1 where a part of one failed."""
    settings = parse(arguments)
    sections = {"engine": run_engine, "peers": run_peers, "load": run_load, "scale": run_scale}
    failed = False
    for section, measure in sections.items():
        if settings.section != section and (settings.section != "all" or section in APART):
            continue
        say(f"## {section}")
        results, failures = measure(settings)
        for failure in failures:
            say(f"FAILED {failure}")
        say(f"written to {write(section, results, failures)}")
        failed = failed or bool(failures)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
