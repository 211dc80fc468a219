"""Evaluating: how good a result is against the truth, how sure that is, and what went wrong where."""

from apps.engine.evaluate.assessment import Assessment, Wrong, assess
from apps.engine.evaluate.faults import Fault
from apps.engine.evaluate.found import Found, holders_in, linked_pairs
from apps.engine.evaluate.keys import KeyMeasures, KeysReport, PairCount, measure_keys
from apps.engine.evaluate.measures import Measures, evaluate, f1, measure, ranges_of
from apps.engine.evaluate.missed import Cause, Missed
from apps.engine.evaluate.overlap import Overlap, codes_of, overlap_of
from apps.engine.evaluate.ranges import Range, ratio_range, wilson
from apps.engine.evaluate.thresholds import AtThreshold, Bar, ScoredPairs, by_threshold, histogram

__all__ = [
    "Assessment",
    "AtThreshold",
    "Bar",
    "Cause",
    "Fault",
    "Found",
    "KeyMeasures",
    "KeysReport",
    "Measures",
    "Missed",
    "Overlap",
    "PairCount",
    "Range",
    "ScoredPairs",
    "Wrong",
    "assess",
    "by_threshold",
    "codes_of",
    "evaluate",
    "f1",
    "histogram",
    "holders_in",
    "linked_pairs",
    "measure",
    "measure_keys",
    "overlap_of",
    "ranges_of",
    "ratio_range",
    "wilson",
]
