import pytest
from pytest_django import DjangoAssertNumQueries

from apps.base.errors import NotFound
from apps.sources import selectors
from tests.factories import make_batch, make_fault, make_record, make_source, make_version

pytestmark = pytest.mark.django_db


def test_a_record_is_found_by_source_and_key(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    record = make_record(source="erp", key="E1")
    make_record(source="crm", key="E1")
    with django_assert_num_queries(1):
        found = selectors.get_source_record("erp", "E1")
    assert (found.record_id, found.source.code, found.state) == (record.pk, "erp", "live")
    with pytest.raises(NotFound):
        selectors.get_source_record("erp", "E2")


def test_given_is_what_the_applied_version_says(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    record = make_record({"name": "First"})
    make_version(record, {"name": "Second"})
    make_version(record, {"name": "Waiting"}, applied=False)
    fresh = make_record(state="received")
    with django_assert_num_queries(1):
        given = selectors.list_given([record.pk, fresh.pk])
    assert given.keys() == {record.pk}
    assert (given[record.pk].number, given[record.pk].given) == (2, {"name": "Second"})


def test_versions_come_newest_first_and_say_which_is_applied() -> None:
    record = make_record({"name": "First"})
    make_version(record, {"name": "Second"}, applied=False)
    versions = selectors.list_versions(record.pk)
    assert [(v.number, v.given["name"], v.is_applied) for v in versions] == [(2, "Second", False), (1, "First", True)]


def test_batches_and_faults_come_with_their_source(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    batch = make_batch("erp", rows_read=2, rows_quarantined=2)
    make_batch("crm")
    first, second = make_fault(batch, line=2), make_fault(batch, line=9)
    with django_assert_num_queries(1):
        (listed,) = selectors.list_batches("erp")
    assert (listed.batch_id, listed.source.code, listed.rows_quarantined) == (batch.pk, "erp", 2)
    assert selectors.get_batch(batch.pk) == listed
    with django_assert_num_queries(1):
        assert [fault.line for fault in selectors.list_faults(batch.pk)] == [2, 9]
    assert [fault.fault_id for fault in selectors.list_faults(batch.pk, after=first.pk)] == [second.pk]
    with pytest.raises(NotFound):
        selectors.get_batch(0)


@pytest.mark.parametrize(
    ("code", "letters"),
    [("crm", "CRM"), ("erp", "ERP"), ("billing", "BIL"), ("stripe_eu", "STRE"), ("sap-de-prod", "SAPD"), ("x", "X")],
)
def test_a_badge_has_letters_from_the_code_alone(code: str, letters: str) -> None:
    assert selectors.badge_letters(code) == letters


def test_sources_are_listed_by_code_in_one_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    make_source("erp", hue=2)
    make_source("billing", hue=9)
    with django_assert_num_queries(1):
        listed = selectors.list_sources()
    assert [(s.code, s.kind_label, s.hue) for s in listed] == [("billing", "Billing", 1), ("erp", "ERP", 2)]


def test_only_live_records_are_counted() -> None:
    for state in ("live", "received", "deleted", "quarantined"):
        make_record(state=state)
    assert selectors.count_records() == 1
