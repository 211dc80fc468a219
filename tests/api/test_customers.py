from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.base.ids import mint
from apps.golden.models import GoldenRecord
from tests.api.conftest import Acme, ApiClient
from tests.factories import make_customer, make_merge, make_record


def test_a_customer_answers_with_values_members_entity_and_links(api: ApiClient, acme: Acme) -> None:
    answer = api.get(f"/api/v1/customers/{acme.gid}")
    assert answer.status_code == 200
    body = answer.json()
    assert (body["gid"], body["asked"], body["redirected"], body["survivor"]) == (acme.gid, acme.gid, False, None)
    name = next(value for value in body["values"] if value["attribute"] == "name")
    assert name == {
        "attribute": "name",
        "value": "Träger Maschinenbau GmbH",
        "rule": "most_trusted",
        "source": "erp",
        "key": "ERP-1",
        "version": 1,
        "pin": None,
    }
    assert [(m["source"], m["key"], m["score_bits"]) for m in body["members"]] == [
        ("erp", "ERP-1", 12.5),
        ("crm", "CRM-1", 12.5),
    ]
    assert body["legal_entity"]["identifiers"] == [
        {"scheme": "vat", "issuer": "DE", "value": "DE811907980", "check": "verified"}
    ]
    assert body["links"] == [
        {"left": {"source": "erp", "key": "ERP-1"}, "right": {"source": "crm", "key": "CRM-1"}, "score_bits": 12.5}
    ]


def test_a_merged_id_answers_with_its_survivor_and_says_so(api: ApiClient, acme: Acme) -> None:
    absorbed = make_merge(make_customer(name="Old Name"), acme.golden)
    body = api.get(f"/api/v1/customers/{absorbed.gid}").json()
    assert (body["asked"], body["asked_state"], body["redirected"]) == (absorbed.gid, "merged", True)
    assert (body["survivor"], body["gid"], body["state"]) == (acme.gid, acme.gid, "live")


@pytest.mark.parametrize("spelled", [str.lower, lambda gid: f" {gid} ", lambda gid: gid.replace("0", "O")])
def test_an_id_is_understood_as_people_type_it(api: ApiClient, acme: Acme, spelled: Callable[[str], str]) -> None:
    assert api.get(f"/api/v1/customers/{spelled(acme.gid)}").json()["gid"] == acme.gid


def test_an_unknown_id_is_not_found(api: ApiClient) -> None:
    answer = api.get(f"/api/v1/customers/{mint()[0]}")
    assert (answer.status_code, answer.json()["code"]) == (404, "customer.not_found")


@pytest.mark.parametrize("text", ["x", "GC-000000000000-1", "LE-0123456789AB-X", "A" * 10_000, "GC-0123456789AB-X%00"])
def test_a_malformed_id_is_refused_with_what_is_wrong(api: ApiClient, text: str) -> None:
    answer = api.get(f"/api/v1/customers/{text}")
    body = answer.json()
    assert (answer.status_code, body["code"]) == (400, "id.invalid")
    assert body["facts"]["fault"].startswith("id.")
    assert len(answer.content) < 2_000


@pytest.mark.parametrize("state", ["retired", "split", "erased"])
def test_an_id_that_is_gone_says_what_became_of_it(api: ApiClient, acme: Acme, state: str) -> None:
    gone = make_customer(name="Gone")
    heirs = [acme.gid] if state == "split" else []
    GoldenRecord.objects.filter(pk=gone.pk).update(state=state, member_count=0, successors=heirs)
    answer = api.get(f"/api/v1/customers/{gone.gid}")
    body = answer.json()
    assert (answer.status_code, body["code"]) == (410, "customer.gone")
    assert body["facts"] == {"gid": gone.gid, "state": state, "successors": heirs}


def test_an_unchanged_customer_answers_304_and_a_changed_one_anew(api: ApiClient, acme: Acme) -> None:
    tag = api.get(f"/api/v1/customers/{acme.gid}")["ETag"]
    path = f"/api/v1/customers/{acme.gid}"
    unchanged = api.get_with(path, If_None_Match=f'"other", {tag}')
    assert (unchanged.status_code, unchanged.content, unchanged["ETag"]) == (304, b"", tag)
    GoldenRecord.objects.filter(pk=acme.golden.pk).update(version=2)
    changed = api.get_with(path, If_None_Match=tag)
    assert changed.status_code == 200
    assert changed["ETag"] != tag


def test_a_customer_costs_the_same_queries_whatever_its_size(api: ApiClient, acme: Acme) -> None:
    big = make_customer(*[make_record() for _ in range(30)])
    for gid in (acme.gid, big.gid):
        with CaptureQueriesContext(connection) as queries:
            api.get(f"/api/v1/customers/{gid}")
        # token, customer, memberships, their records, entity, identifiers, links
        assert len(queries) <= 7


def test_only_the_fields_asked_for_are_looked_up_and_answered(api: ApiClient, acme: Acme) -> None:
    with CaptureQueriesContext(connection) as queries:
        body = api.get(f"/api/v1/customers/{acme.gid}", fields="gid, name,version").json()
    assert body == {"gid": acme.gid, "name": "Träger Maschinenbau GmbH", "version": 1}
    assert len(queries) == 2
    values = api.get(f"/api/v1/customers/{acme.gid}", fields="values").json()["values"]
    assert {value["source"] for value in values} == {"erp"}
    refused = api.get(f"/api/v1/customers/{acme.gid}", fields="name,salary")
    assert (refused.status_code, refused.json()["code"]) == (400, "request.parameter_invalid")


def test_members_beyond_the_first_answer_come_page_by_page(api: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.api.v1.customers.MOST_MEMBERS", 4)
    records = [make_record() for _ in range(11)]
    big = make_customer(*records)
    path = f"/api/v1/customers/{big.gid}"
    body = api.get(path).json()
    seen = [member["key"] for member in body["members"]]
    cursor = body["members_next"]
    while cursor:
        page = api.get(f"{path}/members", cursor=cursor, limit="3").json()
        seen += [member["key"] for member in page["items"]]
        cursor = page["next"]
    assert seen == [record.key for record in records]
    assert body["member_count"] == 11
    other = make_customer(make_record())
    refused = api.get(f"/api/v1/customers/{other.gid}/members", cursor=body["members_next"])
    assert (refused.status_code, refused.json()["code"]) == (400, "page.cursor_invalid")


def test_company_codes_follow_a_merge_and_name_the_erp_record(api: ApiClient, acme: Acme) -> None:
    absorbed = make_merge(make_customer(name="Old Name"), acme.golden)
    with CaptureQueriesContext(connection) as queries:
        body = api.get(f"/api/v1/customers/{absorbed.gid}/company-codes").json()
    assert len(queries) <= 5
    assert (body["asked"], body["redirected"], body["gid"]) == (absorbed.gid, True, acme.gid)
    assert body["items"] == [
        {
            "company_code": "DE01",
            "company_name": "Our DE01",
            "company_country": "DE",
            "currency": "EUR",
            "payment_terms": "NET30",
            "tax_profile": "STANDARD",
            "reconciliation_account": "140000",
            "is_blocked": False,
            "source": "erp",
            "key": "ERP-1",
        }
    ]


def test_history_says_who_what_why_and_answers_for_a_merged_id(api: ApiClient, acme: Acme) -> None:
    absorbed = make_merge(make_customer(name="Old Name"), acme.golden)
    with CaptureQueriesContext(connection) as queries:
        body = api.get(f"/api/v1/customers/{absorbed.gid}/history").json()
    assert len(queries) <= 10
    assert (body["gid"], body["state"], body["survivor"]) == (absorbed.gid, "merged", acme.gid)
    assert {row["kind"] for row in body["items"]} == {"created", "changed", "joined", "left"}
    changed = next(row for row in body["items"] if row["kind"] == "changed")
    assert (changed["actor"], changed["reason"], changed["run"]) == ("hub:factory", "merged for a test", 2)
    assert {"attribute": "name", "before": "Old Name", "after": ""} not in changed["changes"]
    assert {"attribute": "state", "before": "live", "after": "merged"} in changed["changes"]
    assert [move["kind"] for move in body["moves"]] == ["merged", "created"]


def test_search_goes_through_every_hit_once_by_cursor(api: ApiClient) -> None:
    for number in range(7):
        make_customer(name=f"Nordlicht {number}")
    make_customer(name="Nordlicht Ost 9")
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        body = api.get("/api/v1/customers", q="nordlicht ost", limit="3", **cursor).json()
        seen += [hit["customer"]["name"] for hit in body["items"]]
        if body["next"] is None:
            break
        cursor = {"cursor": body["next"]}
    assert seen == ["Nordlicht Ost 9", *[f"Nordlicht {number}" for number in range(7)]]


def test_search_costs_at_most_four_queries(api: ApiClient, acme: Acme) -> None:
    with CaptureQueriesContext(connection) as queries:
        body = api.get("/api/v1/customers", q="Träger Nirgends").json()
    assert len(queries) <= 4
    assert [(hit["matched"], hit["asked"]) for hit in body["items"]] == [(1, 2)]
