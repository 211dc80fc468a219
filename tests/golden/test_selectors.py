import pytest
from pytest_django import DjangoAssertNumQueries

from apps.base.actors import Actor, acting
from apps.base.ids import GovernedIdError, mint
from apps.golden import selectors
from apps.golden.models import GoldenRecord, Pin
from tests.factories import make_customer, make_merge, make_record, make_version
from tests.factories.sources import RECEIVED

pytestmark = pytest.mark.django_db


def test_a_redirect_is_followed_in_one_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    survivor = make_customer(name="New")
    absorbed = make_merge(make_customer(name="Old"), survivor)
    with django_assert_num_queries(1):
        customer = selectors.get_customer(absorbed.gid.lower())
    assert (customer.asked, customer.asked_state, customer.redirected) == (absorbed.gid, "merged", True)
    assert (customer.gid, customer.survivor, customer.name) == (survivor.gid, survivor.gid, "New")


def test_a_live_customer_says_it_is_no_redirect() -> None:
    golden = make_customer(name="Here")
    customer = selectors.get_customer(golden.gid)
    assert (customer.redirected, customer.survivor, customer.asked) == (False, None, customer.gid)
    assert [(v.attribute, v.value, v.rule, v.version) for v in customer.values] == [("name", "Here", "most_trusted", 1)]


def test_an_unknown_and_a_malformed_id_are_different_errors() -> None:
    with pytest.raises(selectors.CustomerNotFound):
        selectors.get_customer(mint()[0])
    with pytest.raises(GovernedIdError):
        selectors.get_customer("GC-nonsense")


def test_the_customer_of_a_record_is_found_in_one_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    record, loner = make_record(), make_record()
    golden = make_customer(record)
    with django_assert_num_queries(1):
        customer = selectors.find_customer_of_record(record.pk)
    assert customer is not None
    assert customer.gid == golden.gid
    assert selectors.find_customer_of_record(loner.pk) is None


def test_customers_of_records_come_in_one_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    records = [make_record() for _ in range(4)]
    first, second = make_customer(*records[:2]), make_customer(records[2])
    with django_assert_num_queries(1):
        found = selectors.list_customers_of_records([record.pk for record in records])
    assert {record_id: customer.gid for record_id, customer in found.items()} == {
        records[0].pk: first.gid,
        records[1].pk: first.gid,
        records[2].pk: second.gid,
    }


def test_members_are_paged_by_record_in_one_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    records = [make_record(source=source) for source in ("crm", "erp", "billing")]
    golden = make_customer(*records)
    with django_assert_num_queries(1):
        page = selectors.list_members(golden.gid, limit=2)
    assert [member.source.code for member in page] == ["crm", "erp"]
    assert [m.key for m in selectors.list_members(golden.gid, after=page[-1].record_id)] == [records[2].key]
    assert selectors.list_member_ids(golden.gid) == [record.pk for record in records]


def test_values_name_their_source_in_two_queries(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    golden = make_customer(make_record({"name": "A", "city": "Ulm"}, source="erp", key="E1"))
    GoldenRecord.objects.filter(pk=golden.pk).update(
        values=golden.values | {"phone": {"value": "+4973112", "record": None, "version": None, "rule": "pinned"}}
    )
    with django_assert_num_queries(2):
        rows = selectors.list_value_rows(golden.gid)
    assert [(r.attribute, r.value, r.source_code, r.source_key, r.rule) for r in rows] == [
        ("city", "Ulm", "erp", "E1", "most_trusted"),
        ("name", "A", "erp", "E1", "most_trusted"),
        ("phone", "+4973112", "", "", "pinned"),
    ]


def test_moves_show_both_sides_in_two_queries(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    survivor = make_customer()
    absorbed = make_merge(make_customer(), survivor)
    with django_assert_num_queries(2):
        moves = selectors.list_moves(survivor.gid)
    assert [(move.kind, move.gid, move.other) for move in moves] == [
        ("merged", absorbed.gid, survivor.gid),
        ("created", survivor.gid, None),
    ]


def test_history_tells_values_and_members_newest_first(django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    record, leaver = make_record({"name": "Before", "city": "Ulm"}), make_record()
    golden, other = make_customer(record, leaver), make_customer()
    make_version(record, {"name": "After"})
    with acting(Actor.person("ada", None), reason="renamed", run_id=7):
        golden.values = {"name": {"value": "After", "record": record.pk, "version": 2, "rule": "most_recent"}}
        golden.name, golden.version = "After", 2
        golden.save()
        golden.memberships.filter(record=leaver).update(golden=other)
    with django_assert_max_num_queries(6):
        rows = selectors.list_history(golden.gid)
    left, renamed, *earlier = rows
    assert (left.kind, left.record_id, left.source_key, left.run_id) == ("left", leaver.pk, leaver.key, 7)
    assert (renamed.kind, renamed.actor, renamed.reason, renamed.version) == ("changed", "person:ada", "renamed", 2)
    assert renamed.changes == (selectors.Change("city", "Ulm", ""), selectors.Change("name", "Before", "After"))
    assert sorted(row.kind for row in earlier) == ["created", "joined", "joined"]
    assert [row.at for row in rows] == sorted((row.at for row in rows), reverse=True)
    assert selectors.list_history(other.gid)[0].kind == "joined"


def test_history_costs_the_same_queries_for_a_large_customer(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    golden = make_customer(*[make_record() for _ in range(40)])
    with django_assert_max_num_queries(6):
        rows = selectors.list_history(golden.gid, limit=30)
    assert len(rows) == 30


def test_only_standing_pins_are_listed() -> None:
    golden = make_customer()
    with acting(Actor.person("ada", None), reason="pinned"):
        for released in (RECEIVED, None):
            Pin.objects.create(
                golden=golden, record_ids=selectors.list_member_ids(golden.gid), attribute="name", value="Fixed",
                pinned_by="person:ada", reason="known better", pinned_at=RECEIVED, released_at=released,
            )  # fmt: skip
    assert [(pin.attribute, pin.value) for pin in selectors.list_pins(golden.gid)] == [("name", "Fixed")]


def test_only_live_customers_are_counted() -> None:
    make_merge(make_customer(), make_customer())
    assert selectors.count_customers() == 1
