"""Publish a rule set and match every record by it anew, in one go."""

from apps.base.actors import Actor
from apps.engine.rules import RuleSet
from apps.engine.survive import SurvivorshipPolicy
from apps.pipeline.models import Run
from apps.pipeline.runs import Listener
from apps.pipeline.whatif import carry_out_rematch, look_at, publish_version, try_version
from apps.rulebook.services import save_draft


def rematch_all(*, rules: RuleSet, actor: Actor, listener: Listener | None = None) -> Run | None:
    """Save the rules as the next version, and match by it as `rematch_by` does.

    Needed after an upgrade that changed the standardisation tables or libraries. Raises PolicyError for a survivorship
    that can't be used; nothing is saved then.
    """
    SurvivorshipPolicy.from_document(rules.survivorship)
    draft = save_draft(rules=rules, note="saved by a re-match", actor=actor)
    return rematch_by(number=draft.number, actor=actor, listener=listener)


def rematch_by(*, number: int, actor: Actor, listener: Listener | None = None) -> Run | None:
    """Try a version unless its dry run still holds, publish it where one person may, and match every record by it.

    Verdicts bind as before, ids are kept by the inheritance rule. Raises NotFound and what `publish_version` refuses;
    nothing is published then, and the version waits for approval.
    """
    if not look_at(number).is_free:
        try_version(number=number, actor=actor, listener=listener)
    publish_version(number=number, reason=f"version {number} published by a re-match", actor=actor)
    return carry_out_rematch(actor=actor, listener=listener)
