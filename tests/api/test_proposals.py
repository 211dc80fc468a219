"""Proposals over REST: asked for by one token, decided by another, and shown as what they would change."""

from collections.abc import Callable

import pytest
from django.conf import settings

from apps.golden.models import GoldenRecord, Pin
from apps.golden.selectors import get_customer
from apps.matching.models import Verdict
from apps.pipeline.models import Proposal
from tests.api.conftest import Acme, Answer, ApiClient
from tests.factories import make_case, make_customer, make_record, make_standard

PATH = "/api/v1/proposals"


@pytest.fixture(autouse=True)
def _one_record_takes_a_second_person(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(settings.MDM, "SECOND_PERSON_RECORDS", 1)


@pytest.fixture
def steward(as_role: Callable[[str | None], ApiClient]) -> ApiClient:
    return as_role("steward")


@pytest.fixture
def admin(as_role: Callable[[str | None], ApiClient]) -> ApiClient:
    return as_role("administrator")


@pytest.fixture
def other(acme: Acme) -> GoldenRecord:
    record = make_record({"name": "Vogel Hydraulik AG", "city": "Kiel", "country": "DE"}, source="crm", key="CRM-9")
    make_standard(record)
    made = make_customer(record)
    make_case(acme.erp, record, subject=record)
    return made


def tags(client: ApiClient, *gids: str) -> str:
    return ", ".join(client.get(f"/api/v1/customers/{gid}")["ETag"] for gid in gids)


def propose_merge(client: ApiClient, acme: Acme, other: GoldenRecord) -> Answer:
    body = {"act": "merge", "gid": acme.gid, "with": [other.gid], "reason": "one contract"}
    return client.send("POST", PATH, body, If_Match=tags(client, acme.gid, other.gid))


def test_what_one_token_proposes_another_approves(
    steward: ApiClient, admin: ApiClient, acme: Acme, other: GoldenRecord
) -> None:
    body = {"with": [other.gid], "reason": "one contract"}
    refused = steward.send(
        "POST", f"/api/v1/customers/{acme.gid}/merge", body, If_Match=tags(steward, acme.gid, other.gid)
    )
    assert (refused.status_code, refused.json()["code"]) == (403, "decision.second_person_needed")
    made = propose_merge(steward, acme, other).json()
    assert (made["state"], made["act"], made["revision"]) == ("open", "merge", 1)
    assert [weight["kind"] for weight in made["weights"]] == ["records"]
    assert {side["gid"] for side in made["before"]} == {acme.gid, other.gid}
    assert [(side["gid"], len(side["members"])) for side in made["after"]] == [(acme.gid, 3)]
    assert not Verdict.objects.exists()
    address = f"{PATH}/{made['proposal']}"
    assert steward.get(address).json() == made
    [listed] = admin.get(PATH).json()["items"]
    assert listed.items() <= made.items()
    done = admin.send("POST", f"{address}/approve", {"revision": 1, "reason": "checked"}).json()
    assert done["state"] == "approved"
    assert "proposed by steward" in Verdict.objects.get(pk=done["decision"]).reason
    assert get_customer(other.gid).survivor == acme.gid
    assert {row.attribute: row.value for row in get_customer(acme.gid).values} == made["after"][0]["values"]
    assert admin.get(PATH).json()["items"] == []
    assert [row["proposal"] for row in admin.get(PATH, state="decided").json()["items"]] == [made["proposal"]]
    again = admin.send("POST", f"{address}/approve", {"revision": 1, "reason": "checked"})
    assert (again.status_code, again.json()["code"]) == (409, "proposal.closed")


def test_nobody_decides_their_own(steward: ApiClient, admin: ApiClient, acme: Acme, other: GoldenRecord) -> None:
    address = f"{PATH}/{propose_merge(admin, acme, other).json()['proposal']}"
    for act, body in (("approve", {"revision": 1, "reason": "x"}), ("refuse", {"reason": "x"})):
        refused = admin.send("POST", f"{address}/{act}", body)
        assert (refused.status_code, refused.json()["code"]) == (403, "proposal.own")
        refused = steward.send("POST", f"{address}/{act}", body)
        assert (refused.status_code, refused.json()["code"]) == (403, "auth.role")
    refused = steward.send("POST", f"{address}/withdraw")
    assert (refused.status_code, refused.json()["code"]) == (403, "proposal.not_yours")
    assert admin.send("POST", f"{address}/withdraw").json()["state"] == "withdrawn"
    assert not Verdict.objects.exists()


def test_a_changed_customer_is_looked_at_anew(
    steward: ApiClient, admin: ApiClient, acme: Acme, other: GoldenRecord
) -> None:
    address = f"{PATH}/{propose_merge(steward, acme, other).json()['proposal']}"
    pin = {"attribute": "phone", "value": "+49 731 555 0100", "reason": "called"}
    path = f"/api/v1/customers/{other.gid}/pins"
    assert admin.send("POST", path, pin, If_Match=tags(admin, other.gid)).status_code == 200
    stale = admin.send("POST", f"{address}/approve", {"revision": 1, "reason": "x"})
    assert (stale.status_code, stale.json()["code"]) == (412, "customer.changed")
    assert steward.send("POST", f"{address}/refresh").json()["revision"] == 2
    moved = admin.send("POST", f"{address}/approve", {"revision": 1, "reason": "x"})
    assert (moved.status_code, moved.json()["code"]) == (409, "proposal.moved")
    refused = admin.send("POST", f"{address}/refuse", {"reason": "two contracts"}).json()
    assert (refused["state"], refused["decided_why"]) == ("refused", "two contracts")


def test_a_split_a_case_and_a_value_are_proposed_and_carried_out(
    steward: ApiClient, admin: ApiClient, acme: Acme, other: GoldenRecord
) -> None:
    [case] = steward.get("/api/v1/cases").json()["items"]
    asked = [
        {"act": "judge", "case": case["case"]},
        {"act": "split", "gid": acme.gid, "groups": [["erp:ERP-1"]]},
        {"act": "fix", "gid": acme.gid, "attribute": "vat", "value": "DE136695976"},
    ]
    for body in asked:
        match = tags(steward, acme.gid, other.gid)
        made = steward.send("POST", PATH, body | {"reason": "seen on paper"}, If_Match=match)
        assert made.status_code == 200, made.json()
        address = f"{PATH}/{made.json()['proposal']}"
        assert admin.send("POST", f"{address}/approve", {"revision": 1, "reason": "x"}).json()["state"] == "approved"
        if body["act"] == "judge":
            assert get_customer(other.gid).survivor == acme.gid
            admin.send("POST", f"/api/v1/decisions/{Verdict.objects.latest('pk').pk}/undo", {"reason": "x"})
    assert Pin.objects.filter(value="DE136695976").count() == 1
    assert GoldenRecord.objects.filter(state="live").count() == 3


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ({}, (400, "decision.field_invalid")),
        ({"act": "erase", "reason": "x"}, (400, "decision.field_invalid")),
        ({"act": "merge", "gid": "acme", "with": ["other"]}, (400, "decision.field_invalid")),
        ({"act": "merge", "gid": "acme", "with": ["other"], "reason": "x", "x": []}, (400, "decision.field_invalid")),
        ({"act": "judge", "case": "7", "reason": "x"}, (400, "decision.field_invalid")),
        ({"act": "judge", "case": 70_000, "reason": "x"}, (404, "hub.not_found")),
        ({"act": "fix", "gid": "acme", "attribute": "city", "value": 7, "reason": "x"}, (400, "pin.field_invalid")),
        ({"act": "release", "gid": "acme", "reason": "x"}, (400, "decision.field_invalid")),
    ],
)
def test_what_cannot_be_proposed_is_refused_by_name(
    body: dict[str, object], refusal: tuple[int, str], steward: ApiClient, acme: Acme, other: GoldenRecord
) -> None:
    ids = {"acme": acme.gid, "other": other.gid}
    named = {name: ids.get(said, said) if isinstance(said, str) else said for name, said in body.items()}
    named |= {"with": [other.gid]} if "with" in body else {}
    answer = steward.send("POST", PATH, named, If_Match=tags(steward, acme.gid))
    assert (answer.status_code, answer.json()["code"]) == refusal
    assert not Proposal.objects.exists()


def test_a_proposal_needs_versions_and_an_unknown_one_is_told(
    steward: ApiClient, admin: ApiClient, acme: Acme, other: GoldenRecord
) -> None:
    body = {"act": "merge", "gid": acme.gid, "with": [other.gid], "reason": "x"}
    assert steward.send("POST", PATH, body).status_code == 428
    assert steward.send("POST", PATH, body, If_Match=tags(steward, acme.gid)).status_code == 428
    assert steward.get(f"{PATH}/70000").json()["code"] == "proposal.not_found"
    missing = admin.send("POST", f"{PATH}/70000/refuse", {"reason": "x"})
    assert (missing.status_code, missing.json()["code"]) == (404, "proposal.not_found")


def test_proposals_come_by_pages(steward: ApiClient, acme: Acme, other: GoldenRecord) -> None:
    numbers = []
    for survivor in (acme.gid, other.gid, None):
        body = {"act": "merge", "gid": acme.gid, "with": [other.gid], "reason": "x"}
        body |= {"survivor": survivor} if survivor else {}
        match = tags(steward, acme.gid, other.gid)
        numbers.append(steward.send("POST", PATH, body, If_Match=match).json()["proposal"])
    assert numbers == sorted(set(numbers))
    for state, wanted in (("open", numbers), ("decided", numbers[::-1])):
        if state == "decided":
            for number in numbers:
                steward.send("POST", f"{PATH}/{number}/withdraw")
        seen: list[int] = []
        page = steward.get(PATH, state=state, limit="2").json()
        seen += [row["proposal"] for row in page["items"]]
        page = steward.get(PATH, state=state, limit="2", cursor=page["next"]).json()
        assert seen + [row["proposal"] for row in page["items"]] == wanted
        assert page["next"] is None
    assert steward.get(PATH, state="lost").status_code == 400
