"""Publish a rule set and match every record by it anew, in one go."""

from apps.base.actors import Actor
from apps.engine.rules import RuleSet
from apps.engine.survive import SurvivorshipPolicy
from apps.pipeline.models import Run
from apps.pipeline.runs import Listener
from apps.pipeline.whatif import carry_out_rematch, publish_version, try_version
from apps.rulebook.services import save_draft


def rematch_all(*, rules: RuleSet, actor: Actor, listener: Listener | None = None) -> Run | None:
    """Save the rules as the next version, try it, publish it where its dry run lets one person do so, and match by it.

    Needed after an upgrade that changed the standardisation tables or libraries. Verdicts bind as before, ids are
    kept by the inheritance rule. Raises PolicyError for a survivorship that can't be used, and what
    `publish_version` refuses; nothing is published then, and the version waits for approval.
    """
    SurvivorshipPolicy.from_document(rules.survivorship)
    draft = save_draft(rules=rules, note="re-match", actor=actor)
    try_version(number=draft.number, actor=actor, listener=listener)
    publish_version(number=draft.number, reason=f"rules {rules.name} published", actor=actor)
    return carry_out_rematch(actor=actor, listener=listener)
