"""Why a value won, in a steward's words."""

from dataclasses import dataclass
from datetime import datetime

from apps.engine.survive.party import Member, Rule


@dataclass(frozen=True, slots=True)
class Contest:
    """Facts of one decision: records that gave a value, records still equal when the rule spoke, and its measure."""

    claims: int
    contenders: int
    measure: int


def reason_words(rule: Rule, winner: Member, contest: Contest) -> str:
    """Return one sentence that tells a steward why the winner's value was chosen."""
    name = f"{winner.source} {winner.source_key}"
    if rule is Rule.ONLY_VALUE:
        return f"Only {name} gives a value."
    if rule is Rule.AGREED:
        return f"All {contest.claims} records that give a value agree."
    if rule is Rule.FIRST_IN_ORDER:
        return f"The rules leave {contest.contenders} records equal; {name} comes first in order of source and key."
    return f"{name} {_merit(rule, winner, contest)}, among {_field(contest)}."


def pinned_words(value: str) -> str:
    """Return the sentence for a value that a steward fixed."""
    return "Fixed by a steward." if value else "Fixed as empty by a steward."


def _field(contest: Contest) -> str:
    if contest.contenders == contest.claims:
        return f"{contest.claims} records that give a value"
    return f"the {contest.contenders} records that earlier rules left equal"


def _merit(rule: Rule, winner: Member, contest: Contest) -> str:
    merits = {
        Rule.FITS_PIN: "agrees with what a steward fixed beside it",
        Rule.HAS_LEAD: "gives the leading part of the block",
        Rule.MOST_TRUSTED: f"is the most trusted (trust {winner.trust})",
        Rule.MOST_RECENT: f"was changed last ({_day(winner.modified_at)})",
        Rule.MOST_COMPLETE: "is the most complete",
        Rule.MOST_FREQUENT: f"gives the value that most records give ({contest.measure})",
        Rule.VERIFIED_FIRST: "gives the number with the best check",
    }
    return merits[rule]


def _day(instant: datetime | None) -> str:
    return "no date" if instant is None else instant.date().isoformat()
