"""The rules pages: versions, and what publishing one would change."""

from dataclasses import dataclass
from typing import Any, Final

from apps.base.abilities import Ability
from apps.base.actors import Actor
from apps.pipeline.selectors import RunRow, find_run
from apps.pipeline.whatif import Standing, look_at
from apps.rulebook import selectors

COUNT_WORDS: Final = {
    "merged": "customers merged into another",
    "splits": "customers split",
    "created": "new customers",
    "records_transferred": "records moved between customers",
    "moves_revived": "ids live again",
    "retired": "customers retired",
    "revalued": "customers with other golden values",
    "values_changed": "golden values changed",
    "new_cases": "cases opened",
    "rescored_cases": "open cases scored anew",
    "reopened_cases": "decisions to ask about again",
    "cases_closed": "cases closed",
    "events": "events",
    "deliveries": "deliveries",
    "write_backs": "ids to write back",
}
SAMPLE_WORDS: Final = {
    "merged": "Merged into another customer",
    "split": "Split off",
    "transferred": "Moved to another customer",
    "revived": "Ids live again",
    "retired": "Retired",
    "changed": "Other golden values",
    "cases": "Cases",
}


@dataclass(frozen=True, slots=True)
class VersionPage:
    """One version: what its newest dry run found, what stands in the way, and what the reader may do."""

    version: selectors.VersionRow
    standing: Standing
    run: RunRow | None
    counts: tuple[tuple[str, int], ...]
    samples: tuple[tuple[str, list[dict[str, Any]]], ...]
    may_try: bool
    may_approve: bool
    may_publish: bool
    is_under_way: bool


@dataclass(frozen=True, slots=True)
class RulesPage:
    """All versions, the latest publications, and the re-match under way."""

    versions: list[selectors.VersionRow]
    publications: list[selectors.PublicationRow]
    way_back: int | None
    run: RunRow | None


def build_rules() -> RulesPage:
    """Return the list of versions. Six queries at most."""
    publications = selectors.list_publications(limit=10)
    unfinished = next((row for row in publications if row.finished_at is None), None)
    active = selectors.find_active_version()
    return RulesPage(
        versions=selectors.list_versions(),
        publications=publications,
        way_back=selectors.find_version_before(active) if active else None,
        run=find_run(unfinished.run_id) if unfinished and unfinished.run_id else None,
    )


def build_version(number: int, actor: Actor) -> VersionPage:
    """Return one version's page for a reader; raise NotFound. Ten queries at most."""
    version, standing = selectors.get_version(number), look_at(number)
    dry_run = standing.dry_run
    report = dry_run.report if dry_run and dry_run.state == "done" else {}
    is_done = bool(report) and not standing.is_stale
    is_other = version.state != "active"
    approvers = {who for who, _, _ in dry_run.approvals} if dry_run else set()
    own = {version.author, dry_run.asked_by if dry_run else ""}
    is_cleared = not standing.is_over or bool(approvers - {str(actor)})
    return VersionPage(
        version=version,
        standing=standing,
        run=find_run(dry_run.run_id) if dry_run and dry_run.run_id and dry_run.state == "waiting" else None,
        counts=tuple((words, report["counts"].get(name, 0)) for name, words in COUNT_WORDS.items()) if report else (),
        samples=tuple((SAMPLE_WORDS[kind], found) for kind in SAMPLE_WORDS if (found := report["samples"][kind]))
        if report
        else (),
        may_try=actor.may(Ability.TRY_RULES) and is_other and not (dry_run and dry_run.state == "waiting"),
        may_approve=actor.may(Ability.APPROVE_RULES)
        and is_done
        and is_other
        and standing.is_over
        and str(actor) not in own | approvers,
        may_publish=actor.may(Ability.PUBLISH_RULES) and is_done and is_other and is_cleared,
        is_under_way=bool(dry_run and dry_run.state == "waiting"),
    )
