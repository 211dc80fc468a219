"""Evaluating: how good a result is against the truth, how sure that is, and what went wrong where."""

from apps.engine.evaluate.measures import Measures, evaluate, f1, measure, ranges_of
from apps.engine.evaluate.overlap import Overlap, overlap_of
from apps.engine.evaluate.ranges import Range, ratio_range, wilson

__all__ = [
    "Measures",
    "Overlap",
    "Range",
    "evaluate",
    "f1",
    "measure",
    "overlap_of",
    "ranges_of",
    "ratio_range",
    "wilson",
]
