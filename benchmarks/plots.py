"""Draw what the peers section measured: `python -m benchmarks.plots [peers.json] [--out FOLDER]`.

Three PNG pictures: the score bits of true and false pairs, precision against recall of pairs as the threshold moves,
and seconds against records. Where a file holds several seeds, pairs are added up and seconds averaged.
"""

import argparse
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

MEASURED = Path("build") / "bench" / "peers.json"
IMAGES = Path("benchmarks") / "images"
COLOURS = {"mdmhub": "#0b6e4f", "splink": "#c8553d", "recordlinkage": "#4c6a92"}
MARKERS = {"mdmhub": "o", "splink": "s", "recordlinkage": "^"}
TRUE, FALSE = "#0b6e4f", "#d9a441"
Result = dict[str, Any]


def main(arguments: list[str] | None = None) -> None:
    """Draw the pictures of the profile and size with most records measured for all contenders."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.plots")
    parser.add_argument("measured", nargs="?", type=Path, default=MEASURED)
    parser.add_argument("--out", type=Path, default=IMAGES)
    settings = parser.parse_args(arguments)
    results = json.loads(settings.measured.read_text(encoding="utf-8"))["results"]
    settings.out.mkdir(parents=True, exist_ok=True)
    for path in draw_all(results, settings.out):
        print(path)


def draw_all(results: list[Result], out: Path) -> list[Path]:
    """Draw into the folder `out`; return the files."""
    shown = largest_shared(results)
    of_frame = f"profile {shown[0]['profile']}, {shown[0]['records']:,} records"
    drawn = {"scores": draw_scores(shown, of_frame), "precision_recall": draw_precision_recall(shown, of_frame)}
    drawn["seconds"] = draw_seconds([r for r in results if r["profile"] == shown[0]["profile"]])
    paths = []
    for name, figure in drawn.items():
        paths.append(out / f"peers_{name}.png")
        figure.savefig(paths[-1], dpi=120, metadata={"Software": None})
    return paths


def largest_shared(results: list[Result]) -> list[Result]:
    """Return the results of the frames with most records that every contender resolved."""
    names = names_of(results)
    sizes = {(r["profile"], r["records"]) for r in results}
    shared = [
        (n, p) for p, n in sizes if names_of(r for r in results if (r["profile"], r["records"]) == (p, n)) == names
    ]
    records, profile = max(shared)
    return [r for r in results if (r["profile"], r["records"]) == (profile, records)]


def names_of(results: Iterable[Result]) -> list[str]:
    """Return the contenders' names in the order drawn."""
    present = {r["contender"] for r in results}
    return sorted(present, key=lambda name: list(COLOURS).index(family(name)))


def family(contender: str) -> str:
    """Return a contender's name without its version."""
    return contender.split(maxsplit=1)[0]


def counts_of(results: list[Result], contender: str) -> tuple[np.ndarray, np.ndarray, np.ndarray, int]:
    """Return the lower edge in bits of each bin, its true and false pairs, and all true pairs, added up over seeds."""
    curves = [r["curve"] for r in results if r["contender"] == contender]
    true, false = (np.sum([curve[kind] for curve in curves], axis=0) for kind in ("true", "false"))
    edges = curves[0]["from_bits"] + curves[0]["bin_bits"] * np.arange(len(true))
    return edges, true, false, sum(curve["true_pairs"] for curve in curves)


def draw_scores(results: list[Result], of_frame: str) -> Figure:
    """Draw a histogram of bits per contender, true and false pairs apart."""
    names = names_of(results)
    figure = Figure(figsize=(8, 2.5 * len(names) + 0.6), layout="constrained")
    panels = figure.subplots(len(names), 1, squeeze=False)
    for panel, name in zip(panels[:, 0], names, strict=True):
        edges, true, false, _ = counts_of(results, name)
        borders = np.append(edges, 2 * edges[-1] - edges[-2])
        for counts, colour, label in ((false, FALSE, "different companies"), (true, TRUE, "same company")):
            panel.stairs(counts, borders, color=colour, alpha=0.35, fill=True)
            panel.stairs(counts, borders, color=colour, linewidth=1.4, label=label)
        panel.set_yscale("symlog", linthresh=10)
        panel.set_ylim(0, 3 * max(true.max(), false.max()))
        panel.set_xlim(edges[0], borders[np.flatnonzero(true + false)[-1] + 1] + 1)
        panel.set_title(name, fontsize=10, loc="left")
        panel.set_ylabel("pairs (log scale)")
        finish(panel)
    panels[-1, 0].set_xlabel("score of the pair (bits)")
    panels[0, 0].legend(frameon=False, ncols=2, loc="lower right", bbox_to_anchor=(1, 1), borderaxespad=0)
    figure.suptitle(f"What scores say of true and false pairs: {of_frame}", fontsize=12)
    return figure


def draw_precision_recall(results: list[Result], of_frame: str) -> Figure:
    """Draw precision against recall of linked pairs, and of clusters as a point, one line per contender."""
    figure = Figure(figsize=(7.5, 6), layout="constrained")
    panel = figure.subplots()
    for name in names_of(results):
        _, true, false, total = counts_of(results, name)
        hits, misses = (np.cumsum(counts[::-1])[::-1] for counts in (true, false))
        kept = hits > 0
        colour, of_name = COLOURS[family(name)], [r for r in results if r["contender"] == name]
        panel.plot(hits[kept] / total, hits[kept] / (hits + misses)[kept], color=colour, label=name)
        point = [np.mean([r[measure] for r in of_name]) for measure in ("pair_recall", "pair_precision")]
        panel.plot(*point, MARKERS[family(name)], color=colour, markersize=9)
    panel.set_xlabel("recall (share of all true pairs)")
    panel.set_ylabel("precision (share of pairs found that are true)")
    panel.set_xlim(0.4, 1.0)
    panel.set_ylim(0.2, 1.01)
    panel.set_title(f"Pairs linked at each threshold (line) and put together (mark): {of_frame}", fontsize=10.5)
    figure.legend(frameon=False, loc="outside lower center", ncols=len(names_of(results)), fontsize=9)
    finish(panel)
    return figure


def draw_seconds(results: list[Result]) -> Figure:
    """Draw seconds against records, both on log scales; training apart."""
    figure = Figure(figsize=(7.5, 5.2), layout="constrained")
    panel = figure.subplots()
    for name in names_of(results):
        sizes = sorted({r["records"] for r in results if r["contender"] == name})
        of_size = [[r for r in results if r["contender"] == name and r["records"] == size] for size in sizes]
        resolve = np.array([np.mean([r["resolve_seconds"] for r in group]) for group in of_size])
        train = np.array([np.mean([r["train_seconds"] for r in group]) for group in of_size])
        colour, marker = COLOURS[family(name)], MARKERS[family(name)]
        panel.plot(sizes, resolve, f"{marker}-", color=colour, label=f"{name}: predict and cluster")
        if train.any():
            panel.plot(
                sizes, resolve + train, f"{marker}--", color=colour, fillstyle="none", label=f"{name}: with training"
            )
    panel.set_xscale("log")
    panel.set_yscale("log")
    panel.set_xticks(sorted({r["records"] for r in results}))
    panel.minorticks_off()
    panel.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    panel.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    panel.yaxis.set_major_formatter(lambda value, _: f"{value:,g}")
    panel.set_xlabel("records (log scale)")
    panel.set_ylabel("seconds (log scale)")
    panel.set_title(f"From standard records to clusters, two cores: profile {results[0]['profile']}", fontsize=12)
    figure.legend(frameon=False, loc="outside lower center", ncols=2, fontsize=9)
    finish(panel)
    return figure


def finish(panel: Axes) -> None:
    """Give an axis its grid and take its frame."""
    panel.grid(visible=True, color="#dddddd", linewidth=0.6)
    panel.set_axisbelow(True)
    panel.spines[["top", "right"]].set_visible(False)


if __name__ == "__main__":
    main()
