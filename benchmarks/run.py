"""Measure the hub: `python -m benchmarks.run [engine|load|all] [--records N] [--profile A|B] [--data DIR]`.

Prints Markdown tables and writes everything to build/bench/SECTION.json. `engine` resolves and scores labelled files in
this process; `load` runs `manage.py load` on a fresh database of its own. A part that can't run says why and the exit
code is 1; the others still run.
"""

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.generator.profiles import PROFILES

SCRATCH = Path("build") / "bench"
ENGINE_RECORDS = 100_000
LOAD_RECORDS = (100_000, 1_000_000)
SEED = 7
Result = dict[str, Any]
Part = Callable[[], list[Result]]


def say(line: str) -> None:
    """Print one line at once, so that a long measurement shows where it is."""
    print(line, flush=True)


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Return the settings; a wrong one ends with a line and exit 2."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("section", nargs="?", choices=("engine", "load", "all"), default="all")
    parser.add_argument("--records", type=int, help="instead of 100,000 (engine) and 100,000 and 1,000,000 (load)")
    parser.add_argument("--profile", choices=sorted(PROFILES), help="one profile instead of both (load: A)")
    parser.add_argument("--data", type=Path, default=os.environ.get("DATA"), help="folder of public sets, or DATA=")
    parser.add_argument("--seed", type=int, default=SEED)
    settings = parser.parse_args(arguments)
    if settings.records is not None and settings.records <= 0:
        parser.error("--records must be positive")
    if settings.data is not None:
        settings.data = Path(settings.data)
        if not settings.data.is_dir():
            parser.error(f"--data: {settings.data} is not a folder")
    return settings


def run_engine(settings: argparse.Namespace) -> tuple[list[Result], list[str]]:
    """Measure quality on the profiles and the public sets; return results and failures."""
    try:
        from benchmarks import quality
    except ImportError as error:
        return [], [f"engine: a part of the engine isn't there yet: {error}"]
    parts: dict[str, Part] = {}
    for profile in [settings.profile] if settings.profile else sorted(PROFILES):
        parts[f"profile {profile}"] = partial(
            quality.measure_profile,
            profile,
            records=settings.records or ENGINE_RECORDS,
            seed=settings.seed,
            scratch=SCRATCH,
        )
    if settings.data is None:
        say("public sets: no folder given (--data DIR or DATA=DIR), skipped")
    else:
        parts["public sets"] = partial(quality.measure_public_sets, settings.data, SCRATCH, say)
    return run_parts(parts, quality.quality_table)


def run_load(settings: argparse.Namespace) -> tuple[list[Result], list[str]]:
    """Measure loads into a fresh database; return results and failures."""
    try:
        from benchmarks import loading
    except ImportError as error:
        return [], [f"load: a part of the hub isn't there yet: {error}"]
    parts: dict[str, Part] = {}
    for records in [settings.records] if settings.records else LOAD_RECORDS:
        parts[f"load of {records:,}"] = partial(
            loading.measure_load, settings.profile or "A", records=records, seed=settings.seed, scratch=SCRATCH
        )
    return run_parts(parts, loading.load_table)


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
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    return path


def main(arguments: list[str] | None = None) -> int:
    """Run the sections asked for; return 1 where a part of one failed."""
    settings = parse(arguments)
    sections = {"engine": run_engine, "load": run_load}
    failed = False
    for section, measure in sections.items():
        if settings.section not in {section, "all"}:
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
