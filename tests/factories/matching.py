"""Rules in force, standard records, links, verdicts and cases."""

from apps.base.actors import acting
from apps.cases.models import Case
from apps.engine.block import match_keys
from apps.engine.rules import RuleSet, load_company_rules
from apps.engine.standardise import standardise_record
from apps.engine.statistics import Statistics
from apps.matching.models import Link, StandardRecord, Verdict, VerdictPair
from apps.rulebook.models import RuleSetVersion
from apps.rulebook.services import publish_and_activate
from apps.sources.models import RecordVersion, SourceRecord
from tests.factories.acting import FACTORY, REASON
from tests.factories.sources import RECEIVED

RULES = load_company_rules()


def make_active_rules(
    *, records: int = 100_000, hot_keys: dict[int, int] | None = None, rules: RuleSet = RULES
) -> RuleSetVersion:
    """Put the shipped rule set in force, with statistics of as many records in which every value is rare."""
    statistics = Statistics(records=records, rules_digest=rules.digest, counts={}, hot_keys=hot_keys or {})
    return publish_and_activate(rules=rules, statistics=statistics, note=REASON, actor=FACTORY)


def make_standard(record: SourceRecord, rules: RuleSet = RULES) -> StandardRecord:
    """Standardise the applied version of a source record as the pipeline does."""
    version = RecordVersion.objects.get(record=record, number=record.applied_number or record.latest_number)
    parts = standardise_record(version.given, rules.attributes, rules.fallbacks)
    with acting(FACTORY, reason=REASON):
        return StandardRecord.objects.create(
            record=record,
            version_number=version.number,
            parts=parts,
            match_keys=sorted(match_keys(parts, rules)),
            rules_version=1,
        )


def make_link(a: SourceRecord, b: SourceRecord, *, score: int = 12_500) -> Link:
    """Return the link of a pair, whichever is named first."""
    low, high = sorted([a.pk, b.pk])
    with acting(FACTORY, reason=REASON):
        return Link.objects.create(
            low_id=low, high_id=high, score=score, levels=[1] * len(RULES.weighed), rules_version=1, run_id=1
        )


def make_verdict(
    a: SourceRecord, b: SourceRecord, kind: str = Verdict.Kind.DIFFERENT, *, decided_by: str = "person:jane"
) -> Verdict:
    """Return a standing verdict on a pair, whichever is named first."""
    low, high = sorted([a.pk, b.pk])
    with acting(FACTORY, reason=REASON):
        verdict = Verdict.objects.create(
            kind=kind, decided_by=decided_by, decided_at=RECEIVED, reason="seen their contracts", rules_version=1
        )
        VerdictPair.objects.create(verdict=verdict, low_id=low, high_id=high, kind=kind)
    return verdict


def make_case(
    a: SourceRecord | None = None,
    b: SourceRecord | None = None,
    *,
    kind: str = Case.Kind.PAIR,
    priority: int = 0,
    question: str = "Are these one customer?",
    subject: SourceRecord | None = None,
) -> Case:
    """Return an open case, about a pair where two records are given; `subject` is the one that it is shown under."""
    low, high = sorted([a.pk, b.pk]) if a is not None and b is not None else (None, None)
    with acting(FACTORY, reason=REASON):
        return Case.objects.create(
            kind=kind,
            low_record_id=low,
            high_record_id=high,
            subject_record_id=subject.pk if subject is not None else None,
            systems=".".join(sorted(r.source.code for r in (a, b))) if a is not None and b is not None else "",
            score=800 if low is not None else None,
            priority=priority,
            question=question,
            opened_at=RECEIVED,
        )
