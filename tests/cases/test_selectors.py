import pytest
from pytest_django import DjangoAssertNumQueries

from apps.base.errors import NotFound
from apps.cases import selectors
from apps.cases.models import Case
from tests.factories import make_case, make_record

pytestmark = pytest.mark.django_db


def test_pages_meet_without_gap_or_overlap(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    made = [make_case(kind="growth", priority=number % 3) for number in range(8)]
    expected = [case.pk for case in sorted(made, key=lambda case: (-case.priority, case.pk))]
    seen: list[int] = []
    after = None
    while page := selectors.list_open_cases(after=after, limit=3):
        seen += [case.case_id for case in page]
        after = (page[-1].priority, page[-1].case_id)
    assert seen == expected
    with django_assert_num_queries(1):
        selectors.list_open_cases()


def test_the_open_case_of_a_pair_is_found_whichever_is_named_first() -> None:
    a, b = make_record(), make_record()
    case = make_case(a, b)
    for pair in ((a.pk, b.pk), (b.pk, a.pk)):
        found = selectors.find_open_case(*pair)
        assert found is not None
        assert found.case_id == case.pk
    Case.objects.filter(pk=case.pk).update(state="closed", close_reason="judged same")
    assert selectors.find_open_case(a.pk, b.pk) is None
    assert selectors.get_case(case.pk).close_reason == "judged same"


def test_open_cases_are_counted_by_kind_in_one_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    make_case(make_record(), make_record())
    make_case(kind="growth")
    with django_assert_num_queries(1):
        counts = selectors.count_open_cases()
    assert counts == {"pair": 1, "conflict": 0, "reopened": 0, "drop_guard": 0, "growth": 1}


def test_open_cases_of_records_name_any_of_them() -> None:
    a, b, c = make_record(), make_record(), make_record()
    case = make_case(a, b)
    make_case(kind="growth")
    assert [row.case_id for row in selectors.list_open_cases_of([b.pk, c.pk])] == [case.pk]
    assert selectors.list_open_cases_of([c.pk]) == []
    assert selectors.list_open_cases_of([]) == []


def test_an_unknown_case_is_not_found() -> None:
    with pytest.raises(NotFound):
        selectors.get_case(0)
