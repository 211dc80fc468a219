"""What publishing a rule set would change, and publishing it. Each name is kept in the module of its topic."""

from apps.pipeline.whatif.publishing import (
    AlreadyInForce,
    ApprovalNeeded,
    NoDryRun,
    NoWayBack,
    StaleDryRun,
    Standing,
    approve_version,
    carry_out_due,
    carry_out_rematch,
    find_way_back,
    list_awaiting_approval,
    look_at,
    publish_shipped_rules,
    publish_version,
)
from apps.pipeline.whatif.trying import carry_out_dry_run, try_version

__all__ = [
    "AlreadyInForce",
    "ApprovalNeeded",
    "NoDryRun",
    "NoWayBack",
    "StaleDryRun",
    "Standing",
    "approve_version",
    "carry_out_dry_run",
    "carry_out_due",
    "carry_out_rematch",
    "find_way_back",
    "list_awaiting_approval",
    "look_at",
    "publish_shipped_rules",
    "publish_version",
    "try_version",
]
