"""Everything there is to say about one result, in one go."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from apps.engine.bulk.frames import Ints
from apps.engine.evaluate.faults import Fault, Pairs, loudest_faults
from apps.engine.evaluate.found import Found, count_torn, linked_pairs, torn_pairs
from apps.engine.evaluate.measures import Measures, measure, ranges_of
from apps.engine.evaluate.missed import CAUSES, Missed, examine_missed
from apps.engine.evaluate.overlap import overlap_of
from apps.engine.evaluate.ranges import Range
from apps.engine.evaluate.thresholds import AtThreshold, Bar, ScoredPairs, by_threshold, histogram, thresholds_of

MOST_EXAMINED = 200_000
"""Pairs looked at one by one, of each kind; the counts beside them are of all."""
DIRECT, THROUGH_OTHERS = "links by itself", "joined through others"


@dataclass(frozen=True)
class Wrong:
    """The wrong pairs: `total` of them, `examined` one by one; `direct` link by themselves, the rest through others."""

    total: int
    examined: int
    direct: int

    def to_document(self) -> dict[str, int]:
        """Return plain data."""
        return {
            "pairs": self.total,
            "examined": self.examined,
            DIRECT.replace(" ", "_"): self.direct,
            THROUGH_OTHERS.replace(" ", "_"): self.examined - self.direct,
        }


@dataclass(frozen=True)
class Assessment:
    """Measures with ranges, thresholds, the spread of scores, what was missed or joined wrongly, and examples."""

    measures: Measures
    ranges: dict[str, Range]
    pairs: ScoredPairs
    thresholds: Sequence[AtThreshold]
    bars: Sequence[Bar]
    missed: Missed
    wrong: Wrong
    faults: Sequence[Fault]

    def to_document(self) -> dict[str, Any]:
        """Return plain data; the faults are left to whoever can name the records."""
        return {
            "measures": self.measures.to_document(),
            "ranges": {name: found.to_document() for name, found in self.ranges.items()},
            "thresholds": [row.to_document() for row in self.thresholds],
            "histogram": [bar.to_document() for bar in self.bars],
            "missed": self.missed.to_document(),
            "wrong": self.wrong.to_document(),
        }


def assess(found: Found, entities: Ints, *, pairs: ScoredPairs | None = None, top: int) -> Assessment:
    """Return the assessment of `found` against the true `entities`, one code from 0 on per row of its standard frame.

    The thresholds are those of `pairs`, by default of the links. `top` faults of each kind come with their waterfalls.
    Raises ValueError where there are no rows.
    """
    overlap = overlap_of(entities.tolist(), found.clusters.tolist())
    scored = pairs or linked_pairs(found, entities)
    missed_rows = torn_pairs(entities, found.clusters, MOST_EXAMINED)
    missed = examine_missed(found, *missed_rows, total=count_torn(entities, found.clusters))
    wrong_rows = torn_pairs(found.clusters, entities, MOST_EXAMINED)
    wrong_scores, _ = found.score(*wrong_rows)
    direct = wrong_scores >= found.rules.thresholds.link
    why_wrong = [DIRECT if links else THROUGH_OTHERS for links in direct.tolist()]
    why_missed = [CAUSES[place].value for place in missed.causes.tolist()]
    return Assessment(
        measures=measure(overlap),
        ranges=ranges_of(overlap),
        pairs=scored,
        thresholds=by_threshold(scored, thresholds_of(found.rules, scored.scores)),
        bars=histogram(scored),
        missed=missed,
        wrong=Wrong(count_torn(found.clusters, entities), len(direct), int(np.count_nonzero(direct))),
        faults=[
            *loudest_faults(found, Pairs("wrong", *wrong_rows, wrong_scores, why_wrong), top),
            *loudest_faults(found, Pairs("missed", *missed_rows, missed.scores, why_missed), top),
        ],
    )
