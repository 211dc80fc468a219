"""Match on Spark and in this machine's own engine, and compare: `python -m benchmarks.spark [--records N]`.

Sets: the samples in the repository and both profiles of the generator. Each run is a process of its own, from start to
written links. Prints a Markdown table; exit code 1 where links or statistics differ.
"""

import argparse
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from apps.engine import bulk
from apps.engine.bulk.frames import LINKS_SCHEMA
from apps.engine.rules import load_company_rules
from benchmarks.generator.making import make
from benchmarks.generator.profiles import PROFILES, SOURCES
from benchmarks.given import given_from_exports
from benchmarks.memory import PeakMemory

ROOT = Path(__file__).resolve().parents[1]
SCRATCH = ROOT / "build" / "bench" / "spark"
SAMPLES = ROOT / "samples" / "us_listed"


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Return the settings; a wrong one ends with a line and exit 2."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.spark", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--records", type=int, default=10_000, help="of each profile")
    parser.add_argument("--profile", choices=sorted(PROFILES), help="one profile only, and no samples")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--master", default="local[2]")
    parser.add_argument("--local", type=Path, nargs=2, metavar=("GIVEN", "FOLDER"), help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Run every set on both engines; return 1 where they differ."""
    settings = parse(arguments)
    if settings.local:
        find_links_locally(*settings.local)
        return 0
    sets = {} if settings.profile else {"samples": SAMPLES}
    for profile in [settings.profile] if settings.profile else sorted(PROFILES):
        sets[f"profile {profile}"] = SCRATCH / f"{profile}-{settings.records}-{settings.seed}"
        make(profile, records=settings.records, seed=settings.seed, out=sets[f"profile {profile}"])
    print("| set | records | engine | links | seconds | peak MiB | same |", "|" + " --- |" * 7, sep="\n", flush=True)
    verdicts = [compare(title, folder, settings.master) for title, folder in sets.items()]
    return int(not all(verdicts))


def compare(title: str, folder: Path, master: str) -> bool:
    """Run one set on both engines and print a line for each; tell whether links and statistics are equal."""
    scratch = SCRATCH / "runs" / title.replace(" ", "-")
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    given = scratch / "given.parquet"
    frame = given_from_exports(folder, SOURCES, load_company_rules())
    pq.write_table(frame, given)
    local, distributed = scratch / "local", scratch / "distributed"
    for place in (local, distributed):
        place.mkdir()
    ours = measure(["benchmarks.spark", "--local", str(given), str(local)])
    options = ["--master", master, "--keep-statistics", str(distributed / "statistics")]
    theirs = measure(["apps.engine.spark", str(given), str(distributed / "links"), *options])
    links, found = read_links(local / "links"), read_links(distributed / "links")
    same = links.equals(found) and (local / "statistics").read_bytes() == (distributed / "statistics").read_bytes()
    start = f"| {title} | {frame.num_rows:,} |"
    print(f"{start} local | {links.num_rows:,} | {ours} | |")
    print(f"{start} Spark, {master} | {found.num_rows:,} | {theirs} | {'yes' if same else 'NO'} |", flush=True)
    return same


def find_links_locally(given: Path, folder: Path) -> None:
    """Write the links and the statistics of a given frame, found by the local engine."""
    rules = load_company_rules()
    standard = bulk.standardise(pq.read_table(given), rules, workers=2)
    statistics = bulk.profile(standard, rules)
    left, right = bulk.candidates(standard, rules, statistics)
    pq.write_table(bulk.score(standard, left, right, rules, statistics, workers=2), folder / "links")
    (folder / "statistics").write_bytes(statistics.to_bytes())


def measure(command: list[str]) -> str:
    """Run a module to its end; return its seconds and its processes' peak MiB as cells; raise where it fails."""
    log = SCRATCH / "last.log"
    started = time.perf_counter()
    with log.open("w") as file, subprocess.Popen([sys.executable, "-m", *command], stderr=file, cwd=ROOT) as process:
        with PeakMemory(lambda: [process.pid]) as memory:
            code = process.wait()
        seconds = time.perf_counter() - started
    if code:
        raise SystemExit(f"{command[0]} ended with {code}:\n{log.read_text()}")
    return f"{seconds:.1f} | {memory.peak_bytes / 2**20:,.0f}"


def read_links(path: Path) -> pa.Table:
    """Return a written links frame, sorted."""
    return pq.read_table(path).cast(LINKS_SCHEMA).sort_by([("left", "ascending"), ("right", "ascending")])


if __name__ == "__main__":
    sys.exit(main())
