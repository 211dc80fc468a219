"""Prepare, try, approve and publish rule set versions. One is in force; one that was tried never changes."""

import json
from collections.abc import Mapping
from typing import Any

from django.db.models import Max
from django.utils import timezone

from apps.base.abilities import Ability
from apps.base.actors import Actor, acting
from apps.base.errors import Conflict, Forbidden, Invalid, NotFound
from apps.engine import standardise
from apps.engine.rules import RuleSet
from apps.engine.statistics import Statistics
from apps.rulebook.models import Approval, DryRun, Publication, RuleSetVersion
from apps.rulebook.selectors import list_approvers

LONGEST_REASON = 500


class NotADraft(Conflict):
    """A version that was tried or published is to be changed."""

    code = "rules.not_a_draft"
    title = "This version can't be changed any more"


class OwnApproval(Forbidden):
    """Who made or tried a version may not approve it: that takes a second person."""

    code = "rules.own_approval"
    title = "A second person has to approve this"


class ReasonMissing(Invalid):
    """Rules are approved and published for a reason, which history keeps."""

    code = "rules.reason_missing"
    title = "A reason is needed"


def publish_and_activate(*, rules: RuleSet, statistics: Statistics, note: str, actor: Actor) -> RuleSetVersion:
    """Freeze the rules with the statistics of the records at hand as the next version, and put it in force.

    For a hub without records matched by another version: nothing is matched anew.
    """
    with acting(actor, reason=note):
        RuleSetVersion.objects.filter(state=RuleSetVersion.State.ACTIVE).update(state=RuleSetVersion.State.RETIRED)
        version = RuleSetVersion.objects.create(
            number=_next_number(),
            state=RuleSetVersion.State.ACTIVE,
            document=json.loads(json.dumps(rules.to_document())),
            digest=rules.digest,
            standardiser_digest=standardise.digest(),
            statistics=statistics.to_bytes(),
            record_count=statistics.records,
            note=note,
            author=str(actor),
        )
        Publication.objects.create(
            version=version, published_by=str(actor), reason=note[:LONGEST_REASON], finished_at=timezone.now()
        )
    return version


def save_draft(*, rules: RuleSet, note: str, actor: Actor) -> RuleSetVersion:
    """Keep rules as a draft under the next number. Its first dry run freezes the statistics."""
    actor.refuse_without(Ability.DRAFT_RULES)
    with acting(actor, reason=note or "draft saved"):
        return RuleSetVersion.objects.create(
            number=_next_number(),
            state=RuleSetVersion.State.DRAFT,
            document=json.loads(json.dumps(rules.to_document())),
            digest=rules.digest,
            standardiser_digest=standardise.digest(),
            note=note[:LONGEST_REASON],
            author=str(actor),
        )


def freeze(*, number: int, statistics: Statistics, actor: Actor) -> None:
    """Freeze a draft with statistics; from here on it never changes. Raises NotADraft where it was frozen before."""
    with acting(actor, reason=f"version {number} tried"):
        frozen = RuleSetVersion.objects.filter(number=number, state=RuleSetVersion.State.DRAFT).update(
            state=RuleSetVersion.State.TRIED,
            statistics=statistics.to_bytes(),
            record_count=statistics.records,
            standardiser_digest=standardise.digest(),
        )
    if not frozen:
        raise NotADraft(f"Version {number} is no draft.", version=number)


def ask_dry_run(*, number: int, actor: Actor) -> DryRun:
    """Have what publishing a version would change found out; one that waits already is returned. Raises NotFound."""
    actor.refuse_without(Ability.TRY_RULES)
    version = _get(number)
    with acting(actor, reason=f"dry run of version {number}"):
        waiting = DryRun.objects.filter(version=version, state=DryRun.State.WAITING).first()
        return waiting or DryRun.objects.create(version=version, asked_by=str(actor))


def note_dry_run(*, dry_run_id: int, run_id: int, actor: Actor) -> None:
    """Say which run carries a dry run out."""
    with acting(actor, reason="dry run begun", run_id=run_id):
        DryRun.objects.filter(pk=dry_run_id).update(run_id=run_id)


def keep_report(
    *, dry_run_id: int, marks: Mapping[str, Any], digest: str, report: Mapping[str, Any], actor: Actor
) -> None:
    """Keep what a dry run found, and how far the hub had come when it looked."""
    with acting(actor, reason="dry run done"):
        DryRun.objects.filter(pk=dry_run_id).update(
            state=DryRun.State.DONE,
            marks=dict(marks),
            digest=digest,
            report=dict(report),
            failure="",
            finished_at=timezone.now(),
        )


def fail_dry_run(*, dry_run_id: int, failure: str, actor: Actor) -> None:
    """Say why a dry run came to nothing."""
    with acting(actor, reason="dry run failed"):
        DryRun.objects.filter(pk=dry_run_id, state=DryRun.State.WAITING).update(
            state=DryRun.State.FAILED, failure=failure[:500], finished_at=timezone.now()
        )


def approve(*, dry_run_id: int, reason: str, actor: Actor) -> Approval:
    """Keep a second person's word that what the dry run found may happen; given twice, it counts once.

    Raises OwnApproval for who wrote the version, asked for the dry run or is no person, and ReasonMissing.
    """
    actor.refuse_without(Ability.APPROVE_RULES)
    said = _reason(reason)
    dry_run = DryRun.objects.select_related("version").get(pk=dry_run_id)
    if actor.kind == "hub":
        raise OwnApproval("The hub's own jobs approve nothing; a person has to.")
    if str(actor) in {dry_run.version.author, dry_run.asked_by}:
        raise OwnApproval(
            f"{actor.name} wrote version {dry_run.version.number} or asked for its dry run; somebody else approves it.",
            version=dry_run.version.number,
        )
    with acting(actor, reason=said):
        approval, _ = Approval.objects.get_or_create(dry_run=dry_run, approved_by=str(actor), defaults={"reason": said})
    return approval


def put_in_force(*, number: int, dry_run_id: int, reason: str, actor: Actor) -> Publication:
    """Put a tried or retired version in force, and owe its re-match. Whoever calls this has checked the dry run.

    Runs in the caller's transaction, which keeps live writers out.
    """
    actor.refuse_without(Ability.PUBLISH_RULES)
    said = _reason(reason)
    version = _get(number)
    with acting(actor, reason=said):
        Publication.objects.filter(finished_at=None).update(
            finished_at=timezone.now(), failure=f"version {number} was published before it was done"
        )
        RuleSetVersion.objects.filter(state=RuleSetVersion.State.ACTIVE).update(
            state=RuleSetVersion.State.RETIRED, is_settled=False
        )
        version.state, version.is_settled = RuleSetVersion.State.ACTIVE, False
        version.save(update_fields=["state", "is_settled"])
        return Publication.objects.create(version=version, dry_run_id=dry_run_id, published_by=str(actor), reason=said)


def note_rematch(*, publication_id: int, run_id: int, actor: Actor) -> None:
    """Say which run carries a publication's re-match out."""
    with acting(actor, reason="re-match begun", run_id=run_id):
        Publication.objects.filter(pk=publication_id).update(run_id=run_id)


def end_rematch(*, publication_id: int, actor: Actor) -> None:
    """Say that every record is matched by the version that came into force."""
    with acting(actor, reason="re-match done"):
        ended = Publication.objects.filter(pk=publication_id, finished_at=None)
        RuleSetVersion.objects.filter(pk__in=ended.values("version_id"), state=RuleSetVersion.State.ACTIVE).update(
            is_settled=True
        )
        ended.update(finished_at=timezone.now(), failure="")


def fail_rematch(*, publication_id: int, failure: str, actor: Actor) -> None:
    """Note why a re-match stopped; it is due again."""
    with acting(actor, reason="re-match stopped"):
        publication = Publication.objects.get(pk=publication_id)
        publication.failures += 1
        publication.failure = failure[:500]
        publication.save(update_fields=["failures", "failure"])


def is_approved_beside(dry_run_id: int, actor: Actor) -> bool:
    """Say whether somebody other than `actor` approved a dry run. One query."""
    return bool(set(list_approvers(dry_run_id)) - {str(actor)})


def _get(number: int) -> RuleSetVersion:
    version = RuleSetVersion.objects.filter(number=number).first()
    if version is None:
        raise NotFound(f"There is no rule set version {number}.", version=number)
    return version


def _reason(reason: str) -> str:
    if not reason.strip():
        raise ReasonMissing("Say why.")
    return reason.strip()[:LONGEST_REASON]


def _next_number() -> int:
    return (RuleSetVersion.objects.aggregate(top=Max("number"))["top"] or 0) + 1
