"""What a person decided lately, and may take back."""

from dataclasses import dataclass
from datetime import datetime

from apps.base.actors import Actor
from apps.golden import selectors as golden
from apps.matching.decisions import RecentVerdict, get_taken
from apps.pipeline.deciding import list_recent_decisions

UNDO_LIMIT = 50
VERDICT_WORDS = {"same": "Same", "different": "Different", "related": "Related", "not_sure": "Not sure"}


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision of this person that can be taken back."""

    verdict_id: int
    words: str
    at: datetime
    case_id: int | None
    names: str = ""
    reason: str = ""


def list_decisions(actor: Actor, *, limit: int = 6) -> list[Decision]:
    """Return the latest decisions of a person that still stand, with the customers' names as they are now.

    Two queries.
    """
    standing = _list_standing(actor)[:limit]
    gids = {gid for row in standing for gid in (row.low_gid, row.high_gid) if gid}
    names = {customer.gid: customer.name or customer.gid for customer in golden.list_customers(gids)}
    return [
        Decision(
            row.verdict_id,
            VERDICT_WORDS.get(row.kind, row.kind),
            row.decided_at,
            row.case_id,
            " / ".join(names.get(gid, gid) for gid in (row.low_gid, row.high_gid) if gid),
            row.reason,
        )
        for row in standing
    ]


def find_latest_decision(actor: Actor) -> Decision | None:
    """Return the newest decision of a person that still stands, or None. One query."""
    for row in _list_standing(actor):
        return Decision(row.verdict_id, VERDICT_WORDS.get(row.kind, row.kind), row.decided_at, row.case_id)
    return None


def find_customer_of(verdict_id: int) -> str:
    """Return the governed id of the first customer that a decision saw; empty where it says none. Two queries."""
    return next((side.gid for side in get_taken(verdict_id).sides if side.gid), "")


def list_undoable(actor: Actor) -> set[int]:
    """Return the decisions a person may take back: their last fifty that still stand. One query."""
    return {row.verdict_id for row in _list_standing(actor)}


def _list_standing(actor: Actor) -> list[RecentVerdict]:
    # "Not sure" decides nothing: its case is still open, so there is nothing to take back.
    recent = list_recent_decisions(actor=actor, limit=UNDO_LIMIT)
    return [row for row in recent if not row.is_undone and row.kind != "not_sure"]
