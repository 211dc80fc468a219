"""Read which rules are in force. Nothing here writes."""

from dataclasses import dataclass
from functools import lru_cache

from django.db import connection

from apps.base.errors import Conflict, NotFound
from apps.engine import standardise
from apps.engine.rules import RuleSet
from apps.engine.statistics import Statistics
from apps.rulebook.models import RuleSetVersion


class OutdatedRules(Conflict):
    """The rule set version in force was made with other standardisation tables or libraries than this process has."""

    code = "rules.outdated"
    title = "The records must be standardised again"


class NoActiveRules(Conflict):
    """No rule set version is active, so nothing can be matched or explained."""

    code = "rules.none_active"
    title = "No rule set is active"


@dataclass(frozen=True, slots=True)
class ActiveRules:
    """The rule set version in force with the statistics frozen into it."""

    version: int
    rules: RuleSet
    statistics: Statistics


def get_active_rules() -> ActiveRules:
    """Return the rule set version in force; raise NoActiveRules where none is.

    One query; a second one when this process meets the version for the first time, since a published version never
    changes.
    """
    active = _find_active()
    if active is None:
        raise NoActiveRules("No rule set version is active yet. Load the first sources, then ask again.")
    return _read_version(*active[:2])


def find_active_rules() -> ActiveRules | None:
    """Return the rule set version in force to match by, or None before the first load. One or two queries.

    Raises OutdatedRules where scores made now would not mean what they meant when the version was published.
    """
    row = _find_active()
    if row is None:
        return None
    pk, rules_digest, number, made_with = row
    if made_with != standardise.digest():
        raise OutdatedRules(
            f"rule set version {number} was published with other standardisation tables or libraries;"
            " publish the next one with `manage.py rematch`, which standardises every record again",
            version=number,
        )
    return _read_version(pk, rules_digest)


def find_active_version() -> int | None:
    """Return the number of the version in force, or None. One query."""
    active = RuleSetVersion.objects.filter(state=RuleSetVersion.State.ACTIVE)
    return active.values_list("number", flat=True).first()


def get_draft(number: int) -> RuleSet:
    """Return the rules of a draft version; raise NotFound where there is no draft of that number. One query."""
    drafts = RuleSetVersion.objects.filter(state=RuleSetVersion.State.DRAFT, number=number)
    document = drafts.values_list("document", flat=True).first()
    if document is None:
        raise NotFound(f"there is no draft version {number}", version=number)
    return RuleSet.from_document(document)


def _find_active() -> tuple[int, str, int, str] | None:
    """Return id, digest, number and the standardiser's digest of the version in force, or None."""
    # Asked with every record and look-up, so without what building a query costs.
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, digest, number, standardiser_digest FROM rulebook_rulesetversion WHERE state = 'active' LIMIT 1"
        )
        found: tuple[int, str, int, str] | None = cursor.fetchone()
    return found


@lru_cache(maxsize=2)
def _read_version(version_id: int, digest: str) -> ActiveRules:
    row = RuleSetVersion.objects.get(pk=version_id, digest=digest)
    rules = RuleSet.from_document(row.document)
    content = bytes(row.statistics)
    statistics = Statistics.from_bytes(content) if content else Statistics(row.record_count, rules.digest)
    return ActiveRules(version=row.number, rules=rules, statistics=statistics)
