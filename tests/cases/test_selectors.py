from datetime import timedelta

import pytest
from django.utils import timezone
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
    assert counts == {"pair": 1, "weak": 0, "conflict": 0, "reopened": 0, "drop_guard": 0, "growth": 1}


def test_the_oldest_open_case_comes_with_the_counts(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    assert selectors.sum_up_open_cases() == (selectors.count_open_cases(), None)
    for days, state in ((9, "closed"), (3, "open"), (1, "open")):
        case = make_case(make_record(), make_record())
        reason = "judged same" if state == "closed" else ""
        opened_at = timezone.now() - timedelta(days=days)
        Case.objects.filter(pk=case.pk).update(opened_at=opened_at, state=state, close_reason=reason)
    with django_assert_num_queries(1):
        counts, oldest = selectors.sum_up_open_cases()
    assert counts == selectors.count_open_cases()
    assert oldest is not None
    assert (timezone.now() - oldest).days == 3


def test_open_cases_of_records_name_any_of_them() -> None:
    a, b, c = make_record(), make_record(), make_record()
    case = make_case(a, b)
    make_case(kind="growth")
    assert [row.case_id for row in selectors.list_open_cases_of([b.pk, c.pk])] == [case.pk]
    assert selectors.list_open_cases_of([c.pk]) == []
    assert selectors.list_open_cases_of([]) == []
    assert selectors.list_open_pairs_of([b.pk, c.pk]) == [(case.pk, case.low_record_id, case.high_record_id)]
    assert selectors.list_open_pairs_of([c.pk]) == selectors.list_open_pairs_of([]) == []


def test_an_unknown_case_is_not_found() -> None:
    with pytest.raises(NotFound):
        selectors.get_case(0)


def test_a_record_s_candidates_are_one_line_of_the_queue(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    asked, a, b, c, d = (make_record() for _ in range(5))
    second = make_case(asked, a, priority=3, subject=asked)
    best = make_case(asked, b, priority=9, subject=asked)
    alone = make_case(kind="growth", priority=5)
    other = make_case(c, d, priority=7, subject=c)
    with django_assert_num_queries(2):
        groups = selectors.list_open_groups()
    assert [[row.case_id for row in group.candidates] for group in groups] == [
        [best.pk, second.pk],
        [other.pk],
        [alone.pk],
    ]
    assert [row.candidate_record_id for row in groups[0].candidates] == [b.pk, a.pk]
    assert selectors.count_open_groups() == 3
    assert [row.case_id for row in selectors.list_candidates(groups[0].head)] == [best.pk, second.pk]


def test_pages_of_groups_meet_without_gap_or_overlap() -> None:
    asked = [make_record() for _ in range(4)]
    for number in range(12):
        subject = asked[number % 4]
        make_case(subject, make_record(), priority=number % 5, subject=subject)
    seen: list[int | None] = []
    after = None
    while page := selectors.list_open_groups(after=after, limit=3):
        seen += [group.head.subject_record_id for group in page]
        after = page[-1].head.place
    assert sorted(seen, key=str) == sorted([record.pk for record in asked], key=str)


def test_a_group_of_one_kind_is_led_by_a_case_of_that_kind() -> None:
    asked = make_record()
    pair = make_case(asked, make_record(), priority=1, subject=asked)
    make_case(asked, make_record(), kind="reopened", priority=9, subject=asked)
    (group,) = selectors.list_open_groups(kind="pair")
    assert [row.case_id for row in group.candidates] == [pair.pk]


def test_a_group_keeps_its_place_when_its_best_candidate_was_judged_a_moment_ago() -> None:
    asked = make_record()
    best = make_case(asked, make_record(), priority=9, subject=asked)
    rest = make_case(asked, make_record(), priority=1, subject=asked)
    now = timezone.now()
    Case.objects.filter(pk=best.pk).update(state="closed", close_reason="judged", closed_by="x", closed_at=now)
    row = selectors.get_case(rest.pk)
    assert selectors.find_place_of_group(row, since=now - timedelta(hours=1)) == (9, best.pk)
    assert selectors.find_place_of_group(row, since=now + timedelta(hours=1)) == (1, rest.pk)
