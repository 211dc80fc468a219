"""What a search shows beside the customers: exact keys, cases, who knows them, what is in question."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.factories import make_customer, make_record
from tests.stewardship.conftest import ACME, SmallHub, middle


def test_the_key_of_any_source_opens_its_customer_also_where_words_hit_others(
    steward: Client, small_hub: SmallHub
) -> None:
    make_customer(make_record({**ACME, "name": "Zeppelin A-7 Werft"}))
    response = steward.get("/customers/", {"q": "A-7"})
    assert response["Location"] == f"/customers/{small_hub.billed.gid}/"


def test_a_key_without_digits_opens_its_customer(steward: Client, small_hub: SmallHub) -> None:
    golden = make_customer(make_record(ACME, source="billing", key="NORTH KEY"))
    assert steward.get("/customers/", {"q": "NORTH KEY"})["Location"] == f"/customers/{golden.gid}/"


def test_a_key_that_two_sources_use_lists_both(steward: Client, small_hub: SmallHub) -> None:
    other = make_customer(make_record({**ACME, "name": "Zeppelin Werft"}, source="erp", key="A-7"))
    response = steward.get("/customers/", {"q": "A-7"})
    assert response.status_code == 200
    named = response.context["findings"].records
    assert [(one.record.source.code, one.customer.gid) for one in named] == [
        ("billing", small_hub.billed.gid), ("erp", other.gid),
    ]  # fmt: skip
    assert "Source records with the key “A-7”" in middle(response)


@pytest.mark.parametrize("query", ["case {}", "#{}", "Case #{}"])
def test_a_case_is_found_by_its_number(steward: Client, small_hub: SmallHub, query: str) -> None:
    response = steward.get("/customers/", {"q": query.format(small_hub.case.pk)})
    there = f"/review/{small_hub.case.pk}/"
    assert response.get("Location") == there or there in response.content.decode()


@pytest.mark.parametrize("query", ["case 999999", "#", "case", "#" + "9" * 30, "#x"])
def test_what_is_no_case_is_none(steward: Client, small_hub: SmallHub, query: str) -> None:
    assert steward.get("/customers/", {"q": query}).context["findings"].case is None


def test_rows_say_who_knows_the_customer_and_whether_it_is_in_question(steward: Client, small_hub: SmallHub) -> None:
    quiet = make_customer(make_record({**ACME, "name": "ACME Werft"}))
    found = {row.customer.gid: row for row in steward.get("/customers/", {"q": "acme"}).context["findings"].found}
    assert [record.key for record in found[small_hub.acme.gid].known_by] == ["0031", "88-12"]
    assert found[small_hub.acme.gid].is_in_question
    assert not found[quiet.gid].is_in_question


def test_many_records_are_counted_not_listed(steward: Client, small_hub: SmallHub) -> None:
    golden = make_customer(*(make_record({**ACME, "name": "Nordwind AG"}) for _ in range(8)))
    [row] = steward.get("/customers/", {"q": "nordwind"}).context["findings"].found
    assert (row.customer.gid, len(row.known_by), row.hidden) == (golden.gid, 3, 5)


def test_a_name_with_a_slip_says_so(steward: Client, small_hub: SmallHub) -> None:
    make_customer(make_record({"name": "Nordwind Segelwerft"}))
    response = steward.get("/customers/", {"q": "nordwnid segelwerft"})
    assert [row.why for row in response.context["findings"].found] == ["its name, spelt a little differently"]


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("nordw", "its name"),
        ("flensburg", "its place"),
        ("flensbrug", "its place, spelt a little differently"),
        ("nordwind flensburg", "its name and place"),
        ("hafenweg", "a word of its records, such as a former name or a street"),
        ("nordwind hafenweg", "its name and other words of its records"),
    ],
)
def test_a_result_says_what_of_the_customer_was_found(
    steward: Client, small_hub: SmallHub, query: str, why: str
) -> None:
    made = make_customer(make_record({"name": "Nordwind Segelwerft", "city": "Flensburg", "street": "Hafenweg 3"}))
    found = steward.get("/customers/", {"q": query}).context["findings"].found
    assert {row.customer.gid: row.why for row in found}[made.gid] == why


def test_suggestions_come_by_group(steward: Client, small_hub: SmallHub) -> None:
    text = steward.get("/customers/suggest/?grouped=1&q=A-7").content.decode()
    assert 'aria-label="Exact id"' in text
    assert f'href="/customers/{small_hub.billed.gid}/"' in text
    text = steward.get("/customers/suggest/?grouped=1&q=praezision").content.decode()
    assert 'aria-label="Customers"' in text
    text = steward.get("/customers/suggest/", {"grouped": "1", "q": f"case {small_hub.case.pk}"}).content.decode()
    assert 'aria-label="Cases"' in text
    assert steward.get("/customers/suggest/?grouped=1&q=a").content.strip() == b""


def test_a_full_page_of_results_takes_as_many_queries_as_a_short_one(steward: Client, small_hub: SmallHub) -> None:
    for number in range(30):
        make_customer(*(make_record({"name": f"Nordwind {number:02} AG"}) for _ in range(3)))
    steward.get("/customers/?q=nordwind")
    with CaptureQueriesContext(connection) as queries:
        response = steward.get("/customers/?q=nordwind")
    assert len(response.context["findings"].found) == 25
    assert len(queries) <= 15
    assert len(response.content) <= 60_000
