"""Decisions that take a second person: proposed, looked at, approved or refused, and carried out as any other."""

from apps.pipeline.proposals.acts import Act
from apps.pipeline.proposals.selectors import (
    ProposalMissing,
    ProposalRow,
    count_waiting,
    get_proposal,
    list_decided,
    list_open,
    list_proposals,
)
from apps.pipeline.proposals.services import (
    Approved,
    OwnProposal,
    ProposalClosed,
    ProposalMoved,
    ProposalNotYours,
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
    "ProposalMissing",
    "ProposalMoved",
    "ProposalNotYours",
    "ProposalRow",
    "approve_proposal",
    "count_waiting",
    "get_proposal",
    "list_decided",
    "list_open",
    "list_proposals",
    "propose",
    "refresh_proposal",
    "refuse_proposal",
    "withdraw_proposal",
]
