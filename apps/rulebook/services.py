"""Publish rule set versions. A published version never changes; one is in force."""

import json

from django.db.models import Max

from apps.base.actors import Actor, acting
from apps.engine import standardise
from apps.engine.rules import RuleSet
from apps.engine.statistics import Statistics
from apps.rulebook.models import RuleSetVersion


def publish_and_activate(*, rules: RuleSet, statistics: Statistics, note: str, actor: Actor) -> RuleSetVersion:
    """Freeze the rules with the statistics of the records at hand as the next version, and put it in force."""
    with acting(actor, reason=note):
        RuleSetVersion.objects.filter(state=RuleSetVersion.State.ACTIVE).update(state=RuleSetVersion.State.RETIRED)
        return RuleSetVersion.objects.create(
            number=_next_number(),
            state=RuleSetVersion.State.ACTIVE,
            document=json.loads(json.dumps(rules.to_document())),
            digest=rules.digest,
            standardiser_digest=standardise.digest(),
            statistics=statistics.to_bytes(),
            record_count=statistics.records,
            note=note,
        )


def save_draft(*, rules: RuleSet, note: str, actor: Actor) -> RuleSetVersion:
    """Keep rules as a draft under the next number. Statistics are frozen when it is published, not before."""
    with acting(actor, reason=note):
        return RuleSetVersion.objects.create(
            number=_next_number(),
            state=RuleSetVersion.State.DRAFT,
            document=json.loads(json.dumps(rules.to_document())),
            digest=rules.digest,
            standardiser_digest=standardise.digest(),
            note=note,
        )


def _next_number() -> int:
    return (RuleSetVersion.objects.aggregate(top=Max("number"))["top"] or 0) + 1
