"""Survivorship: which value of a customer's source records becomes the golden one, and why."""

from apps.engine.survive.claims import PART_OF_A_CLAIM
from apps.engine.survive.merge import merge_members
from apps.engine.survive.party import GoldenParty, GoldenValue, Member, PinnedValue, Rule
from apps.engine.survive.pins import (
    Pin,
    PinState,
    SettledPin,
    hand_over,
    holding_pins,
    pinned_values,
    settle_pins,
)
from apps.engine.survive.policy import PolicyError, Strategy, SurvivorshipPolicy, load_company_policy
from apps.engine.survive.ranking import Ranked, Ranking, rank_members

__all__ = [
    "PART_OF_A_CLAIM",
    "GoldenParty",
    "GoldenValue",
    "Member",
    "Pin",
    "PinState",
    "PinnedValue",
    "PolicyError",
    "Ranked",
    "Ranking",
    "Rule",
    "SettledPin",
    "Strategy",
    "SurvivorshipPolicy",
    "hand_over",
    "holding_pins",
    "load_company_policy",
    "merge_members",
    "pinned_values",
    "rank_members",
    "settle_pins",
]
