"""Frozen values that the engine's verbs pass to each other.

A score is an integer number of millibits (1/1000 of a bit of evidence, log2 of the posterior odds), so that the row
code and the bulk code can be compared with `==`.
"""

from dataclasses import dataclass
from typing import TypeAlias

Parts: TypeAlias = "dict[str, str]"
"""A standard record: usable parts by name (`attribute.part`); a part that is absent was not given."""

SOURCE_PART = "record.source"
"""The part that holds the code of the source system which gave a record. It belongs to no attribute."""

MISSING = 0
"""Index of the level that stands for "nothing to compare"; it always weighs 0 millibits."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One comparison's outcome between two standard records, with the sentence a steward reads."""

    comparison: str
    level: int
    label: str
    millibits: int
    left: str
    right: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Link:
    """A scored pair of records; `left` is the smaller record id and `levels` follow the rule set's comparisons."""

    left: int
    right: int
    score: int
    levels: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A question for a steward: may the clusters of these two records be one?

    `reason` is `review` (the score lies between review and link), `barred` (it would link, but two exclusive
    identifiers differ) or `cap` (it would link, but the cluster would outgrow the automatic cap).
    """

    left: int
    right: int
    score: int
    reason: str
