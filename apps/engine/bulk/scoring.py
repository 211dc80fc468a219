"""Scores of many pairs at once."""

import pyarrow as pa

from apps.engine.bulk.frames import LINKS_SCHEMA, Codes
from apps.engine.rules import RuleSet
from apps.engine.statistics import Statistics


def score(
    standard: pa.Table,
    left: Codes,
    right: Codes,
    rules: RuleSet,
    statistics: Statistics,
    *,
    workers: int = 2,
) -> pa.Table:
    """Return the links frame of the pairs of rows that score at least the rule set's `keep` threshold."""
    raise NotImplementedError
