from functools import partial

import pytest
from django.db import transaction

from apps.base.actors import Actor
from apps.cases.models import Case
from apps.golden.models import Membership
from apps.pipeline.deciding import judge_case, judge_records, undo_decision
from apps.pipeline.receiving import receive_together
from apps.quality.selectors import list_broken
from apps.sources.models import SourceRecord
from apps.sources.pushing import Push
from tests.factories import make_active_rules, make_case, make_source

JANE, SYSTEM = Actor.person("jane", None), Actor("system", "sync")


def push(*pushes: Push) -> None:
    with transaction.atomic():
        receive_together(pushes=pushes, actor=SYSTEM)


@pytest.mark.django_db
@pytest.mark.parametrize("is_gone", [True, False])
def test_undo_opens_the_case_again_unless_one_of_its_records_is_gone(is_gone: bool) -> None:
    make_active_rules()
    make_source("crm")
    push(
        Push("crm", "1", {"name": "Träger Maschinenbau GmbH", "city": "Ulm"}),
        Push("crm", "2", {"name": "Quercus Lighting SARL", "city": "Lyon"}),
    )
    case = make_case(*SourceRecord.objects.order_by("key"))
    made = judge_case(case_id=case.pk, verdict="different", actor=JANE)
    if is_gone:
        push(Push("crm", "2", is_deleted=True))
    undone = undo_decision(verdict_id=made.verdict_id, actor=JANE)
    case = Case.objects.get(pk=case.pk)
    assert (undone.case_id, case.state) == ((None, "closed") if is_gone else (case.pk, "open"))
    assert ("open again" in undone.message) != is_gone
    assert case.close_reason == ("moot: a record is gone" if is_gone else "")
    assert list_broken() == []


@pytest.mark.django_db
def test_a_decision_that_gave_way_twice_binds_again_after_both_are_undone() -> None:
    make_active_rules()
    make_source("crm")
    push(
        Push("crm", "1", {"name": "Träger Maschinenbau GmbH", "city": "Ulm"}),
        Push("crm", "2", {"name": "Quercus Lighting SARL", "city": "Lyon"}),
    )
    said = partial(judge_records, left=("crm", "1"), right=("crm", "2"), reason="seen it", actor=JANE)
    same = said(verdict="same").decision or 0
    for _ in range(2):
        apart = said(verdict="different", supersedes=[same]).decision or 0
        assert list_broken() == []
        assert Membership.objects.values("golden").distinct().count() == 2
        undo_decision(verdict_id=apart, actor=JANE)
        assert list_broken() == []
        assert Membership.objects.values("golden").distinct().count() == 1
