"""Read the scope of a resolve and standardise what is new in it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from apps.engine import bulk
from apps.engine.records import SOURCE_PART
from apps.engine.rules import RuleSet, load_company_rules
from apps.engine.standardise import STANDARDISERS
from apps.engine.statistics import Statistics
from apps.pipeline import snapshot
from apps.pipeline.runs import Journal, QuietJournal
from apps.rulebook.selectors import ActiveRules, find_active_rules, get_active_rules
from apps.rulebook.services import publish_and_activate


@dataclass(frozen=True, slots=True)
class Trial:
    """Rules to decide by instead of those in force. Without `statistics` they get those of the records read."""

    version: int
    rules: RuleSet
    statistics: Statistics | None = None


@dataclass(frozen=True)
class Read:
    """The scope as read, with the standard records of its dirty records made anew.

    `former` has `record` and `key`: the match keys that the dirty records were stored with.
    """

    state: pa.Table
    given: pa.Table
    standard: pa.Table
    links: pa.Table
    verdicts: snapshot.Verdicts
    active: ActiveRules
    former: pa.Table

    @property
    def rules(self) -> RuleSet:
        """The rules in force."""
        return self.active.rules


def read_scope(
    journal: Journal | QuietJournal,
    dirty: Sequence[int],
    around: Sequence[int],
    trial: Trial | None = None,
    *,
    workers: int = 1,
) -> Read:
    """Return everything a resolve of these records may touch; the first load publishes rule set version 1.

    With a `trial` all live records must be dirty; nothing is published then. `workers` bounds the processes that
    standardise.
    """
    known = None if trial else find_active_rules()
    rules = known.rules if known else trial.rules if trial else load_company_rules()
    whole = known is None or len(dirty) > snapshot.NEIGHBOURHOOD_LIMIT
    with journal.stage("read", total=len(dirty)) as stage:
        snapshot.open_scope(dirty, around=around, whole=whole)
        given, state = snapshot.read_given(rules), snapshot.read_state()
        stage.advance(len(dirty))
    fresh = _standardise(journal, dirty, given, state, rules, workers=workers)
    active = known or (_try(journal, fresh, trial) if trial else _publish(journal, fresh, rules))
    former = snapshot.read_former_keys()
    if not whole:
        snapshot.widen_scope(_cold_keys(fresh, former, active))
        given, state = snapshot.read_given(rules), snapshot.read_state()
    standard = pa.concat_tables([fresh, snapshot.read_standard(part_names(rules))], promote_options="permissive")
    return Read(state, given, standard, snapshot.read_links(), snapshot.read_verdicts(), active, former)


def _standardise(
    journal: Journal | QuietJournal,
    dirty: Sequence[int],
    given: pa.Table,
    state: pa.Table,
    rules: RuleSet,
    *,
    workers: int,
) -> pa.Table:
    with journal.stage("standardise", total=len(dirty)) as stage:
        asked = given.filter(pc.is_in(given["record"], pa.array(dirty, pa.int64())))
        named = asked.join(state.select(["record", "source", "source_key", "modified_at"]), "record").sort_by("record")
        fresh = bulk.standardise(named, rules, lambda _, done, total: stage.advance(done, total), workers=workers)
        stage.advance(len(dirty), len(dirty), standard_records=fresh.num_rows)
    return fresh


def _try(journal: Journal | QuietJournal, fresh: pa.Table, trial: Trial) -> ActiveRules:
    statistics = trial.statistics
    if statistics is None:
        with journal.stage("profile", total=fresh.num_rows) as stage:
            statistics = bulk.profile(fresh, trial.rules)
            stage.advance(fresh.num_rows)
    return ActiveRules(trial.version, trial.rules, statistics)


def _publish(journal: Journal | QuietJournal, fresh: pa.Table, rules: RuleSet) -> ActiveRules:
    with journal.stage("profile", total=fresh.num_rows) as stage:
        statistics = bulk.profile(fresh, rules)
        publish_and_activate(
            rules=rules,
            statistics=statistics,
            note=f"published with the statistics of {fresh.num_rows} records",
            actor=journal.actor,
        )
        stage.advance(fresh.num_rows)
    return get_active_rules()


def part_names(rules: RuleSet) -> list[str]:
    """Return the names of all parts that a standard record may have."""
    own = [f"{a.name}.{part}" for a in rules.attributes for part in STANDARDISERS[a.kind].parts]
    return [*own, SOURCE_PART]


def _cold_keys(fresh: pa.Table, former: pa.Table, active: ActiveRules) -> list[int]:
    """Return the match keys that make pairs of the fresh records, as they are and as they were."""
    now = fresh["keys"].combine_chunks().flatten().to_numpy()
    keys = [int(key) for key in np.unique(np.concatenate([now, former["key"].to_numpy()]))]
    hot = active.statistics.are_hot(keys)
    return [key for key, is_hot in zip(keys, hot, strict=True) if not is_hot]
