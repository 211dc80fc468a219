"""The engine section: resolve labelled files in this process and say how good and how fast the result is."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa

from apps.engine.bulk import resolve_all
from apps.engine.evaluate import evaluate
from apps.engine.rules import RULESETS, RuleSet, load_company_rules, load_rules
from benchmarks.baseline import Labels, exact_name_baseline, read_labels
from benchmarks.generator.layouts import LAYOUTS
from benchmarks.generator.making import make
from benchmarks.generator.profiles import SOURCES
from benchmarks.given import given_from_exports, given_from_set, labels_of
from benchmarks.name_pairs import FILE, measure_name_pairs
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
    """Resolve and score the public sets found in `data`, each by its rule set; name those that are missing."""
    results = []
    for public_set in PUBLIC_SETS:
        if not public_set.is_in(data):
            say(f"{public_set.title}: no {public_set.folder}/records.csv in {data}, skipped")
            continue
        rules = load_rules(RULESETS / f"{public_set.rules}.toml")
        path = public_set.records(data, scratch)
        given = given_from_set(path, public_set.columns, rules)
        results.append(measure(public_set.title, given, read_labels(path, "entity_id"), rules))
    if (data / FILE).exists():
        results += measure_name_pairs(data, load_company_rules())
    else:
        say(f"org_name_pairs: no {FILE} in {data}, skipped")
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
    """Return the results as a Markdown table; what a set has no measure for is a dash."""
    titles = [
        "set", "records", "B-cubed F1 (P / R)", "pairwise F1 (P / R)", "exact", "over-merged", "split", "for review",
        "seconds", "equal names, B-cubed",
    ]  # fmt: skip
    lines = [f"| {' | '.join(titles)} |", "|" + " --- |" * len(titles)]
    for r in results:
        cells = [r["set"], f"{r['records']:,}", _scores(r, "b3"), _scores(r, "pair"), _share(r, "entities_exact")]
        cells += [f"{r[name]:,}" if name in r else "–" for name in ("over_merged", "split", "proposals")]
        lines.append(f"| {' | '.join(cells)} | {r['seconds']:.1f} | {_share(r, 'baseline_b3_f1')} |")
    return "\n".join(lines)


def _scores(result: Result, kind: str) -> str:
    f1, precision, recall = (_share(result, f"{kind}_{name}") for name in ("f1", "precision", "recall"))
    return f"{f1} ({precision} / {recall})" if f"{kind}_f1" in result else "–"


def _share(result: Result, name: str) -> str:
    return f"{result[name]:.3f}" if name in result else "–"
