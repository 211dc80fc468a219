"""What a push costs in statements: a count that holds whatever the machine, and hardly grows with the records."""

from collections.abc import Iterator

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoDbBlocker

from apps.base.actors import Actor
from apps.pipeline.receiving import receive_together
from apps.sources.pushing import Push
from tests.pipeline.files import cut_sample, load_rows
from tests.rolled_back import rolled_back

CRM = Actor("system", "crm")


@pytest.fixture(scope="module")
def hub(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """The hub of this module, gone when it ends: 40 companies, loaded in bulk, and one record pushed."""
    with rolled_back(django_db_blocker):
        load_rows(tmp_path_factory.mktemp("files"), cut_sample(40))
        count_statements([a_push(0)])
        yield


@pytest.fixture
def db(hub: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    with rolled_back(django_db_blocker):
        yield


def a_push(number: int, *, city: str = "Ulm") -> Push:
    word = ("Quartz", "Heron", "Velvet", "Maple", "Copper")[number % 5]
    name = f"{word} {number} Instruments GmbH"
    return Push("crm", f"pushed-{number}", {"name": name, "city": city, "country": "DE"})


def count_statements(pushes: list[Push]) -> int:
    with CaptureQueriesContext(connection) as asked, transaction.atomic():
        receive_together(pushes=pushes, actor=CRM)
    return len(asked)


@pytest.mark.usefixtures("db")
def test_a_new_record_is_taken_in_with_35_statements_at_most() -> None:
    assert count_statements([a_push(1)]) <= 35


@pytest.mark.usefixtures("db")
def test_a_changed_record_is_taken_in_with_45_statements_at_most() -> None:
    count_statements([a_push(2)])
    assert count_statements([a_push(2, city="Bonn")]) <= 45


@pytest.mark.usefixtures("db")
def test_a_push_leaves_no_entries_waiting_that_the_next_would_have_to_read() -> None:
    count_statements([a_push(number) for number in range(3, 9)])
    assert _pages_waiting_with_match_keys() == 0


def _pages_waiting_with_match_keys() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT mdmhub_sweep_match_keys()")
        return int(cursor.fetchone()[0])


@pytest.mark.usefixtures("db")
def test_fifty_records_share_the_statements_of_one() -> None:
    alone = count_statements([a_push(10)])
    assert count_statements([a_push(number) for number in range(11, 61)]) <= alone + 15
