"""What is evaluated: a result, the truth it is held against, and the names of its records."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from apps.base.errors import Conflict
from apps.engine.bulk.frames import Ints
from apps.engine.evaluate import Assessment, Fault, Found, ScoredPairs, assess, linked_pairs
from apps.engine.score.calibrate import Judgements
from apps.pipeline.evaluating.truth import Name


class NothingToEvaluate(Conflict):
    """No record is left that has both a truth and a result."""

    code = "evaluate.nothing"
    title = "There is nothing to evaluate"


@dataclass(frozen=True)
class LeftOut:
    """Records that the truth names and the result lacks: never heard of, or known and without a customer."""

    unknown: Sequence[Name] = ()
    gone: Sequence[Name] = ()

    def to_document(self) -> dict[str, Any]:
        """Return plain data: counts, and every record by name."""
        return {
            name: {"records": len(names), "names": [list(record) for record in names]}
            for name, names in (("unknown", self.unknown), ("gone", self.gone))
        }


@dataclass(frozen=True)
class Subject:
    """A result and its truth: `entities` has one code from 0 on per row of the result's standard frame.

    `against` says what the truth is. `judged` holds a pair per decision where people's decisions are the truth;
    otherwise the truth judges every link. `rules_version` is None where no hub was asked.
    """

    against: str
    found: Found
    entities: Ints
    names: Mapping[int, Name]
    rules_version: int | None = None
    judged: ScoredPairs | None = None
    left_out: LeftOut = field(default_factory=LeftOut)

    def assess(self, top: int) -> Assessment:
        """Return the assessment with `top` examples of each kind of fault."""
        return assess(self.found, self.entities, pairs=self.judged, top=top)

    def judgements(self) -> Judgements:
        """Return the pairs to calibrate by: every link between records of the truth, or one per decision.

        Of the decisions only those whose pair was asked about because of its score, which lies between review and
        link. Below, somebody had another reason to ask; above, something else spoke against the pair.
        """
        pairs = self.judged or linked_pairs(self.found, self.entities)
        limits = self.found.rules.thresholds
        asked = (pairs.scores >= limits.review) & (pairs.scores < limits.link)
        found = Judgements(pairs.scores, pairs.same, pairs.left)
        return found.take(asked) if self.judged else found

    def to_document(self, assessment: Assessment) -> dict[str, Any]:
        """Return the assessment as plain data, with records by name."""
        return {
            "against": self.against,
            "rules": {"version": self.rules_version, "digest": self.found.rules.digest},
            "left_out": self.left_out.to_document(),
            **assessment.to_document(),
            "faults": [self.fault_document(fault) for fault in assessment.faults],
        }

    def fault_document(self, fault: Fault) -> dict[str, Any]:
        """Return one fault with its waterfall as plain data; weights in millibits."""
        return {
            "kind": fault.kind,
            "cause": fault.cause,
            "left": dict(zip(("source", "source_key"), self.names[fault.left], strict=True)),
            "right": dict(zip(("source", "source_key"), self.names[fault.right], strict=True)),
            "score": fault.score,
            "prior": fault.prior,
            "evidence": [
                {
                    "comparison": piece.comparison,
                    "label": piece.label,
                    "millibits": piece.millibits,
                    "sentence": piece.sentence,
                    "left": piece.left,
                    "right": piece.right,
                }
                for piece in fault.evidence
            ],
        }
