"""The engine over Spark: the bulk verbs on the pieces of a distributed frame, to the same integers.

Each verb routes rows so that a piece is whole for what the bulk verb counts or compares, and calls that verb on the
piece; no rule of matching is written down here a second time. `tests/engine/spark` holds the links to those of
`bulk.resolve_all`, row for row. PySpark is an optional extra; nothing else of
the engine needs it, and this package is imported without it.
"""
