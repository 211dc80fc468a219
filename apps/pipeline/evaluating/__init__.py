"""Evaluate what the hub holds, or what files give, against a truth file or against stewards' verdicts."""

from apps.pipeline.evaluating.files import subject_of_files
from apps.pipeline.evaluating.stored import subject_of_truth, subject_of_verdicts
from apps.pipeline.evaluating.subject import LeftOut, NothingToEvaluate, Subject
from apps.pipeline.evaluating.truth import Truth, TruthRefused, read_truth

__all__ = [
    "LeftOut",
    "NothingToEvaluate",
    "Subject",
    "Truth",
    "TruthRefused",
    "read_truth",
    "subject_of_files",
    "subject_of_truth",
    "subject_of_verdicts",
]
