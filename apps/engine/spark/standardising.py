"""Distributed given frame to distributed standard frame."""

from collections.abc import Iterable, Iterator

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812 - PySpark's own name for it

from apps.engine import bulk
from apps.engine.rules import RuleSet
from apps.engine.spark.pieces import column_name, gathered, share, spark_schema
from apps.engine.standardise import digest


def standardise(given: DataFrame, rules: RuleSet) -> DataFrame:
    """Return `record`, the parts that the rule set uses and `keys` of each given record, as `bulk.standardise` does.

    Every such part has a column, named `attribute:part`; a distinct raw value is standardised once per piece. Raises
    ValueError where the frame has no column `record`; a job fails where a worker has other tables or libraries.
    """
    if "record" not in given.columns:
        raise ValueError(f"The given frame has no column 'record'; it has {', '.join(given.columns)}.")
    names = ("source", *(attribute.name for attribute in rules.attributes))
    attributes = [name for name in names if name in given.columns]
    schema = _standard_schema(rules)
    shared = share(given, rules)
    expected = digest()

    def work(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        _check_digest(expected)
        for table in gathered(batches):
            standard = bulk.standardise(table, shared.value, workers=1)
            yield from _complete(standard, schema).to_batches()

    columns = [F.col("record").cast("long"), *(F.col(name).cast("string") for name in attributes)]
    return given.select(columns).mapInArrow(work, spark_schema(schema))


def _check_digest(expected: str) -> None:
    """Refuse to work, in a worker, where it would standardise otherwise than the driver."""
    if digest() != expected:
        raise RuntimeError(
            "A Spark worker has another version of the hub, or of the libraries that standardise, than the driver. Give"
            " both the same environment: links would differ from piece to piece."
        )


def _standard_schema(rules: RuleSet) -> pa.Schema:
    parts = [(part, pa.string()) for part in rules.parts_used()]
    return pa.schema([("record", pa.int64()), *parts, ("keys", pa.list_(pa.field("element", pa.int64())))])


def _complete(standard: pa.Table, schema: pa.Schema) -> pa.Table:
    """Return the frame in the schema's columns; a part that no row of the piece has is null throughout."""
    arrays = [
        standard.column(field.name).cast(field.type)
        if field.name in standard.column_names
        else pa.nulls(standard.num_rows, field.type)
        for field in schema
    ]
    return pa.table(arrays, names=[column_name(field.name) for field in schema])
