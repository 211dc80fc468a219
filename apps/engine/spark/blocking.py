"""Candidate pairs of a distributed standard frame, equal to `bulk.candidates`' over the whole."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812 - PySpark's own name for it

from apps.engine import bulk
from apps.engine.bulk.frames import records_of
from apps.engine.rules import RuleSet
from apps.engine.spark.pieces import pieces_for, share, spark_schema, whole
from apps.engine.statistics import Statistics

PAIRS_SCHEMA = pa.schema([("left", pa.int64()), ("right", pa.int64())])


def candidates(standard: DataFrame, rules: RuleSet, statistics: Statistics, records: int) -> DataFrame:
    """Return the distinct pairs of record ids (left < right) that share a usable match key.

    `records` is about how many rows the frame has. All holders of a key meet in one piece, so its cap is known there;
    keys that the statistics call hot stay behind, so no piece outgrows the others.
    """
    keys = standard.select("record", F.explode("keys").alias("key"))
    if statistics.hot_keys:
        hot = standard.sparkSession.createDataFrame(pa.table({"key": pa.array(list(statistics.hot_keys), pa.int64())}))
        keys = keys.join(F.broadcast(hot), "key", "left_anti")
    shared = share(standard, (rules, replace(statistics, counts={})))

    def work(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for table in whole(batches):
            frame = _by_record(table)
            left, right = bulk.candidates(frame, *shared.value)
            ids = records_of(frame)
            # By id, not by row: the same pair comes from several pieces.
            ends = [np.minimum(ids[left], ids[right]), np.maximum(ids[left], ids[right])]
            yield from pa.table(ends, schema=PAIRS_SCHEMA).to_batches()

    met = keys.select("record", "key").repartition(pieces_for(standard, records), "key")
    return met.mapInArrow(work, spark_schema(PAIRS_SCHEMA)).distinct()


def _by_record(keys: pa.Table) -> pa.Table:
    """Return (record, key) rows as a frame of records with their lists of keys."""
    ordered = keys.sort_by([("record", "ascending"), ("key", "ascending")])
    records, starts = np.unique(ordered.column("record").to_numpy(), return_index=True)
    offsets = pa.array(np.append(starts, ordered.num_rows).astype(np.int32))
    lists = pa.ListArray.from_arrays(offsets, ordered.column("key").combine_chunks())
    return pa.table({"record": pa.array(records), "keys": lists})
