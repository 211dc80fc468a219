"""The figures as Markdown, beside the targets."""

from collections.abc import Iterator, Sequence
from typing import Any

Result = dict[str, Any]

TARGETS: dict[str, dict[str, float]] = {
    "source key": {"p95": 10, "p99": 20},
    "governed id": {"p95": 10, "p99": 20},
    "identifier": {"p95": 10, "p99": 20},
    "example": {"p95": 60},
    "search": {"p95": 100},
}
"""Milliseconds at a million records."""
MOST_RATIO = 1.3
LEAST_PER_CPU_SECOND = {1: 100, 100: 400}


def tables(results: Sequence[Result]) -> str:
    """Return the tables of what was measured."""
    lines: list[str] = []
    for result in results:
        lines += ["", f"{result['records']:,} records, load average {result['load_average']:.1f} at the start"]
        lines += _look_ups(result) + _intake(result) + _crowd(result)
    lines += _ratios(results)
    return "\n".join(lines)


def misses(results: Sequence[Result]) -> list[str]:
    """Return what a target or the API's description forbids, in words."""
    found = []
    for result in results:
        for row in result.get("lookups", ()):
            for share, most in TARGETS[row["cold"]["kind"]].items():
                if row["cold"][share] > most:
                    found.append(f"{row['cold']['kind']} at {result['records']:,}: {share} {row['cold'][share]} ms")
        found += [
            f"intake of {row['together']} at {result['records']:,}: {row['per_cpu_second']} per CPU s"
            for row in result.get("intake", ())
            if row["per_cpu_second"] < LEAST_PER_CPU_SECOND[row["together"]]
        ]
        found += result.get("crowd", {}).get("undocumented", [])[:10]
    for kind, passed, ratio in _pairs(results):
        if ratio > MOST_RATIO:
            found.append(f"{kind}, {passed}: {ratio:.2f} times")
    return found


def _look_ups(result: Result) -> list[str]:
    rows = result.get("lookups", [])
    lines = (
        ["| look-up | requests | p50 | p95 | p99 | again: p50 | p95 | p99 |", "| --- |" + " --- |" * 7] if rows else []
    )
    for row in rows:
        cells = [f"{row[passed][share]:.1f}" for passed in ("cold", "warm") for share in ("p50", "p95", "p99")]
        lines.append(f"| {row['cold']['kind']} | {row['cold']['requests']:,} | {' | '.join(cells)} |")
    return lines


def _intake(result: Result) -> list[str]:
    rows = result.get("intake", [])
    head = "| records per transaction | records | web CPU s | PostgreSQL CPU s | records per CPU s | p50 ms | p95 ms |"
    lines = [head, "| --- |" + " --- |" * 6] if rows else []
    for row in rows:
        cells = (row["web_cpu"], row["postgres_cpu"], row["per_cpu_second"], row["p50"], row["p95"])
        lines.append(f"| {row['together']} | {row['records']:,} | {' | '.join(map(str, cells))} |")
    return lines


def _crowd(result: Result) -> list[str]:
    found = result.get("crowd")
    if not found:
        return []
    lines = [
        f"{found['requests']:,} requests, {found['per_second']} per second",
        "| operation | statuses |",
        "| --- | --- |",
    ]
    lines += [
        f"| {operation} | {', '.join(f'{status}: {count:,}' for status, count in statuses.items())} |"
        for operation, statuses in found["statuses"].items()
    ]
    return lines


def _ratios(results: Sequence[Result]) -> list[str]:
    lines = [f"| {kind}, {passed} | {ratio:.2f} |" for kind, passed, ratio in _pairs(results)]
    return ["", "| p95 at the largest size, times the smallest's | |", "| --- | --- |", *lines] if lines else []


def _pairs(results: Sequence[Result]) -> Iterator[tuple[str, str, float]]:
    """Yield by kind and pass how many times the smallest hub's p95 the largest one's is."""
    if len(results) < 2:
        return
    small, large = results[0], results[-1]
    for one, other in zip(small.get("lookups", ()), large.get("lookups", ()), strict=True):
        for passed in ("cold", "warm"):
            yield one["cold"]["kind"], passed, other[passed]["p95"] / one[passed]["p95"]
