"""Soft claims: one person looks at a record's cases at a time; a claim lapses by itself and refuses nothing."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.base.actors import Actor
from apps.cases.claiming import claim_case, held_by, held_by_others, list_claims, release_claims
from apps.cases.models import Case, Claim
from apps.cases.selectors import get_case, list_open_groups
from tests.factories import make_case, make_record

ANNA, BEN = Actor.person("anna", None), Actor.person("ben", None)

pytestmark = pytest.mark.django_db


@pytest.fixture
def case() -> Case:
    a, b, c = (make_record({"name": name}, source="crm", key=name) for name in "abc")
    make_case(a, c, subject=a, priority=1)
    return make_case(a, b, subject=a, priority=2)


def lapse(case: Case) -> None:
    Claim.objects.filter(pk=case.pk).update(renewed_at=timezone.now() - timedelta(hours=1))


def test_the_first_who_opens_a_case_holds_it_and_the_others_of_its_record_by_one_query(case: Case) -> None:
    row = get_case(case.pk)
    with CaptureQueriesContext(connection) as queries:
        held = claim_case(row, actor=ANNA)
    assert len(queries) == 1
    assert held
    assert (held.person, held.is_mine) == ("person:anna", True)
    assert set(list_claims(Case.objects.values_list("pk", flat=True)).values()) == {"person:anna"}
    assert Claim.objects.count() == 2
    other = claim_case(row, actor=BEN)
    assert other
    assert (other.person, other.is_mine, other.since) == ("person:anna", False, held.since)


def test_a_claim_that_is_not_renewed_lapses_and_a_renewed_one_keeps_its_beginning(case: Case) -> None:
    row = get_case(case.pk)
    first, again = claim_case(row, actor=ANNA), claim_case(row, actor=ANNA)
    assert first == again
    lapse(case)
    assert list_claims([case.pk]) == {}
    taken = claim_case(row, actor=BEN)
    assert taken
    assert taken.is_mine


def test_a_claim_is_taken_over_on_purpose(case: Case) -> None:
    row = get_case(case.pk)
    claim_case(row, actor=ANNA)
    taken = claim_case(row, takes_over=True, actor=BEN)
    assert taken
    assert taken.is_mine
    back = claim_case(row, actor=ANNA)
    assert back
    assert not back.is_mine


def test_only_one_s_own_claims_are_let_go_and_lapsed_ones_go_along(case: Case) -> None:
    claim_case(get_case(case.pk), actor=ANNA)
    assert release_claims([case.pk], actor=BEN) == 0
    assert release_claims([case.pk], actor=ANNA) == 1
    (left,) = Claim.objects.all()
    Claim.objects.update(renewed_at=timezone.now() - timedelta(hours=1))
    assert release_claims([left.pk + 100], actor=BEN) == 1


def test_nobody_holds_a_closed_case(case: Case) -> None:
    Case.objects.filter(pk=case.pk).update(state="closed", closed_at=timezone.now(), close_reason="done")
    assert claim_case(get_case(case.pk), actor=ANNA) is None


def test_the_queue_is_narrowed_by_who_looks_at_what(case: Case) -> None:
    lone = make_case(question="by itself")
    claim_case(get_case(case.pk), actor=ANNA)

    def heads(*conditions: object) -> list[int]:
        return [group.head.case_id for group in list_open_groups(heads_where=conditions)]  # type: ignore[arg-type]

    assert heads(held_by("person:anna")) == [case.pk]
    assert heads(held_by_others("person:ben")) == [case.pk]
    assert heads(~held_by_others("person:ben")) == [lone.pk]
    assert set(heads(~held_by_others("person:anna"))) == {case.pk, lone.pk}
