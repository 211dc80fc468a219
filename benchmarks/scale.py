"""The scale section: seconds and memory from a standard frame to clusters, as the records become more.

Each size runs in a process of its own: `python -m benchmarks.scale FRAME OUT_FOLDER`. Links are kept in a scratch file,
so that memory holds the frame, one piece of candidate pairs, and what clusters need.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from apps.engine.bulk import resolve_standard, standardise
from apps.engine.evaluate.measures import measure
from apps.engine.evaluate.overlap import overlap_of
from apps.engine.rules import load_company_rules
from apps.engine.standardise import digest
from benchmarks.generator.making import make
from benchmarks.generator.profiles import SOURCES
from benchmarks.given import given_from_exports
from benchmarks.memory import PeakMemory

WORKERS = 2
SAMPLE_SECONDS = 0.2
MEBIBYTE = 1024 * 1024
STAGES = ("profile", "block", "score", "cluster")
BETWEEN = "\x1f"
Result = dict[str, Any]


def measure_scale(profile: str, *, records: int, seed: int, scratch: Path) -> list[Result]:
    """Resolve one frame in a process of its own; RuntimeError where it fails."""
    folder = scratch / f"{profile}-{records}-{seed}"
    frame = standard_file(profile, records=records, seed=seed, folder=folder)
    words = [sys.executable, "-m", "benchmarks.scale", str(frame), str(folder / "out")]
    with (
        subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process,
        PeakMemory(lambda: [process.pid], every_seconds=SAMPLE_SECONDS) as memory,
    ):
        _, errors = process.communicate()
    if process.returncode:
        raise RuntimeError(f"the run ended with {process.returncode}: {errors.strip().splitlines()[-1:]}")
    found = json.loads((folder / "out" / "found.json").read_text(encoding="utf-8"))
    measures = measure(overlap_of(entities_of(frame, folder / "truth.csv"), clusters_of(folder / "out")))
    return [{"profile": profile, "seed": seed, "peak_mib": round(memory.peak_bytes / MEBIBYTE), "b3_f1": measures.b3_f1}
            | found]  # fmt: skip


def standard_file(profile: str, *, records: int, seed: int, folder: Path) -> Path:
    """Return the file of the standard frame of generated accounts; made once per state of rules and standardiser."""
    rules = load_company_rules()
    path = folder / f"standard-{rules.digest[:8]}-{digest()[:8]}.parquet"
    if not path.exists():
        make(profile, records=records, seed=seed, out=folder)
        half_done = path.with_suffix(".part")
        pq.write_table(standardise(given_from_exports(folder, SOURCES, rules), rules, workers=WORKERS), half_done)
        half_done.rename(path)
    return path


def resolve(frame: Path, out: Path) -> None:
    """Resolve the standard frame in a file; write the clusters and what the run took into the folder `out`."""
    out.mkdir(parents=True, exist_ok=True)
    resolution = resolve_standard(pq.read_table(frame), load_company_rules(), workers=WORKERS, scratch=out)
    pq.write_table(resolution.clusters, out / "clusters.parquet")
    found = {**resolution.counters, "seconds": dict(resolution.seconds)}
    (out / "found.json").write_text(json.dumps(found), encoding="utf-8")


def entities_of(frame: Path, truth: Path) -> list[str]:
    """Return the true entity of each row of the standard frame."""
    labels = pa_csv.read_csv(
        truth, convert_options=pa_csv.ConvertOptions(column_types=dict.fromkeys(LABELS, pa.string()))
    )
    rows = pq.read_table(frame, columns=["source", "source_key"])
    wanted, known = (
        pc.binary_join_element_wise(table.column("source"), table.column("source_key"), BETWEEN)
        for table in (rows, labels)
    )
    found: list[str] = labels.column("entity_id").take(pc.index_in(wanted, known)).to_pylist()
    return found


def clusters_of(out: Path) -> list[int]:
    """Return the cluster of each row."""
    clusters: list[int] = pq.read_table(out / "clusters.parquet").column("cluster").to_pylist()
    return clusters


def scale_table(results: list[Result]) -> str:
    """Return the results as a Markdown table; the factor compares with the row before of the same profile and seed."""
    titles = ["profile, records, seed", *(f"{stage}, s" for stage in STAGES), "in all, s", "factor", "records' factor"]
    titles += ["peak MiB", "pairs per record", "links", "B-cubed F1"]
    lines = [f"| {' | '.join(titles)} |", "|" + " --- |" * len(titles)]
    before: dict[tuple[str, int], Result] = {}
    for r in results:
        smaller = before.get((r["profile"], r["seed"]))
        factors = ("–", "–") if smaller is None else (
            f"{in_all(r) / in_all(smaller):.2f}", f"{r['records'] / smaller['records']:g}"
        )  # fmt: skip
        stages = " | ".join(f"{r['seconds'][stage]:.1f}" for stage in STAGES)
        lines.append(
            f"| {r['profile']}, {r['records']:,}, {r['seed']} | {stages} | {in_all(r):.1f} | {' | '.join(factors)} "
            f"| {r['peak_mib']:,} | {r['candidates'] / r['records']:.1f} | {r['links']:,} | {r['b3_f1']:.4f} |"
        )
        before[r["profile"], r["seed"]] = r
    return "\n".join(lines)


def in_all(result: Result) -> float:
    """Return the seconds of all stages."""
    return float(sum(result["seconds"].values()))


LABELS = ("source", "source_key", "entity_id")

if __name__ == "__main__":
    resolve(*map(Path, sys.argv[1:]))
