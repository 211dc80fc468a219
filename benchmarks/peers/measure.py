"""The peers section: the hub's engine beside Splink and recordlinkage, on the same standard frame in the same run.

Each contender runs in a process of its own, one after the other. Its peak memory counts all processes below it, too.
"""

import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from apps.engine.evaluate import Measures, evaluate
from benchmarks.memory import PeakMemory
from benchmarks.peers.frames import Truth, labelled_frame, standard_frame
from benchmarks.peers.outcome import KEPT_BITS, Outcome

CONTENDERS = ("mdmhub", "splink", "recordlinkage")
MOST_RECORDS = {"recordlinkage": 200_000}  # it compares in Python, pair by pair
LABELLED_RECORDS, LABELLED_SEED = 5_000, 202  # more of them are mostly chance pairs, and weigh sister companies worse
SAMPLE_SECONDS = 0.1
MEBIBYTE = 1024 * 1024
BIN_BITS, LAST_BITS = 0.5, 60.0
Say = Callable[[str], None]
Result = dict[str, Any]


def measure_peers(profile: str, *, records: int, seed: int, scratch: Path, say: Say) -> list[Result]:
    """Make one frame and have every contender resolve it; those that it is too large for are named and skipped."""
    labelled = labelled_frame(records=LABELLED_RECORDS, seed=LABELLED_SEED, scratch=scratch)
    frame, truth = standard_frame(profile, records=records, seed=seed, scratch=scratch)
    results = []
    for contender in CONTENDERS:
        if records > MOST_RECORDS.get(contender, records):
            say(f"{contender}: not run on more than {MOST_RECORDS[contender]:,} records, skipped")
            continue
        outcome, peak_bytes = run_apart(contender, frame, labelled, frame.parent / contender)
        found = {"contender": titled(contender), "profile": profile, "seed": seed}
        results.append(found | summarise(outcome, truth) | {"peak_mib": round(peak_bytes / MEBIBYTE)})
        say(f"{contender}, profile {profile}, {records:,} records, seed {seed}: {results[-1]['b3_f1']:.4f} B-cubed F1")
    return results


def titled(contender: str) -> str:
    """Return the contender with its version."""
    return contender if contender == "mdmhub" else f"{contender} {version(contender)}"


def run_apart(contender: str, frame: Path, labelled: Path, out: Path) -> tuple[Outcome, int]:
    """Run a contender in its own process; return what it found and its peak bytes. RuntimeError where it fails."""
    words = [sys.executable, "-m", "benchmarks.peers.worker", contender, str(frame), str(labelled), str(out)]
    with (
        subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process,
        PeakMemory(lambda: [process.pid], every_seconds=SAMPLE_SECONDS) as memory,
    ):
        _, errors = process.communicate()
    if process.returncode:
        raise RuntimeError(f"{contender} ended with {process.returncode}: {errors.strip().splitlines()[-1:]}")
    return Outcome.read(out), memory.peak_bytes


def summarise(outcome: Outcome, truth: Truth) -> Result:
    """Return measures, seconds and the pairs' curve."""
    clusters = (outcome.clusters.column(name).to_pylist() for name in ("record", "cluster"))
    measures: Measures = evaluate(truth, dict(zip(*clusters, strict=True)))
    seconds = outcome.seconds
    return {
        **measures.to_document(),
        "train_seconds": round(seconds.get("train", 0.0), 2),
        "resolve_seconds": round(seconds["predict"] + seconds["cluster"], 2),
        "curve": curve_of(outcome, truth),
    }


def curve_of(outcome: Outcome, truth: Truth) -> Result:
    """Return how many true and false pairs lie in each bin of bits, and how many true pairs there are at all.

    Bin i holds the pairs from `from_bits` + i × `bin_bits` up to the next; the last one all above it.
    """
    entities, codes = np.unique(np.array(list(truth.values())), return_inverse=True)
    code_of = np.zeros(max(truth) + 1, dtype=np.int64)
    code_of[np.fromiter(truth, np.int64)] = codes
    left, right = (code_of[outcome.pairs.column(name).to_numpy()] for name in ("left", "right"))
    bins = int((LAST_BITS - KEPT_BITS) / BIN_BITS)
    bits = outcome.pairs.column("bits").to_numpy()
    place = np.clip(((bits - KEPT_BITS) / BIN_BITS).astype(np.int64), 0, bins - 1)
    sizes = np.bincount(codes, minlength=len(entities))
    true = left == right
    return {
        "from_bits": KEPT_BITS,
        "bin_bits": BIN_BITS,
        "true": np.bincount(place[true], minlength=bins).tolist(),
        "false": np.bincount(place[~true], minlength=bins).tolist(),
        "true_pairs": int((sizes * (sizes - 1) // 2).sum()),
    }


def error_ratio(result: Result, results: list[Result], measure: str) -> str:
    """Return the hub's error (1 − F1) over this contender's on the same frame, a dash for the hub itself."""
    same_frame = [r for r in results if all(r[key] == result[key] for key in ("profile", "records", "seed"))]
    ours = next(r for r in same_frame if r["contender"] == "mdmhub")
    return "–" if ours is result else f"{(1 - ours[measure]) / (1 - result[measure]):.2f}"


def peers_table(results: list[Result]) -> str:
    """Return the results as a Markdown table."""
    titles = [
        "profile, records, seed", "contender", "seconds: train", "predict, cluster", "peak MiB", "B-cubed F1 (P / R)",
        "pairwise F1 (P / R)", "exact", "over-merged", "hub's error / its, B-cubed", "pairwise",
    ]  # fmt: skip
    lines = [f"| {' | '.join(titles)} |", "|" + " --- |" * len(titles)]
    lines += [
        f"| {r['profile']}, {r['records']:,}, {r['seed']} | {r['contender']} | {r['train_seconds']:.1f} "
        f"| {r['resolve_seconds']:.1f} | {r['peak_mib']:,} "
        f"| {r['b3_f1']:.4f} ({r['b3_precision']:.3f} / {r['b3_recall']:.3f}) "
        f"| {r['pair_f1']:.4f} ({r['pair_precision']:.3f} / {r['pair_recall']:.3f}) | {r['entities_exact']:.3f} "
        f"| {r['over_merged']:,} | {error_ratio(r, results, 'b3_f1')} | {error_ratio(r, results, 'pair_f1')} |"
        for r in results
    ]
    return "\n".join(lines)
