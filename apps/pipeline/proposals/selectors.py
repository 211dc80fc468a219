"""Read proposals. Nothing here writes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.base.actors import Actor
from apps.base.errors import NotFound
from apps.pipeline.models import Proposal

MOST = 50


class ProposalMissing(NotFound):
    """No proposal has that number."""

    code = "proposal.not_found"
    title = "No such proposal"


@dataclass(frozen=True, slots=True)
class ProposalRow:
    """A proposal. `change` has customers `before` and `after`, and whom it tells; `verdict_id` is what came of it."""

    proposal_id: int
    act: str
    arguments: Mapping[str, Any]
    title: str
    weights: Sequence[Mapping[str, str]]
    change: Mapping[str, Any]
    revision: int
    reason: str
    state: str
    proposed_by: str
    proposed_at: datetime
    decided_by: str
    decided_at: datetime | None
    decided_why: str
    verdict_id: int | None


def get_proposal(proposal_id: int) -> ProposalRow:
    """Return one proposal; raise NotFound. One query."""
    row = Proposal.objects.filter(pk=proposal_id).first()
    if row is None:
        raise ProposalMissing(f"There is no proposal {proposal_id}.", proposal=proposal_id)
    return _read(row)


def list_proposals(*, is_open: bool, after: int = 0, limit: int = MOST) -> list[ProposalRow]:
    """Return those that follow a number: that wait, oldest first, or are decided, newest first. One query."""
    if is_open:
        return [_read(row) for row in Proposal.objects.filter(state="open", pk__gt=after).order_by("pk")[:limit]]
    rows = Proposal.objects.exclude(state="open")
    return [_read(row) for row in (rows.filter(pk__lt=after) if after else rows).order_by("-pk")[:limit]]


def list_open(*, after: int = 0) -> list[ProposalRow]:
    """Return proposals that wait, oldest first, at most 50 after the number given. One query."""
    return list_proposals(is_open=True, after=after)


def list_decided(limit: int = 20) -> list[ProposalRow]:
    """Return the proposals decided last. One query."""
    return [_read(row) for row in Proposal.objects.exclude(state="open").order_by("-decided_at")[:limit]]


def count_waiting(actor: Actor) -> int:
    """Return how many proposals wait that somebody else made. One query."""
    return Proposal.objects.filter(state="open").exclude(proposed_by=str(actor)).count()


def _read(row: Proposal) -> ProposalRow:
    return ProposalRow(
        row.pk, row.act, row.arguments, row.title, row.weights, row.change, row.revision, row.reason, row.state,
        row.proposed_by, row.proposed_at, row.decided_by, row.decided_at, row.decided_why, row.verdict_id,
    )  # fmt: skip
