"""Match files without a database: read, resolve in memory, write who belongs together."""

import csv
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from apps.base.scratch import scratch
from apps.engine.bulk import Resolution, resolve_all
from apps.engine.rules import RuleSet
from apps.pipeline.loading import SourceFile
from apps.sources.intake import open_file

Progress = Callable[[str, int, int], None]


def match_files(
    files: Sequence[SourceFile], rules: RuleSet, *, workers: int, progress: Progress | None = None
) -> tuple[pa.Table, Resolution, dict[str, int]]:
    """Return the given frame, what the engine made of it, and rows and faults by source.

    Raises FileRefused for a file that can't be used.
    """
    given, counts = read_given(files, rules)
    return given, resolve_all(given, rules, workers=workers, progress=progress), counts


def read_given(files: Sequence[SourceFile], rules: RuleSet) -> tuple[pa.Table, dict[str, int]]:
    """Return the given frame of the files, and rows and faults by source.

    Records are numbered in byte order of source and key, so that the numbers don't depend on the order of the files.
    Raises FileRefused for a file that can't be used.
    """
    counts: dict[str, int] = {}
    frames = [frame for file in files for frame in _frames(file, rules, counts)]
    rows = pa.concat_tables(frames, promote_options="default") if frames else _empty(rules)
    with scratch({"given_rows": rows}) as duck:
        given = duck.sql(
            "SELECT row_number() OVER (ORDER BY encode(source), encode(source_key)) AS record, * FROM given_rows"
            " ORDER BY record"
        ).to_arrow_table()
    return given, counts


def write_clusters(path: Path, given: pa.Table, resolution: Resolution) -> None:
    """Write `source,source_key,cluster_id` for every record; a cluster is named by its first record."""
    names = dict(
        zip(
            given["record"].to_pylist(),
            zip(given["source"].to_pylist(), given["source_key"].to_pylist(), strict=True),
            strict=True,
        )
    )
    with path.open("w", newline="", encoding="utf-8") as target:
        writer = csv.writer(target)
        writer.writerow(["source", "source_key", "cluster_id"])
        for record, cluster in zip(
            resolution.clusters["record"].to_pylist(), resolution.clusters["cluster"].to_pylist(), strict=True
        ):
            writer.writerow([*names[record], f"c{cluster}"])


def write_links(path: Path, given: pa.Table, resolution: Resolution) -> None:
    """Write the kept links as Parquet: both records by source and key, the score in bits, and the levels."""
    with scratch({"links": resolution.links, "given_rows": given}) as duck:
        pq.write_table(
            duck.sql(
                "SELECT a.source AS left_source, a.source_key AS left_key, b.source AS right_source,"
                " b.source_key AS right_key, l.score / 1000.0 AS score_bits, l.levels FROM links l"
                " JOIN given_rows a ON a.record = l.left JOIN given_rows b ON b.record = l.right ORDER BY 1, 2, 3, 4"
            ).to_arrow_table(),
            path,
        )


def write_report(path: Path, rules: RuleSet, resolution: Resolution, counts: dict[str, int]) -> None:
    """Write counts, seconds by stage, cluster sizes and the rules' digest as JSON."""
    _, sizes = np.unique(resolution.clusters["cluster"].to_numpy(), return_counts=True)
    values, numbers = np.unique(sizes, return_counts=True)
    report = {
        "rules": {"name": rules.name, "digest": rules.digest},
        "rows": counts,
        "counts": dict(resolution.counters),
        "seconds": dict(resolution.seconds),
        "cluster_sizes": {str(size): int(n) for size, n in zip(values.tolist(), numbers.tolist(), strict=True)},
    }
    path.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


def _frames(file: SourceFile, rules: RuleSet, counts: dict[str, int]) -> Iterator[pa.Table]:
    known = [attribute.name for attribute in rules.attributes]
    for frame in open_file(file.path, file.mapping).batches():
        rows = frame.rows
        counts[f"{file.code} rows"] = counts.get(f"{file.code} rows", 0) + rows.num_rows
        counts[f"{file.code} faults"] = counts.get(f"{file.code} faults", 0) + len(frame.faults)
        columns = {"source": pa.array([file.code] * rows.num_rows), "source_key": rows["source_key"]}
        columns["modified_at"] = rows["modified_at"]
        for name in known:
            columns[name] = rows[name] if name in rows.column_names else pa.nulls(rows.num_rows, pa.string())
        yield pa.table(columns)


def _empty(rules: RuleSet) -> pa.Table:
    fields = [("source", pa.string()), ("source_key", pa.string()), ("modified_at", pa.timestamp("us", tz="UTC"))]
    return pa.schema(fields + [(attribute.name, pa.string()) for attribute in rules.attributes]).empty_table()
