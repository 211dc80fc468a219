"""The queue narrowed, tallied, and read in every order, page by page."""

from datetime import timedelta

import pytest
from django.db.models import F
from pytest_django import DjangoAssertNumQueries, Settings

from apps.cases.blind import is_blind
from apps.cases.models import Case
from apps.cases.narrowing import BLIND, ORDERS, UNSCORED, Filter, count_open, list_open, tally_open
from apps.cases.selectors import get_case
from tests.factories import make_case, make_record

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _no_blind_share(settings: Settings) -> None:
    settings.MDM = {**settings.MDM, "BLIND_PERCENT": 0}


def make_many(count: int) -> list[Case]:
    """Return cases between two sources of three, with ties in every column that orders them."""
    codes = ("crm", "erp", "billing")
    made = []
    for number in range(count):
        a, b = make_record(source=codes[number % 3]), make_record(source=codes[number // 3 % 3])
        case = make_case(a, b, priority=number % 4)
        Case.objects.filter(pk=case.pk).update(
            score=number % 5 * 1_000 - 2_000, opened_at=F("opened_at") - DAY * (number % 3)
        )
        case.refresh_from_db()
        made.append(case)
    return made


@pytest.mark.parametrize("order", ORDERS)
def test_every_order_is_one_of_the_whole_set_and_its_pages_meet(
    order: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    made = make_many(31)
    column, number = ORDERS[order]
    name = column.removeprefix("-")
    expected = [case.pk for case in sorted(made, key=lambda case: case.pk, reverse=number.startswith("-"))]
    by_number = {case.pk: case for case in made}
    expected.sort(key=lambda pk: getattr(by_number[pk], name), reverse=column.startswith("-"))
    seen: list[int] = []
    after = None
    while page := list_open(Filter(), order=order, after=after, limit=4):
        seen += [row.case_id for row in page]
        after = (getattr(page[-1], name), page[-1].case_id)
    assert seen == expected
    with django_assert_num_queries(1):
        list_open(Filter(), order=order, after=after)


def test_a_tally_adds_up_to_what_each_filter_leaves(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    made = make_many(24)
    growth = make_case(kind="growth")
    newest = max(case.opened_at for case in made)
    cuts, ages = [-1_000, 1_000], [newest, newest - DAY]
    with django_assert_num_queries(1):
        rows = tally_open(cuts=cuts, ages=ages)
    assert sum(row.count for row in rows) == 25
    assert [row.count for row in rows if row.band == UNSCORED] == [1]
    assert growth.systems == ""
    for systems in {case.systems for case in made}:
        assert sum(row.count for row in rows if row.systems == systems) == count_open(Filter(systems=systems))
    bands = {0: Filter(least=-(10**9), below=-1_000), 1: Filter(least=-1_000, below=1_000), 2: Filter(least=1_000)}
    for band, asked in bands.items():
        assert sum(row.count for row in rows if row.band == band) == count_open(asked) > 0
    old = sum(row.count for row in rows if row.age > 1)
    assert old == count_open(Filter(opened_before=ages[1])) > 0
    assert count_open(Filter(), most=10) == 11


def test_what_is_judged_blind_shows_neither_its_band_nor_a_place_among_scores(settings: Settings) -> None:
    made = make_many(40)
    settings.MDM = {**settings.MDM, "BLIND_PERCENT": 40}
    blind = {case.pk for case in made if is_blind(get_case(case.pk))}
    assert 0 < len(blind) < len(made)
    rows = tally_open(cuts=[0], ages=[])
    assert sum(row.count for row in rows if row.band == BLIND) == len(blind)
    assert {row.case_id for row in list_open(Filter(is_blind=True))} == blind
    seen = {case.pk for case in made} - blind
    assert {row.case_id for row in list_open(Filter(), order="likeliest")} == seen
    assert {row.case_id for row in list_open(Filter(least=-(10**9)))} == seen
