"""python -m benchmarks.generator --profile A --records 100000 --seed 7 --out DIR: make files that can be scored."""

import argparse
import sys
import time
from pathlib import Path

from benchmarks.generator.making import make
from benchmarks.generator.profiles import PROFILES, rates_table


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Return the command line's settings; a wrong one ends with a line and exit 2."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.generator", description=__doc__)
    parser.add_argument("--profile", choices=sorted(PROFILES), default="A")
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--workers", type=int, help="processes; the files don't depend on it")
    parser.add_argument("--rates", action="store_true", help="print every rate of both profiles and stop")
    settings = parser.parse_args(arguments)
    if not settings.rates and settings.out is None:
        parser.error("--out names the folder to write into")
    if settings.records <= 0:
        parser.error("--records must be positive")
    return settings


def main() -> None:
    """Make the files and say what they are."""
    settings = parse()
    if settings.rates:
        sys.stdout.write(rates_table() + "\n")
        return
    started = time.perf_counter()
    made = make(
        settings.profile, records=settings.records, seed=settings.seed, out=settings.out, workers=settings.workers
    )
    seconds = time.perf_counter() - started
    per_source = ", ".join(f"{source} {number:,}" for source, number in made.records.items())
    total = sum(made.records.values())
    sys.stdout.write(f"{total:,} records ({per_source}) of {made.entities:,} companies in {seconds:.1f} s\n")


if __name__ == "__main__":
    main()
