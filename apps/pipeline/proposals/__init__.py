"""Decisions that take a second person: proposed, looked at, approved or refused, and carried out as any other."""

from apps.pipeline.proposals.acts import Act
from apps.pipeline.proposals.selectors import ProposalRow, count_waiting, get_proposal, list_decided, list_open
from apps.pipeline.proposals.services import (
    Approved,
    OwnProposal,
    ProposalClosed,
    ProposalMoved,
    approve_proposal,
    propose,
    refresh_proposal,
    refuse_proposal,
    withdraw_proposal,
)

__all__ = [
    "Act",
    "Approved",
    "OwnProposal",
    "ProposalClosed",
    "ProposalMoved",
    "ProposalRow",
    "approve_proposal",
    "count_waiting",
    "get_proposal",
    "list_decided",
    "list_open",
    "propose",
    "refresh_proposal",
    "refuse_proposal",
    "withdraw_proposal",
]
