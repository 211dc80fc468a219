"""The cluster page: groups as the evidence suggests, changed by plain forms, stored as shown, lost by nobody."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.golden.places import find_places
from apps.matching.models import Verdict
from tests.factories import make_case, make_customer, make_record, make_standard, make_verdict
from tests.stewardship.conftest import ACME, ACME_BILLED, SmallHub, middle
from tests.stewardship.test_pages import MOST_BYTES, MOST_QUERIES

MOST_SVG = 12_000


def address(hub: SmallHub) -> str:
    return f"/review/cluster/{hub.case.pk}/"


def homes(hub: SmallHub) -> list[str]:
    records = [hub.crm_record.pk, hub.erp_record.pk, hub.billing_record.pk]
    places = find_places(records)
    return [places[record].gid for record in records]


def sent(client: Client, hub: SmallHub, *groups: int, **more: str) -> dict[str, str]:
    records = [hub.crm_record.pk, hub.erp_record.pk, hub.billing_record.pk]
    versions = client.get(address(hub)).context["cluster"].versions
    fields = {f"r{record}": str(group) for record, group in zip(records, groups, strict=True)}
    return {"versions": versions, "act": "commit", **fields, **more}


def groups_on(response: Any, hub: SmallHub) -> list[int]:  # noqa: ANN401 - the test client's response
    groups = {column.given.record_id: column.group for column in response.context["cluster"].shown}
    return [groups[record.pk] for record in (hub.crm_record, hub.erp_record, hub.billing_record)]


def grow(hub: SmallHub, count: int) -> None:
    """Add as many records to the customer in question."""
    records = []
    for at in range(count):
        records.append(make_record(ACME, source=f"s{at}", key=f"K-{at}"))
        make_standard(records[-1])
    make_case(hub.crm_record, records[0], subject=hub.crm_record)
    make_customer(*records)
    type(hub.case).objects.filter(pk=hub.case.pk).update(subject_record_id=hub.crm_record.pk)


def test_the_groups_are_stored_as_sent_and_undone_as_one(steward: Client, small_hub: SmallHub) -> None:
    before = homes(small_hub)
    assert before[0] == before[1] != before[2]
    response = steward.post(address(small_hub), sent(steward, small_hub, 1, 2, 1, reason="two branches"))
    assert response.status_code == 302
    now = homes(small_hub)
    assert now[0] == now[2] != now[1]
    made = Verdict.objects.get()
    assert (made.reason, made.case_id, made.decided_by) == ("two branches", small_hub.case.pk, "person:a-steward")
    steward.post("/review/undo/", {"verdict_id": made.pk})
    assert homes(small_hub) == before


def test_looking_stores_nothing_and_shows_what_is_stored_then(steward: Client, small_hub: SmallHub) -> None:
    fields = sent(steward, small_hub, 1, 2, 1, act="look")
    response = steward.post(address(small_hub), fields)
    assert not Verdict.objects.exists()
    shown = response.context["shown"]
    assert [result.label for result in shown.results] == ["This customer", "Customer A"]
    foretold = [(sorted(r.record_id for r in result.after.members), result.after.name) for result in shown.results]
    steward.post(address(small_hub), fields | {"act": "commit"})
    stored = find_places([small_hub.crm_record.pk, small_hub.erp_record.pk])
    assert sorted(foretold) == sorted((sorted(place.member_ids), place.name) for place in stored.values())


def test_selected_records_are_sent_to_a_group_without_scripts(steward: Client, small_hub: SmallHub) -> None:
    fields = sent(steward, small_hub, 1, 1, 2, act="") | {"pick": str(small_hub.erp_record.pk)}
    response = steward.post(address(small_hub), fields | {"send": "new"})
    groups = {column.given.record_id: column.group for column in response.context["cluster"].shown}
    assert groups[small_hub.erp_record.pk] == 3
    response = steward.post(address(small_hub), fields | {"send": "0"})
    assert {c.given.record_id: c.group for c in response.context["cluster"].shown}[small_hub.erp_record.pk] == 0


def test_an_address_shows_the_groups_it_names(steward: Client, small_hub: SmallHub) -> None:
    query = f"?grouping={small_hub.erp_record.pk}.2_{small_hub.billing_record.pk}.0_x.1_7"
    page = steward.get(address(small_hub) + query).context["cluster"]
    assert {column.given.record_id: column.group for column in page.shown}[small_hub.erp_record.pk] == 2
    assert not page.is_suggested


def test_who_saw_another_version_saves_nothing_and_keeps_the_groups(steward: Client, small_hub: SmallHub) -> None:
    fields = sent(steward, small_hub, 1, 2, 1, reason="<b>typed")
    fields["versions"] = re.sub(r":\d+", ":999", fields["versions"])
    response = steward.post(address(small_hub), fields)
    assert response.status_code == 412
    text = middle(response)
    assert "Not saved" in text
    assert 'value="&lt;b&gt;typed"' in text
    assert groups_on(response, small_hub) == [1, 2, 1]
    assert not Verdict.objects.exists()


def test_a_case_that_somebody_settled_keeps_the_groups_and_says_who(
    steward: Client, log_in: Callable[[str], Client], small_hub: SmallHub
) -> None:
    fields = sent(steward, small_hub, 1, 2, 1)
    other = log_in("senior_steward")
    other.post(f"/review/{small_hub.case.pk}/judge/", {"verdict": "different"})
    response = steward.post(address(small_hub), fields)
    assert response.status_code == 409
    assert "a-senior_steward" in middle(response)
    assert groups_on(response, small_hub) == [1, 2, 1]
    # What was grouped can be stored all the same, against the other's word only where that is ticked.
    again = fields | {"again": "1", "versions": response.context["cluster"].versions}
    response = steward.post(address(small_hub), again)
    assert response.status_code == 409
    chain = response.context["chain"]
    response = steward.post(address(small_hub), again | {"supersedes": str(chain[0]["decision"])})
    assert response.status_code == 302
    now = homes(small_hub)
    assert now[0] == now[2] != now[1]


def test_a_decision_in_the_way_is_named_before_anything_is_stored(steward: Client, small_hub: SmallHub) -> None:
    same = make_verdict(small_hub.crm_record, small_hub.erp_record, "same")
    response = steward.post(address(small_hub), sent(steward, small_hub, 1, 2, 2, act="look"))
    assert f"Decision {same.pk} by jane" in middle(response)


def test_what_can_mislead_comes_first(steward: Client, small_hub: SmallHub) -> None:
    record = make_record(ACME_BILLED, source="billing", key="A-8")
    make_standard(record)
    make_case(small_hub.crm_record, record, subject=small_hub.crm_record)
    make_customer(record)
    type(small_hub.case).objects.filter(pk=small_hub.case.pk).update(subject_record_id=small_hub.crm_record.pk)
    assert "Two records of billing in one group: A-7 and A-8." in middle(steward.get(address(small_hub)))


def test_viewers_look_and_don_t_store(log_in: Callable[[str], Client], small_hub: SmallHub) -> None:
    viewer = log_in("viewer")
    assert "Store the groups" not in middle(viewer.get(address(small_hub)))
    assert viewer.post(address(small_hub), {"act": "commit"}).status_code == 403
    assert viewer.get(address(small_hub), {"look": "1"}).context["shown"] is None


@pytest.mark.parametrize("more", [0, 3, 20, 57])
def test_the_page_is_small_and_quick_and_so_is_its_picture(steward: Client, small_hub: SmallHub, more: int) -> None:
    if more:
        grow(small_hub, more)
    steward.get(address(small_hub))
    with CaptureQueriesContext(connection) as queries:
        response = steward.get(address(small_hub))
    assert len(queries) <= MOST_QUERIES, [query["sql"][:90] for query in queries]
    text = response.content.decode()
    (svg,) = re.findall(r'<svg class="graph".*?</svg>', text, re.DOTALL)
    assert len(svg) <= MOST_SVG
    assert len(text.encode()) <= MOST_BYTES * 4
    assert response.context["cluster"].is_wide == (more <= 3)


def test_hundreds_of_records_come_by_pages_and_keep_the_groups_of_the_others(
    steward: Client, small_hub: SmallHub
) -> None:
    grow(small_hub, 120)
    first = steward.get(address(small_hub)).context["cluster"]
    assert (first.pages, len(first.shown), first.graph) == (2, 100, None)
    moved = first.shown[5].given.record_id
    sent_on = {"grouping": first.hidden, f"r{moved}": "7", "page": "2"}
    second = steward.post(address(small_hub), sent_on).context["cluster"]
    assert second.page == 2
    assert f"{moved}.7" in second.hidden.split("_")


def test_the_case_leads_there_where_more_than_two_records_are_in_question(steward: Client, small_hub: SmallHub) -> None:
    assert address(small_hub) in middle(steward.get(f"/review/{small_hub.case.pk}/"))


def test_a_case_about_no_two_live_records_is_shown_by_itself(steward: Client, small_hub: SmallHub) -> None:
    case = make_case(kind="growth")
    assert steward.get(f"/review/cluster/{case.pk}/")["Location"] == f"/review/{case.pk}/"
