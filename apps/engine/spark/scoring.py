"""Scores of distributed pairs, equal to `bulk.score`'s."""

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812 - PySpark's own name for it

from apps.engine import bulk
from apps.engine.bulk.frames import LINKS_SCHEMA, records_of
from apps.engine.rules import RuleSet
from apps.engine.spark.pieces import engine_frame, pieces_for, share, spark_schema
from apps.engine.statistics import Statistics

PAIRS_PER_PIECE = 250_000
PIECE, PLACE = "piece", "place"
SPARK_LINKS_SCHEMA = LINKS_SCHEMA.set(3, pa.field("levels", pa.list_(pa.field("element", pa.int16()))))
"""The links frame, but for levels of 16 bits: Spark has no unsigned bytes."""


def score(standard: DataFrame, pairs: DataFrame, rules: RuleSet, statistics: Statistics, count: int) -> DataFrame:
    """Return the links frame, unsorted, of pairs of record ids (`left`, `right`) that score at least the rules' keep.

    `count` is about how many pairs there are. Pairs are cut into pieces by their left record, and each piece is sent
    every record that it names once. Both frames are read twice: persist them first.
    """
    pieces = pieces_for(standard, count, PAIRS_PER_PIECE)
    routed = pairs.select(F.pmod(F.hash("left"), F.lit(pieces)).alias(PIECE), "left", "right")
    # Under a name of its own: Spark refuses to cogroup two frames by what it takes for one column.
    named = routed.select(F.col(PIECE).alias(PLACE), F.explode(F.array("left", "right")).alias("record")).distinct()
    rows = named.join(standard.drop("keys"), "record")
    shared = share(standard, (rules, statistics))

    def work(frame: pa.Table, routed: pa.Table) -> pa.Table:
        frame = engine_frame(frame.drop_columns([PLACE])).sort_by("record")
        ids = records_of(frame)
        left, right = (
            np.searchsorted(ids, routed.column(side).to_numpy()).astype(np.int32) for side in ("left", "right")
        )
        return bulk.score(frame, left, right, *shared.value, workers=1).cast(SPARK_LINKS_SCHEMA)

    met = rows.groupBy(PLACE).cogroup(routed.groupBy(PIECE))
    return met.applyInArrow(work, spark_schema(SPARK_LINKS_SCHEMA))
