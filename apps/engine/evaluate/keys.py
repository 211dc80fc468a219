"""What each match key finds: its pairs, the true ones among them, and those that no other key finds."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from apps.engine.block.hashing import PLACE_MASK
from apps.engine.bulk.blocking import keyed_rows, pairs_within, runs
from apps.engine.bulk.frames import Flags, Ints
from apps.engine.evaluate.found import Found


@dataclass(frozen=True, slots=True)
class PairCount:
    """Distinct pairs of records, and how many of them are true: of one entity."""

    pairs: int
    true: int


@dataclass(frozen=True, slots=True)
class KeyMeasures:
    """What one match key of the rule set `found`, and what of it was found by it `alone`.

    `held` counts its keys over all records, whether they make pairs or not; `hot` the different ones among them that
    are too common to make any.
    """

    name: str
    held: int
    hot: int
    found: PairCount
    alone: PairCount


@dataclass(frozen=True, slots=True)
class KeysReport:
    """What the match keys of a rule set, in its order, find by themselves and `together`.

    `owed` is how many true pairs there are. `made` counts a pair once for each key that it shares, as the rule set's
    `budget` (pairs per record) does.
    """

    records: int
    owed: int
    made: int
    budget: int
    together: PairCount
    keys: Sequence[KeyMeasures]

    def recall(self, count: PairCount) -> float:
        """Return the share of all true pairs that these are (0..1); where there are none, none is missed."""
        return count.true / self.owed if self.owed else 1.0

    def per_record(self, count: int) -> float:
        """Return the mean over records."""
        return count / max(self.records, 1)

    def to_document(self) -> dict[str, Any]:
        """Return plain data, shares and means rounded to five places."""
        return {
            "records": self.records,
            "owed": self.owed,
            **self._counted(self.together),
            "pairs_per_record": round(self.per_record(self.together.pairs), 5),
            "made_per_record": round(self.per_record(self.made), 5),
            "budget": self.budget,
            "keys": [
                {
                    "name": key.name,
                    "keys_per_record": round(self.per_record(key.held), 5),
                    "hot_keys": key.hot,
                    **self._counted(key.found),
                    "alone": self._counted(key.alone),
                }
                for key in self.keys
            ],
        }

    def _counted(self, count: PairCount) -> dict[str, int | float]:
        return {"pairs": count.pairs, "true_pairs": count.true, "recall": round(self.recall(count), 5)}


def measure_keys(found: Found, entities: Ints) -> KeysReport:
    """Return what the match keys find among the rows of `found`; `entities` has one code from 0 on for each row.

    Pairs are those between these rows; whether a key is too common is told by all records.
    """
    records = found.standard.num_rows
    rows, keys = keyed_rows(found.standard)
    order = np.argsort(keys, kind="stable")
    starts, sizes = runs(keys[order])
    held = keys[order][starts]
    places, usable = held & PLACE_MASK, found.are_usable(held)
    by_key = [
        pairs_within(rows[order], starts[mine], sizes[mine], records)
        for mine in (usable & (sizes > 1) & (places == place) for place in range(len(found.rules.keys)))
    ]
    pairs, finders = np.unique(np.concatenate(by_key), return_counts=True)
    same = entities[pairs // records] == entities[pairs % records]
    members = np.bincount(entities)
    measures = []
    for place, (key, made) in enumerate(zip(found.rules.keys, by_key, strict=True)):
        at, mine = np.searchsorted(pairs, made), places == place
        alone = same[at[finders[at] == 1]]
        hot = int(np.count_nonzero(mine & ~usable))
        measures.append(KeyMeasures(key.name, int(sizes[mine].sum()), hot, _count(same[at]), _count(alone)))
    return KeysReport(
        records=records,
        owed=int((members * (members - 1) // 2).sum()),
        made=int((sizes * (sizes - 1) // 2)[usable].sum()),
        budget=found.rules.caps.pairs,
        together=_count(same),
        keys=measures,
    )


def _count(same: Flags) -> PairCount:
    return PairCount(len(same), int(np.count_nonzero(same)))
