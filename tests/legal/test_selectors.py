import pytest
from pytest_django import DjangoAssertNumQueries

from apps.base.errors import Invalid, NotFound
from apps.legal import selectors
from tests.factories import (
    make_customer,
    make_extension,
    make_identifier,
    make_legal_entity,
    make_merge,
    make_record,
)

pytestmark = pytest.mark.django_db


def test_an_entity_and_its_identifiers_take_a_query_each(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    entity = make_legal_entity(make_customer(name="Träger GmbH"))
    make_identifier(entity, "vat", "DE811907980", issuer="DE")
    make_identifier(entity, "duns", "123456789", check="plausible")
    with django_assert_num_queries(2):
        found = selectors.get_legal_entity(entity.golden.gid)
        numbers = selectors.list_identifiers(entity.golden.gid)
    assert (found.lid, found.registered_name, found.legal_form) == (entity.lid, "Träger GmbH", "GMBH")
    assert [(n.scheme, n.value, n.check) for n in numbers] == [
        ("duns", "123456789", "plausible"),
        ("vat", "DE811907980", "verified"),
    ]


def test_a_customer_without_an_entity_is_not_found() -> None:
    golden = make_customer()
    assert selectors.find_legal_entity(golden.gid) is None
    with pytest.raises(NotFound):
        selectors.get_legal_entity(golden.gid)


def test_company_codes_follow_their_records_through_a_merge(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    record, other = make_record(source="erp", key="E1"), make_record(source="erp", key="E2")
    survivor, absorbed = make_customer(record), make_customer(other)
    make_extension(record, "US01", currency="USD", is_blocked=True)
    make_extension(other, "DE01")
    make_merge(absorbed, survivor)
    with django_assert_num_queries(3):
        rows = selectors.list_company_codes(survivor.gid)
    assert [(r.company_code, r.currency, r.is_blocked, r.source_key) for r in rows] == [
        ("DE01", "EUR", False, "E2"),
        ("US01", "USD", True, "E1"),
    ]
    assert selectors.list_company_codes(absorbed.gid) == []


def test_wrong_identifiers_identify_nobody(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    right, wrong = (make_legal_entity(make_customer()) for _ in range(2))
    make_identifier(right, "vat", "DE811907980")
    make_identifier(wrong, "vat", "DE811907980", check="wrong")
    with django_assert_num_queries(2):
        found = selectors.find_customers_by_identifier("vat", "de 811907980")
    assert [customer.gid for customer in found] == [right.golden.gid]


def test_an_unknown_scheme_is_refused_by_name() -> None:
    with pytest.raises(Invalid, match="passport"):
        selectors.find_customers_by_identifier("passport", "1")
