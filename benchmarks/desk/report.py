"""The desk's figures as Markdown, beside the limits."""

from collections.abc import Iterator
from typing import Any, Final

Result = dict[str, Any]

SERVED_P95: Final = {
    "queue": 150,
    "narrowed queue": 150,
    "next case": 100,
    "next on a walk": 100,
    "pair": 150,
    "cluster": 150,
    "customer": 200,
    "customer, sources": 200,
    "customer, why": 200,
    "customer, history": 200,
    "value": 200,
    "split": 200,
    "compare": 200,
    "search": 250,
}
"""Milliseconds on the server."""
SIZE: Final = (
    "{customers:,} customers, {source records:,} source records, {open cases:,} open cases;"
    " load average {load_average:.1f} at the start"
)
MOST_QUERIES: Final = 15
MOST_BYTES: Final = 60_000
"""Of a page, and of all scripts together, packed."""
MOST_NODES: Final = 1_500
MOST_PAINT: Final = 1_200
MOST_SHIFT: Final = 0.02
MOST_WAIT: Final = 100
MOST_PRESS: Final = 100
MOST_GROWTH: Final = 10_000_000


def tables(result: Result) -> str:
    """Return the tables of what was measured."""
    lines = [
        SIZE.format_map(result),
        "",
        "| screen | server p50, ms | p95 | queries, most | page, kB packed | limit of p95 |",
        "| --- |" + " --- |" * 5,
    ]
    for row in result["served"]:
        limit = SERVED_P95.get(row["name"], "–")
        lines.append(
            f"| {row['name']} | {row['p50']:.0f} | {row['p95']:.0f} | {row['queries']} | {row['packed'] / 1000:.1f}"
            f" | {limit} |"
        )
    for seen in result["seen"]:
        lines += ["", *_seen(seen)]
    return "\n".join(lines)


def _seen(seen: Result) -> Iterator[str]:
    yield "processor four times slower, 40 ms there and back" if seen["is_slowed"] else "browser as it is"
    yield ""
    yield "| screen | largest paint, ms: median of 5 | worst | layout shift | script, kB packed | nodes |"
    yield "| --- |" + " --- |" * 5
    for row in seen["painted"]:
        yield (
            f"| {row['name']} | {row['median']:.0f} | {row['worst']:.0f} | {row['shift']:.3f}"
            f" | {row['script'] / 1000:.1f} | {row['nodes']:,} |"
        )
    yield ""
    yield (
        f"{seen['verdicts']} verdicts by key: next case painted after {seen['next_p50']:.0f} ms (p50),"
        f" {seen['next_p95']:.0f} ms (p95); a press's own paint {seen['press_p98']:.0f} ms (p98);"
        f" heap grew by {seen['heap_growth'] / 1e6:.1f} MB"
    )


def misses(result: Result) -> list[str]:
    """Return what is over a limit, in words."""
    found = []
    for row in result["served"]:
        if row["p95"] > SERVED_P95.get(row["name"], float("inf")):
            found.append(f"{row['name']}: server p95 {row['p95']:.0f} ms")
        if row["queries"] > MOST_QUERIES:
            found.append(f"{row['name']}: {row['queries']} queries")
        if row["packed"] > MOST_BYTES:
            found.append(f"{row['name']}: {row['packed']:,} bytes")
    for seen in result["seen"]:
        found += list(_missed(seen))
    return found


def _missed(seen: Result) -> Iterator[str]:
    speed = "slowed" if seen["is_slowed"] else "as it is"
    for row in seen["painted"]:
        if row["median"] > MOST_PAINT:
            yield f"{row['name']}, {speed}: largest paint after {row['median']:.0f} ms"
        if row["shift"] > MOST_SHIFT:
            yield f"{row['name']}, {speed}: layout shift {row['shift']:.3f}"
        if row["script"] > MOST_BYTES:
            yield f"{row['name']}: {row['script']:,} bytes of script"
        if row["nodes"] > MOST_NODES:
            yield f"{row['name']}: {row['nodes']:,} nodes"
    for name, most in (("next_p95", MOST_WAIT), ("press_p98", MOST_PRESS), ("heap_growth", MOST_GROWTH)):
        if seen[name] > most:
            yield f"verdicts by key, {speed}: {name} {seen[name]:.0f}"
    for complaint in seen["complaints"] + seen["elsewhere"]:
        yield f"{speed}: {complaint}"
