"""Merge, split, unmerge, transfer and undo over REST: versions, previews, refusals."""

import json
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from apps.golden.models import GoldenRecord
from apps.matching.models import Verdict
from apps.outbox.models import Event
from tests.api.conftest import Acme, Answer, ApiClient
from tests.factories import make_customer, make_record, make_standard


@dataclass
class Desk:
    """A steward's token at work."""

    client: ApiClient

    def tag(self, *gids: str) -> str:
        """Return If-Match for the customers as they are."""
        return ", ".join(self.client.get(f"/api/v1/customers/{gid}")["ETag"] for gid in gids)

    def post(self, path: str, body: object, **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.client.post(
            f"/api/v1/{path}", json.dumps(body), content_type="application/json", headers=self.client.headers | named
        )


@pytest.fixture
def desk(as_role: Callable[[str | None], ApiClient]) -> Desk:
    return Desk(as_role("steward"))


@pytest.fixture
def other(acme: Acme) -> GoldenRecord:
    """A customer of one record, younger than Acme and unlike it."""
    record = make_record({"name": "Vogel Hydraulik AG", "city": "Kiel", "country": "DE"}, source="crm", key="CRM-9")
    make_standard(record)
    return make_customer(record)


def states() -> list[str]:
    return list(GoldenRecord.objects.order_by("pk").values_list("state", flat=True))


def test_a_merge_answers_with_the_customer_and_the_id_that_ended(desk: Desk, acme: Acme, other: GoldenRecord) -> None:
    body = {"with": [other.gid], "reason": "one group's two names"}
    answer = desk.post(f"customers/{acme.gid}/merge", body, If_Match=desk.tag(acme.gid, other.gid))
    assert answer.status_code == 200
    document = answer.json()
    assert [customer["gid"] for customer in document["customers"]] == [acme.gid]
    assert {(m["source"], m["key"]) for m in document["customers"][0]["members"]} == {
        ("crm", "CRM-1"), ("crm", "CRM-9"), ("erp", "ERP-1"),
    }  # fmt: skip
    assert document["ended"] == [{"gid": other.gid, "state": "merged", "survivor": acme.gid}]
    assert {event["type"] for event in document["events"]} == {"customer.merged", "customer.updated"}
    verdict = Verdict.objects.get(pk=document["decision"])
    assert (verdict.kind, verdict.reason) == ("same", "one group's two names")
    assert verdict.decided_by.startswith("system:")


def test_a_preview_says_the_same_and_stores_nothing(desk: Desk, acme: Acme, other: GoldenRecord) -> None:
    body = {"with": [other.gid], "survivor": other.gid, "reason": "x"}
    shown = desk.post(f"customers/{acme.gid}/merge?preview=true", body)
    assert shown.status_code == 200
    assert (states(), Verdict.objects.count(), Event.objects.count()) == (["live", "live"], 0, 0)
    done = desk.post(f"customers/{acme.gid}/merge", body, If_Match=desk.tag(acme.gid, other.gid))
    told = ("customers", "ended", "events", "write_backs", "deliveries", "message")
    assert [shown.json()[name] for name in told] == [done.json()[name] for name in told]
    assert (shown.json()["decision"], shown.json()["is_preview"]) == (None, True)
    assert done.json()["customers"][0]["gid"] == other.gid


def test_versions_are_needed_and_have_to_hold(desk: Desk, acme: Acme, other: GoldenRecord) -> None:
    body = {"with": [other.gid], "reason": "x"}
    path = f"customers/{acme.gid}/merge"
    for headers in ({}, {"If_Match": desk.tag(acme.gid)}):
        answer = desk.post(path, body, **headers)
        assert (answer.status_code, answer.json()["code"]) == (428, "customer.version_needed")
    seen = desk.tag(acme.gid, other.gid)
    GoldenRecord.objects.filter(pk=other.pk).update(version=2)
    answer = desk.post(path, body, If_Match=seen)
    assert (answer.status_code, answer.json()["code"]) == (412, "customer.changed")
    assert answer.json()["facts"]["versions"] == {other.gid: 2}
    assert desk.post(path, body, If_Match="nonsense").status_code == 400
    assert states() == ["live", "live"]


def test_a_split_and_its_undo(desk: Desk, acme: Acme) -> None:
    body = {"groups": [["crm:CRM-1"]], "reason": "two companies"}
    answer = desk.post(f"customers/{acme.gid}/split", body, If_Match=desk.tag(acme.gid))
    assert answer.status_code == 200
    document = answer.json()
    assert sorted(customer["is_new"] for customer in document["customers"]) == [False, True]
    undone = desk.post(f"decisions/{document['decision']}/undo", {"reason": "a slip"})
    assert undone.status_code == 200
    assert undone.json()["differences"] == []
    assert [len(customer["members"]) for customer in undone.json()["outcome"]["customers"]] == [2]
    again = desk.post(f"decisions/{document['decision']}/undo", {"reason": "a slip"})
    assert (again.status_code, again.json()["code"]) == (409, "decision.undone")


def test_an_unmerge_and_a_transfer(desk: Desk, acme: Acme, other: GoldenRecord) -> None:
    body = {"with": [other.gid], "reason": "x"}
    desk.post(f"customers/{acme.gid}/merge", body, If_Match=desk.tag(acme.gid, other.gid))
    body = {"absorbed": other.gid, "reason": "they are two"}
    answer = desk.post(f"customers/{acme.gid}/unmerge", body, If_Match=desk.tag(acme.gid))
    assert answer.status_code == 200
    assert states() == ["live", "live"]
    body = {"to": other.gid, "reason": "booked wrongly"}
    answer = desk.post("source-records/crm/CRM-1/transfer", body, If_Match=desk.tag(acme.gid, other.gid))
    # The first merge had said that it is the same as the other's; the unmerge had said that it differs.
    assert (answer.status_code, answer.json()["code"]) == (409, "decision.contradicted")
    cited = answer.json()["facts"]["decisions"]
    assert answer.json()["facts"]["chain"][0]["says"] == "different"
    answer = desk.post(
        "source-records/crm/CRM-1/transfer", body | {"supersedes": cited}, If_Match=desk.tag(acme.gid, other.gid)
    )
    assert answer.status_code == 200
    members = {c["gid"]: [m["key"] for m in c["members"]] for c in answer.json()["customers"]}
    assert {gid: sorted(keys) for gid, keys in members.items()} == {acme.gid: ["ERP-1"], other.gid: ["CRM-1", "CRM-9"]}


def test_a_steward_takes_back_only_its_own(
    desk: Desk, as_role: Callable[[str | None], ApiClient], acme: Acme, other: GoldenRecord
) -> None:
    body = {"with": [other.gid], "reason": "x"}
    done = desk.post(f"customers/{acme.gid}/merge", body, If_Match=desk.tag(acme.gid, other.gid)).json()
    stranger, administrator = Desk(as_role("steward")), Desk(as_role("administrator"))
    refused = stranger.post(f"decisions/{done['decision']}/undo", {"reason": "x"})
    assert (refused.status_code, refused.json()["code"]) == (403, "decision.not_yours")
    assert administrator.post(f"decisions/{done['decision']}/undo", {"reason": "x"}).status_code == 200
    assert administrator.post("decisions/999999/undo", {"reason": "x"}).status_code == 404


def test_the_same_request_sent_again_decides_once(desk: Desk, acme: Acme, other: GoldenRecord) -> None:
    body, seen = {"with": [other.gid], "reason": "x"}, desk.tag(acme.gid, other.gid)
    first = desk.post(f"customers/{acme.gid}/merge", body, If_Match=seen, Idempotency_Key="m-1")
    again = desk.post(f"customers/{acme.gid}/merge", body, If_Match=seen, Idempotency_Key="m-1")
    assert (first.status_code, again.json()) == (200, first.json())
    assert Verdict.objects.count() == 1


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("merge", {}), ("merge", {"with": [], "reason": "x"}), ("merge", {"with": "GC", "reason": "x"}),
        ("merge", {"with": [7], "reason": "x"}), ("merge", {"with": ["GC"], "reason": " "}),
        ("merge", {"with": ["GC"], "reason": "x", "supersedes": ["1"]}), ("merge", {"mit": 1, "reason": "x"}),
        ("split", {"groups": "crm:1", "reason": "x"}), ("split", {"groups": [[]], "reason": "x"}),
        ("split", {"groups": [["crm:CRM-1"]], "heir": True, "reason": "x"}),
        ("split", {"groups": [["crm:CRM-1"]], "heir": 4, "reason": "x"}),
        ("split", {"groups": [["CRM-1"]], "reason": "x"}),
        ("split", {"groups": [["crm:CRM-1", "crm:CRM-1"]], "reason": "x"}),
        ("unmerge", {"reason": "x"}), ("merge?preview=maybe", {"with": ["GC"], "reason": "x"}),
        ("merge", {"with": ["GC"], "reason": "x" * 501}),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_and_changes_nothing(
    desk: Desk, acme: Acme, other: GoldenRecord, path: str, body: dict[str, object]
) -> None:
    if body.get("with") == ["GC"]:
        body = body | {"with": [other.gid]}
    answer = desk.post(f"customers/{acme.gid}/{path}", body, If_Match=desk.tag(acme.gid, other.gid))
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert (states(), Verdict.objects.count()) == (["live", "live"], 0)
