"""The loudest faults of a result, each with its waterfall: pairs joined wrongly, pairs missed."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from apps.engine.bulk.frames import Ints, records_of
from apps.engine.compare import compare
from apps.engine.evaluate.found import Found
from apps.engine.records import Evidence


@dataclass(frozen=True)
class Fault:
    """One pair that the result got wrong, by record ids; the score is the prior plus the evidence, in millibits."""

    kind: str
    cause: str
    left: int
    right: int
    prior: int
    score: int
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True)
class Pairs:
    """Pairs of rows that the result got wrong in one way (`kind`): their scores in millibits, and a cause for each."""

    kind: str
    left: Ints
    right: Ints
    scores: Ints
    causes: Sequence[str]


def loudest_faults(found: Found, pairs: Pairs, top: int) -> list[Fault]:
    """Return the `top` pairs by score, highest first (ties by rows), with the evidence for and against."""
    left, right = pairs.left, pairs.right
    chosen = np.lexsort((right, left, -pairs.scores))[:top].tolist()
    ids = records_of(found.standard)
    return [
        Fault(
            kind=pairs.kind,
            cause=pairs.causes[at],
            left=int(ids[left[at]]),
            right=int(ids[right[at]]),
            prior=found.rules.prior,
            score=int(pairs.scores[at]),
            evidence=tuple(
                compare(_parts(found, int(left[at])), _parts(found, int(right[at])), found.rules, found.statistics)
            ),
        )
        for at in chosen
    ]


def _parts(found: Found, row: int) -> dict[str, str]:
    values = found.standard.slice(row, 1).to_pylist()[0]
    return {name: value for name, value in values.items() if "." in name and value is not None}
