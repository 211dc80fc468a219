"""Publish a rule set and match every record by it anew."""

from django.conf import settings

from apps.base.actors import Actor
from apps.engine.rules import RuleSet
from apps.engine.survive import SurvivorshipPolicy
from apps.pipeline.flow import Ask, resolve
from apps.pipeline.models import Run
from apps.pipeline.runs import Listener, journal
from apps.pipeline.snapshot import list_all, list_pending


def rematch_all(*, rules: RuleSet, actor: Actor, listener: Listener | None = None) -> Run:
    """Standardise and match all records by `rules`, frozen as the next version with the statistics of these records.

    Needed after an upgrade that changed the standardisation tables or libraries. Verdicts bind as before, ids are
    kept by the inheritance rule. Raises PolicyError for a survivorship that can't be used; nothing is published then.
    """
    SurvivorshipPolicy.from_document(rules.survivorship)
    with journal(kind="rematch", arguments={"rules": rules.digest}, actor=actor, listener=listener) as log:
        dirty = sorted({*list_all(), *list_pending()})
        ask = Ask(
            reason=f"rules {rules.name} published",
            dirty=dirty,
            new_rules=rules,
            chunk_records=settings.MDM["CHUNK_RECORDS"],
            workers=settings.MDM["LOAD_WORKERS"],
        )
        log.count(records=len(dirty))
        log.count(**resolve(log, ask).counts)
    return log.run
