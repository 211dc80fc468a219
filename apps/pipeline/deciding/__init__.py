"""A person's decisions: stored as verdicts, carried out at once, undone without residue.

Everything of one decision commits together: verdict, partition, values, history, events and the case's end. A merge,
a split or a transfer is nothing but a verdict on pairs of records, so that every later run comes to the same customers.
"""

from apps.pipeline.deciding.judging import Judgement, judge_case, list_recent_decisions
from apps.pipeline.deciding.outcome import After, Outcome
from apps.pipeline.deciding.pairing import judge_records
from apps.pipeline.deciding.regrouping import regroup_records
from apps.pipeline.deciding.reshaping import merge_customers, split_customer, transfer_record, unmerge_customer
from apps.pipeline.deciding.undoing import DecisionNotYours, Difference, Undone, undo_decision
from apps.pipeline.deciding.versions import CustomerChanged, VersionNeeded
from apps.pipeline.foreseeing import Choice, foresee_values, read_joined

__all__ = [
    "After",
    "Choice",
    "CustomerChanged",
    "DecisionNotYours",
    "Difference",
    "Judgement",
    "Outcome",
    "Undone",
    "VersionNeeded",
    "foresee_values",
    "judge_case",
    "judge_records",
    "list_recent_decisions",
    "merge_customers",
    "read_joined",
    "regroup_records",
    "split_customer",
    "transfer_record",
    "undo_decision",
    "unmerge_customer",
]
