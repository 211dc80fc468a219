"""Put a rule set version in force, and match every record by it: gated by a dry run, resumable, and with a way back.

The law of this module: the version comes into force at one moment, at which no live writer and no bulk run is under
way; from then on whoever meets a record that another version matched last matches it anew. So a re-match may be killed
anywhere and go on, and what comes in meanwhile comes out as if it had come after.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from django.conf import settings

from apps.base.abilities import Ability
from apps.base.actors import Actor, acting
from apps.base.errors import Conflict, Forbidden
from apps.base.locks import Gate, lock_gate
from apps.engine.rules import load_company_rules
from apps.engine.statistics import Statistics
from apps.pipeline.flow import Ask, resolve
from apps.pipeline.models import Run
from apps.pipeline.runs import Listener, journal
from apps.pipeline.snapshot import list_outdated, list_pending
from apps.pipeline.whatif.marks import count_moved
from apps.pipeline.whatif.trying import carry_out_dry_run
from apps.rulebook import selectors, services

MOST_FAILURES: Final = 5
logger = logging.getLogger(__name__)


class NoDryRun(Conflict):
    """A version is to be published that no dry run looked at."""

    code = "rules.no_dry_run"
    title = "A dry run has to come first"


class StaleDryRun(Conflict):
    """The hub moved on since the dry run, which no longer says what would happen."""

    code = "rules.stale_dry_run"
    title = "The dry run is out of date"


class ApprovalNeeded(Forbidden):
    """Publishing would change more than one person may decide."""

    code = "rules.approval_needed"
    title = "A second person has to approve this"


class AlreadyInForce(Conflict):
    """The version is in force."""

    code = "rules.in_force"
    title = "This version is in force already"


class NoWayBack(Conflict):
    """No other version was in force before."""

    code = "rules.no_way_back"
    title = "There is no version before this one"


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands between a version and its publication: `is_free` where nothing does.

    `moved` records changed since the dry run, of which `moved_limit` may; `limit` is the share of customers that one
    person may change.
    """

    dry_run: selectors.DryRunRow | None
    moved: int
    moved_limit: int
    is_stale: bool
    limit: float
    is_over: bool
    is_approved: bool

    @property
    def is_free(self) -> bool:
        """Whether it may be published by somebody other than the approver."""
        done = self.dry_run is not None and self.dry_run.state == "done"
        return done and not self.is_stale and (self.is_approved or not self.is_over)


def look_at(number: int) -> Standing:
    """Return what stands between a version and its publication; raise NotFound. Five queries at most."""
    selectors.get_version(number)
    dry_run = selectors.find_dry_run(number)
    limit = float(settings.MDM["RULES_CHANGE_SHARE"])
    if dry_run is None or dry_run.state != "done":
        return Standing(dry_run, 0, 0, False, limit, False, False)
    moved = count_moved(dry_run.marks)
    allowed = int(float(settings.MDM["RULES_STALE_SHARE"]) * dry_run.marks["records"])
    is_stale = moved > allowed or selectors.find_active_version() != dry_run.marks["in_force"]
    share = float(dry_run.report["share"])
    return Standing(dry_run, moved, allowed, is_stale, limit, share > limit, bool(dry_run.approvals))


def list_awaiting_approval() -> list[selectors.DryRunRow]:
    """Return the dry runs of versions that change more than one person may, and that nobody approved. Three queries."""
    return selectors.list_unapproved(above=float(settings.MDM["RULES_CHANGE_SHARE"]))


def approve_version(*, number: int, reason: str, actor: Actor) -> None:
    """Give a second person's word for a version's newest dry run.

    Raises NotFound, NoDryRun, StaleDryRun, OwnApproval and ReasonMissing.
    """
    actor.refuse_without(Ability.APPROVE_RULES)
    dry_run = _fresh(number, look_at(number))
    services.approve(dry_run_id=dry_run.dry_run_id, reason=reason, actor=actor)


def publish_version(*, number: int, reason: str, actor: Actor) -> selectors.PublicationRow:
    """Put a version in force, and owe the re-match, which `carry_out_rematch` or a worker does.

    Raises NotFound, AlreadyInForce, NoDryRun, StaleDryRun, ApprovalNeeded (403) above the limit without the word of
    somebody other than `actor`, OutdatedRules and ReasonMissing. Waits for a bulk run that is under way.
    """
    actor.refuse_without(Ability.PUBLISH_RULES)
    # Nobody is amid a resolve by the version that goes out of force.
    with acting(actor, reason=reason or f"version {number} published"):
        lock_gate(Gate.RESOLVE)
        lock_gate(Gate.INTAKE)
        standing = look_at(number)
        if selectors.find_active_version() == number:
            raise AlreadyInForce(f"Version {number} is in force.", version=number)
        dry_run = _fresh(number, standing)
        selectors.get_rules(number)
        if standing.is_over and not services.is_approved_beside(dry_run.dry_run_id, actor):
            raise ApprovalNeeded(
                f"Version {number} would change {dry_run.report['share']:.2%} of the customers; one person may change"
                f" {standing.limit:.2%}. Have somebody else approve it.",
                version=number,
                share=dry_run.report["share"],
                limit=standing.limit,
            )
        services.put_in_force(number=number, dry_run_id=dry_run.dry_run_id, reason=reason, actor=actor)
        found = selectors.find_unfinished()
    if found is None:
        raise AlreadyInForce(f"Version {number} is in force.", version=number)
    return found


def find_way_back() -> int:
    """Return the version that was in force before the present one; raise NoActiveRules, NoWayBack. Two queries."""
    number = selectors.get_active_rules().version
    before = selectors.find_version_before(number)
    if before is None:
        raise NoWayBack(f"No other version was in force before version {number}.", version=number)
    return before


def carry_out_rematch(*, actor: Actor, listener: Listener | None = None) -> Run | None:
    """Match by the version in force whatever another version matched last; None where nothing is owed.

    Killed anywhere, it goes on where it was: chunks that committed are done. Raises Conflict where another process has
    it.
    """
    publication = selectors.find_unfinished()
    if publication is None:
        return None
    number = publication.publication_id
    arguments = {"publication": number, "version": publication.version}
    try:
        with journal(kind="rematch", arguments=arguments, actor=actor, listener=listener) as log:
            services.note_rematch(publication_id=number, run_id=log.run_id, actor=actor)
            dirty = sorted({*list_outdated(publication.version), *list_pending()})
            ask = Ask(
                reason=f"rule set version {publication.version} published: {publication.reason}"[:300],
                dirty=dirty,
                chunk_records=settings.MDM["CHUNK_RECORDS"],
                workers=settings.MDM["LOAD_WORKERS"],
            )
            log.count(records=len(dirty))
            log.count(**resolve(log, ask).counts)
            # What others kept changing is in the redo queue by now, or was matched by them.
            if not list_outdated(publication.version):
                services.end_rematch(publication_id=number, actor=actor)
    except Conflict:
        raise
    except Exception as error:
        # Whatever it was belongs in the publication's record; the next poll resumes, until the attempts are used up.
        services.fail_rematch(publication_id=number, failure=f"{type(error).__name__}: {error}", actor=actor)
        raise
    return log.run


def carry_out_due() -> str:
    """Carry out what was asked for and nobody does: dry runs, and the re-match that is owed. Say how many."""
    done = 0
    for dry_run_id in selectors.list_waiting_dry_runs():
        done += _try_once(partial(carry_out_dry_run, dry_run_id=dry_run_id, actor=Actor.hub("dry run")))
    publication = selectors.find_unfinished()
    if publication is not None and publication.failures < MOST_FAILURES:
        done += _try_once(lambda: carry_out_rematch(actor=Actor.hub("rematch")))
    return f"{done} jobs carried out"


def publish_shipped_rules(*, actor: Actor) -> None:
    """Put the shipped rules in force on a hub that has none yet, so that the first push finds rules.

    There is nothing to count yet, so every word and value counts as rare until the next version.
    """
    with acting(actor, reason="first rules"):
        # The second of two waits for the first, and then finds its rules.
        lock_gate(Gate.RULES)
        if selectors.find_active_version() is None:
            rules = load_company_rules()
            services.publish_and_activate(
                rules=rules,
                statistics=Statistics(0, rules.digest),
                note="the shipped rules, published before any record was there",
                actor=actor,
            )


def _try_once(work: Callable[[], object]) -> int:
    """Carry a job out; what stands against it, or went wrong with it, is in its own record."""
    try:
        return int(work() is not None)
    except Conflict:
        return 0
    except Exception:
        # One job's trouble must not keep the others waiting; its record says what it was.
        logger.exception("a job of the rule sets failed")
        return 0


def _fresh(number: int, standing: Standing) -> selectors.DryRunRow:
    dry_run = standing.dry_run
    if dry_run is None or dry_run.state != "done":
        raise NoDryRun(
            f"No dry run of version {number} is done; `manage.py rules dry-run {number}` makes one.", version=number
        )
    if standing.is_stale:
        raise StaleDryRun(
            f"Since the dry run of version {number}, {standing.moved} records changed (up to {standing.moved_limit}"
            " may), or another version came into force. Make a new one.",
            version=number,
            moved=standing.moved,
            allowed=standing.moved_limit,
        )
    return dry_run
