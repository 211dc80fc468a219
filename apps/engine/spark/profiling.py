"""Frequencies over a distributed standard frame, equal to `bulk.profile`'s over the whole."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F  # noqa: N812 - PySpark's own name for it

from apps.engine import bulk
from apps.engine.block.hashing import PLACE_MASK
from apps.engine.bulk.profiling import budget_border
from apps.engine.compare import spaces_of
from apps.engine.compare.spaces import Space
from apps.engine.rules import RuleSet
from apps.engine.spark.pieces import column_name, gathered, pieces_for, share, spark_schema, whole
from apps.engine.statistics import Statistics

COUNTS_SCHEMA = pa.schema([("space", pa.string()), ("value", pa.string()), ("count", pa.int64())])


def profile(standard: DataFrame, rules: RuleSet) -> Statistics:
    """Return the statistics of a standard frame; only they reach the driver.

    The frame is read several times: persist it first.
    """
    records = standard.count()
    spaces = spaces_of(rules)
    words = [space for space in spaces if space.of_words]
    values = [space for space in spaces if not space.of_words]
    found = [_words_of(standard, words, rules)] if words else []
    found += [_values_of(standard, values, rules, pieces_for(standard, records))] if values else []
    counts: dict[str, dict[str, int]] = {}
    for frame in found:
        rows = frame.toArrow()
        for space, value, count in zip(*(rows.column(name).to_pylist() for name in COUNTS_SCHEMA.names), strict=True):
            counts.setdefault(space, {})[value] = count
    return Statistics(records, rules.digest, counts, _hot_keys(standard, rules, records))


def _words_of(standard: DataFrame, spaces: list[Space], rules: RuleSet) -> DataFrame:
    """Return the counts of words: sums over pieces, because a record is in one piece only."""
    names = {space.name for space in spaces}
    columns = sorted({column_name(part) for space in spaces for part in space.parts})
    shared = share(standard, rules)

    def work(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for table in gathered(batches):
            # A profile leaves out what occurs once; with every record there twice, it leaves out nothing.
            doubled = _profile_piece(pa.concat_tables([table, table]), shared.value)
            halved = {s: {word: n // 2 for word, n in doubled[s].items()} for s in names & doubled.keys()}
            yield from _as_rows(halved).to_batches()

    per_piece = standard.select(columns).mapInArrow(work, spark_schema(COUNTS_SCHEMA))
    return per_piece.groupBy("space", "value").agg(F.sum("count").alias("count")).where("count > 1")


def _values_of(standard: DataFrame, spaces: list[Space], rules: RuleSet, pieces: int) -> DataFrame:
    """Return the counts of values: all rows of a value meet in one piece, which can tell its different names.

    Of sources it is the hallmark's rows that meet, and what the pieces count adds up.
    """
    slots = [f"slot{place}" for place in range(max(len(_told_and_parts(space, rules)[1]) for space in spaces))]
    shared = share(standard, rules)

    def work(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for table in whole(batches):
            for space in spaces:
                rows = table.filter(pc.equal(table.column("space"), space.name))
                told, parts = _told_and_parts(space, shared.value)
                columns = {told: rows.column("told")}
                columns |= {part: rows.column(slot) for part, slot in zip(parts, slots, strict=False)}
                counts = _profile_piece(pa.table(columns), shared.value)
                yield from _as_rows({s: counts[s] for s in {space.name} & counts.keys()}).to_batches()

    entries = [_entry(space, slots, *_told_and_parts(space, rules)) for space in spaces]
    rows = standard.select(F.inline(F.array_compact(F.array(*entries)))).repartition(pieces, "space", *slots)
    counted = rows.mapInArrow(work, spark_schema(COUNTS_SCHEMA))
    return counted.groupBy("space", "value").agg(F.sum("count").alias("count"))


def _told_and_parts(space: Space, rules: RuleSet) -> tuple[str, Sequence[str]]:
    """Return which part is told apart among the rows of one value, and the parts that make up the value."""
    return (space.parts[0], rules.hallmark) if space.of_sources else (rules.naming, space.parts)


def _entry(space: Space, slots: list[str], told: str, parts: Sequence[str]) -> Column:
    """Return a record's row for a space, values by place, so that all spaces share one shuffle; null without values."""
    values = [F.col(column_name(part)) for part in parts]
    padded = [*values, *[F.lit(None).cast("string")] * (len(slots) - len(values))]
    fields = [value.alias(slot) for value, slot in zip(padded, slots, strict=True)]
    row = F.struct(F.lit(space.name).alias("space"), *fields, F.col(column_name(told)).alias("told"))
    return F.when(F.coalesce(*values).isNotNull(), row)


def _profile_piece(table: pa.Table, rules: RuleSet) -> Mapping[str, Mapping[str, int]]:
    keyless = pa.array([[]] * table.num_rows, pa.list_(pa.int64()))
    return bulk.profile(table.append_column("keys", keyless), rules).counts


def _as_rows(counts: Mapping[str, Mapping[str, int]]) -> pa.Table:
    rows = [(space, value, count) for space, values in counts.items() for value, count in values.items()]
    columns = zip(*rows, strict=True) if rows else ((), (), ())
    arrays = [pa.array(c, field.type) for c, field in zip(columns, COUNTS_SCHEMA, strict=True)]
    return pa.table(arrays, schema=COUNTS_SCHEMA)


def _hot_keys(standard: DataFrame, rules: RuleSet, records: int) -> dict[int, int]:
    """Return the keys that too many of the `records` hold, with how many do; only they reach the driver."""
    held = standard.select(F.explode("keys").alias("key")).groupBy("key").agg(F.count("*").alias("size"))
    shared = held.where("size > 1").persist()
    is_hot = F.col("size") > _cap_of(F.col("key"), rules)
    within = shared.where(~is_hot)
    counted = within.groupBy("size").agg(F.count("*").alias("keys")).sort("size").toArrow()
    sizes, counts = (counted.column(name).to_numpy() for name in ("size", "keys"))
    size, kept = budget_border(sizes, counts, rules.caps.pairs * records)
    crossed = shared.where(is_hot | (F.col("size") > size)).toArrow()
    border = within.where(F.col("size") == size).sort("key").offset(kept).toArrow()
    shared.unpersist()
    hot = pa.concat_tables([crossed, border])
    return dict(zip(hot.column("key").to_pylist(), hot.column("size").to_pylist(), strict=True))


def _cap_of(key: Column, rules: RuleSet) -> Column:
    """Return the cap of a match key, as `block.cap_of` does; elements count from 1."""
    caps = F.array(*(F.lit(rule.cap) for rule in rules.keys))
    return F.element_at(caps, (key.bitwiseAND(PLACE_MASK) + 1).cast("int"))
