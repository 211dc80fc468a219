"""The engine section: resolve labelled files in this process and say how good and how fast the result is."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa

from apps.engine.bulk import resolve_all
from apps.engine.evaluate import evaluate
from apps.engine.rules import RuleSet, load_company_rules
from benchmarks.baseline import Labels, exact_name_baseline, read_labels
from benchmarks.generator.layouts import LAYOUTS
from benchmarks.generator.making import make
from benchmarks.generator.profiles import SOURCES
from benchmarks.given import given_from_exports, given_from_set, labels_of
from benchmarks.public_sets import PUBLIC_SETS

Say = Callable[[str], None]
Result = dict[str, Any]
WORKERS = 2


def measure_profile(profile: str, *, records: int, seed: int, scratch: Path) -> list[Result]:
    """Make `records` accounts of a profile, resolve and score them, beside the baseline of equal names."""
    folder = scratch / f"{profile}-{records}-{seed}"
    make(profile, records=records, seed=seed, out=folder)
    rules = load_company_rules()
    truth = read_labels(folder / "truth.csv", "entity_id")
    baseline = evaluate(truth, exact_name_baseline(folder, LAYOUTS[profile]))
    result = measure(f"profile {profile}", given_from_exports(folder, SOURCES, rules), truth, rules)
    return [result | {"baseline_b3_f1": round(baseline.b3_f1, 5), "seed": seed}]


def measure_public_sets(data: Path, scratch: Path, say: Say) -> list[Result]:
    """Resolve and score the public sets found in `data`; name those that are missing."""
    rules = load_company_rules()
    results = []
    for public_set in PUBLIC_SETS:
        if not (data / public_set.folder / "records.csv").exists():
            say(f"{public_set.title}: no {public_set.folder}/records.csv in {data}, skipped")
            continue
        path = public_set.records(data, scratch)
        truth = read_labels(data / public_set.folder / "truth.csv", "entity_id")
        results.append(measure(public_set.title, given_from_set(path, public_set.columns, rules), truth, rules))
    return results


def measure(title: str, given: pa.Table, truth: Labels, rules: RuleSet) -> Result:
    """Resolve one given frame and score it."""
    started = time.perf_counter()
    resolution = resolve_all(given, rules, workers=WORKERS)
    seconds = time.perf_counter() - started
    scores = evaluate(truth, labels_of(given, resolution.clusters))
    return {
        "set": title,
        **scores.to_document(),
        "proposals": resolution.proposals.num_rows,
        "seconds": round(seconds, 2),
        "stages": dict(resolution.seconds),
        "counters": dict(resolution.counters),
    }


def quality_table(results: list[Result]) -> str:
    """Return the results as a Markdown table."""
    titles = [
        "set", "records", "B-cubed F1 (P / R)", "pairwise F1 (P / R)", "exact", "over-merged", "split", "for review",
        "seconds", "equal names, B-cubed",
    ]  # fmt: skip
    lines = [f"| {' | '.join(titles)} |", "|" + " --- |" * len(titles)]
    for r in results:
        baseline = f"{r['baseline_b3_f1']:.3f}" if "baseline_b3_f1" in r else "–"
        lines.append(
            f"| {r['set']} | {r['records']:,} | {r['b3_f1']:.3f} ({r['b3_precision']:.3f} / {r['b3_recall']:.3f}) "
            f"| {r['pair_f1']:.3f} ({r['pair_precision']:.3f} / {r['pair_recall']:.3f}) | {r['entities_exact']:.3f} "
            f"| {r['over_merged']:,} | {r['split']:,} | {r['proposals']:,} | {r['seconds']:.1f} | {baseline} |"
        )
    return "\n".join(lines)
