"""Propose a decision, look at it anew, approve, refuse or withdraw it. Nobody decides their own."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from apps.base.abilities import Ability
from apps.base.actors import Actor, acting
from apps.base.errors import Conflict, Forbidden
from apps.base.locks import Gate, lock_gate
from apps.base.retrying import retrying
from apps.golden import selectors as golden
from apps.pipeline.deciding import Judgement, Outcome
from apps.pipeline.deciding.blinding import refuse_proposing
from apps.pipeline.deciding.reshaping import LONGEST_REASON, refuse_reason
from apps.pipeline.models import Proposal
from apps.pipeline.proposals.acts import VERBS, Act, read_customers
from apps.pipeline.proposals.selectors import ProposalMissing


class OwnProposal(Forbidden):
    """Who proposed something doesn't decide it, whatever their role."""

    code = "proposal.own"
    title = "A second person has to decide this"


class ProposalNotYours(Forbidden):
    """Only who proposed something withdraws it."""

    code = "proposal.not_yours"
    title = "Somebody else proposed this"


class ProposalClosed(Conflict):
    """It was approved, refused or withdrawn meanwhile."""

    code = "proposal.closed"
    title = "This proposal is decided"


class ProposalMoved(Conflict):
    """It was looked at anew since: what it would do is not what was on the screen."""

    code = "proposal.moved"
    title = "The proposal shows something else now"


@dataclass(frozen=True, slots=True)
class Approved:
    """A proposal carried out: the decision's number, where there is one, and the customer to look at."""

    proposal_id: int
    verdict_id: int | None
    gid: str


def propose(*, act: Act, versions: Mapping[str, int], reason: str, actor: Actor) -> int:
    """Store a decision for a second person to approve, with what it would do; return its number.

    Nothing else happens. The same act that waits already is returned. Raises AbilityMissing, and what the act's own
    service raises for input, versions and decisions that stand against it.
    """
    actor.refuse_without(act.ability)
    refuse_reason(reason)

    def attempt() -> int:
        with acting(actor, reason=reason):
            lock_gate(Gate.INTAKE)
            waiting = Proposal.objects.filter(fingerprint=act.fingerprint, state=Proposal.State.OPEN).first()
            if waiting is not None:
                return int(waiting.pk)
            if act.name == "judge":
                refuse_proposing(act.arguments["case_id"], actor=actor)
            change = _foresee(act, versions, reason, actor)
            made = Proposal.objects.create(
                act=act.name,
                arguments=dict(act.arguments),
                versions=dict(versions),
                fingerprint=act.fingerprint,
                title=_title(act, change),
                weights=act.list_weights(versions, reason=reason, actor=actor),
                change=change,
                reason=reason,
                proposed_by=str(actor),
                proposed_at=timezone.now(),
            )
            return int(made.pk)

    return retrying(attempt)


def refresh_proposal(*, proposal_id: int, actor: Actor) -> None:
    """Look at a proposal anew: its customers as they are now, and what it would do to them.

    For who proposed it and who may approve. Raises ProposalClosed, and what its service raises where it can't be done
    any more.
    """

    def attempt() -> None:
        with acting(actor, reason=f"proposal {proposal_id} looked at anew"):
            lock_gate(Gate.INTAKE)
            row = _lock(proposal_id)
            if row.proposed_by != str(actor):
                actor.refuse_without(Ability.APPROVE)
            act = act_of(row)
            row.versions = {one["gid"]: one["version"] for one in read_customers(act.list_gids())}
            row.change = _foresee(act, row.versions, row.reason, actor)
            row.title = _title(act, row.change)
            row.revision += 1
            row.save()

    retrying(attempt)


def approve_proposal(*, proposal_id: int, revision: int, reason: str = "", actor: Actor) -> Approved:
    """Carry out what was proposed, through the service that it is a matter of, for the customers as they were seen.

    `revision` is the one on the screen. The decision names both persons. Raises AbilityMissing, OwnProposal,
    ProposalClosed, ProposalMoved, and what the service raises: CustomerChanged where a customer has changed since.
    """
    actor.refuse_without(Ability.APPROVE)

    def attempt() -> Approved:
        with acting(actor, reason=reason or f"proposal {proposal_id} approved"):
            lock_gate(Gate.INTAKE)
            row = _lock(proposal_id)
            _refuse_own(row, actor)
            if row.revision != revision:
                raise ProposalMoved("It was looked at anew since you opened it; look again.", proposal=proposal_id)
            done = act_of(row).carry_out(row.versions, reason=_words(row, reason), actor=actor)
            verdict = _verdict_of(done)
            _close(row, Proposal.State.APPROVED, reason, actor, verdict)
            return Approved(proposal_id, verdict, _look_at(row, done))

    return retrying(attempt)


def refuse_proposal(*, proposal_id: int, reason: str, actor: Actor) -> None:
    """Say no, and why. Raises AbilityMissing, OwnProposal, ProposalClosed."""
    actor.refuse_without(Ability.APPROVE)
    refuse_reason(reason)
    with acting(actor, reason=reason):
        row = _lock(proposal_id)
        _refuse_own(row, actor)
        _close(row, Proposal.State.REFUSED, reason, actor)


def withdraw_proposal(*, proposal_id: int, actor: Actor) -> None:
    """Take one's own proposal back. Raises ProposalNotYours for anybody else's, ProposalClosed."""
    with acting(actor, reason=f"proposal {proposal_id} withdrawn"):
        row = _lock(proposal_id)
        if row.proposed_by != str(actor):
            raise ProposalNotYours("Only who proposed it withdraws it.", proposal=proposal_id)
        _close(row, Proposal.State.WITHDRAWN, "", actor)


def act_of(row: Proposal) -> Act:
    """Return what was proposed."""
    return Act(row.act, row.arguments)  # type: ignore[arg-type] # only acts were stored


def _lock(proposal_id: int) -> Proposal:
    row = Proposal.objects.select_for_update().filter(pk=proposal_id).first()
    if row is None:
        raise ProposalMissing(f"There is no proposal {proposal_id}.", proposal=proposal_id)
    if row.state != Proposal.State.OPEN:
        by = row.decided_by.partition(":")[2]
        raise ProposalClosed(f"{by} has {row.state} it.", proposal=proposal_id, state=row.state, by=row.decided_by)
    return row


def _refuse_own(row: Proposal, actor: Actor) -> None:
    if row.proposed_by == str(actor):
        raise OwnProposal("You proposed this; somebody else has to decide it.", proposal=row.pk)


def _close(row: Proposal, state: Proposal.State, reason: str, actor: Actor, verdict_id: int | None = None) -> None:
    row.state, row.decided_by, row.decided_at = state, str(actor), timezone.now()
    row.decided_why, row.verdict_id = reason[:LONGEST_REASON], verdict_id
    row.save()


def _words(row: Proposal, reason: str) -> str:
    """Return the decision's reason with the proposer's name; the approver is who acts. The proposal keeps the whole."""
    said = f"{row.reason} (proposed by {row.proposed_by.partition(':')[2]}{f', approved: {reason}' if reason else ''})"
    return said if len(said) <= LONGEST_REASON else f"{said[: LONGEST_REASON - 1]}…"


def _foresee(act: Act, versions: Mapping[str, int], reason: str, actor: Actor) -> dict[str, Any]:
    before = read_customers(act.list_gids())
    known = {one["gid"] for one in before}
    records = [record for one in before for record in one["records"]]

    def read(done: Outcome | Judgement | None) -> dict[str, Any]:
        placed = golden.list_customers_of_records(records)
        after = read_customers(sorted({placed[record].gid for record in records if record in placed}))
        for one in after:
            # Governed ids are given out with their customers only.
            one["gid"] = one["gid"] if one["gid"] in known else ""
        told = done if isinstance(done, Outcome) else None
        return {
            "before": before,
            "after": after,
            "write_backs": dict(told.write_backs) if told else {},
            "deliveries": dict(told.deliveries) if told else {},
        }

    found: dict[str, Any] = act.try_out(versions, reason=reason, actor=actor, read=read)
    return found


def _title(act: Act, change: Mapping[str, Any]) -> str:
    names = " and ".join(one["name"] or one["gid"] for one in change["before"])
    field = f" {act.arguments['attribute'].replace('_', ' ')} of" if "attribute" in act.arguments else ""
    return f"{VERBS[act.name]}{field} {names}"[:300]


def _verdict_of(done: Outcome | Judgement | None) -> int | None:
    if isinstance(done, Judgement):
        return done.verdict_id
    return done.decision if done else None


def _look_at(row: Proposal, done: Outcome | Judgement | None) -> str:
    """Return the customer to open: the one that lives on."""
    if isinstance(done, Judgement):
        return done.gid or ""
    gids = [one["gid"] for one in row.change["before"]]
    live = [customer.gid for customer in golden.list_customers(gids) if customer.state == "live"]
    return live[0] if live else gids[0]
