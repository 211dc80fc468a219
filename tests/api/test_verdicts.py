"""Verdicts over REST: any pair can be judged, and what was judged can be read and taken back."""

from collections.abc import Callable

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.cases.models import Case
from apps.golden.models import GoldenRecord, Membership
from apps.matching.models import Verdict
from apps.sources.models import SourceRecord
from tests.api.conftest import Acme, Answer, ApiClient
from tests.factories import make_case, make_customer, make_record, make_standard

PATH = "/api/v1/verdicts"
ERP = {"source": "erp", "key": "ERP-1"}
CRM = {"source": "crm", "key": "CRM-1"}
VOGEL = {"source": "crm", "key": "CRM-9"}


@pytest.fixture
def steward(as_role: Callable[[str | None], ApiClient]) -> ApiClient:
    return as_role("steward")


@pytest.fixture
def vogel(acme: Acme) -> GoldenRecord:
    """A customer of one record, younger than Acme and unlike it."""
    record = make_record({"name": "Vogel Hydraulik AG", "city": "Kiel", "country": "DE"}, source="crm", key="CRM-9")
    make_standard(record)
    return make_customer(record)


def tags(client: ApiClient, *gids: str) -> str:
    return ", ".join(client.get(f"/api/v1/customers/{gid}")["ETag"] for gid in gids)


def judge(client: ApiClient, left: object, right: object, verdict: str, *gids: str, **more: object) -> Answer:
    body = {"left": left, "right": right, "verdict": verdict, "reason": "seen on paper"} | more
    return client.send("POST", PATH, body, If_Match=tags(client, *gids))


def homes() -> list[set[str]]:
    found: dict[int, set[str]] = {}
    for golden, key in Membership.objects.order_by("golden_id").values_list("golden_id", "record__key"):
        found.setdefault(golden, set()).add(key)
    return list(found.values())


def test_a_pair_that_no_case_asks_about_is_merged_by_same(steward: ApiClient, acme: Acme, vogel: GoldenRecord) -> None:
    done = judge(steward, VOGEL, ERP, "same", acme.gid, vogel.gid)
    assert done.status_code == 200
    assert done.json()["act"] == "judge"
    assert done.json()["ended"] == [{"gid": vogel.gid, "state": "merged", "survivor": acme.gid}]
    assert homes() == [{"ERP-1", "CRM-1", "CRM-9"}]
    # The word is said for all records of both customers.
    assert Verdict.objects.get(pk=done.json()["decision"]).pairs.count() == 2


def test_different_inside_a_customer_parts_it_and_its_undo_restores_it(steward: ApiClient, acme: Acme) -> None:
    done = judge(steward, ERP, CRM, "different", acme.gid)
    assert done.status_code == 200
    assert sorted(map(sorted, homes())) == [["CRM-1"], ["ERP-1"]]
    undone = steward.send("POST", f"{PATH}/{done.json()['decision']}/undo", {"reason": "a slip"})
    assert (undone.status_code, undone.json()["differences"]) == (200, [])
    assert homes() == [{"ERP-1", "CRM-1"}]
    assert GoldenRecord.objects.get(state="live").gid == acme.gid
    again = steward.send("POST", f"{PATH}/{done.json()['decision']}/undo", {"reason": "a slip"})
    assert (again.status_code, again.json()["code"]) == (409, "decision.undone")


def test_same_inside_a_customer_binds_the_two_records_alone(steward: ApiClient, acme: Acme) -> None:
    done = judge(steward, ERP, CRM, "same", acme.gid)
    assert done.status_code == 200
    verdict = Verdict.objects.get(pk=done.json()["decision"])
    assert [(pair.kind, pair.is_live) for pair in verdict.pairs.all()] == [("same", True)]
    refused = judge(steward, ERP, CRM, "different", acme.gid)
    assert (refused.status_code, refused.json()["code"]) == (409, "decision.contradicted")
    assert refused.json()["facts"]["decisions"] == [verdict.pk]
    assert [step["says"] for step in refused.json()["facts"]["chain"]] == ["same"]
    cited = judge(steward, ERP, CRM, "different", acme.gid, supersedes=[verdict.pk])
    assert cited.status_code == 200
    assert len(homes()) == 2


def test_a_verdict_settles_the_case_between_the_customers(steward: ApiClient, acme: Acme, vogel: GoldenRecord) -> None:
    record = Membership.objects.get(golden=vogel).record
    case = make_case(acme.erp, record)
    unsure = judge(steward, CRM, VOGEL, "not_sure", acme.gid, vogel.gid)
    assert unsure.status_code == 200
    case.refresh_from_db()
    assert case.state == "open"
    # Another pair of the same two customers is the same question.
    done = judge(steward, CRM, VOGEL, "different", acme.gid, vogel.gid)
    case.refresh_from_db()
    assert (case.state, case.close_reason) == ("closed", f"decision {done.json()['decision']}: different")
    steward.send("POST", f"{PATH}/{done.json()['decision']}/undo", {"reason": "a slip"})
    assert Verdict.objects.get(pk=done.json()["decision"]).undone_at is not None
    case.refresh_from_db()
    assert case.state == "open"
    assert Case.objects.count() == 1


def test_versions_are_needed_and_a_preview_stores_nothing(steward: ApiClient, acme: Acme, vogel: GoldenRecord) -> None:
    body = {"left": ERP, "right": VOGEL, "verdict": "same", "reason": "x"}
    needed = steward.send("POST", PATH, body)
    assert (needed.status_code, needed.json()["code"]) == (428, "customer.version_needed")
    seen = tags(steward, acme.gid, vogel.gid)
    GoldenRecord.objects.filter(pk=vogel.pk).update(version=2)
    changed = steward.send("POST", PATH, body, If_Match=seen)
    assert (changed.status_code, changed.json()["code"]) == (412, "customer.changed")
    shown = steward.send("POST", f"{PATH}?preview=true", body)
    assert (shown.status_code, shown.json()["decision"]) == (200, None)
    assert (Verdict.objects.count(), len(homes())) == (0, 2)


def test_the_same_key_twice_makes_one_verdict(steward: ApiClient, acme: Acme, vogel: GoldenRecord) -> None:
    body = {"left": ERP, "right": VOGEL, "verdict": "different", "reason": "x"}
    headers = {"If_Match": tags(steward, acme.gid, vogel.gid), "Idempotency_Key": "k-1"}
    first, second = (steward.send("POST", PATH, body, **headers) for _ in range(2))
    assert first.json() == second.json()
    assert second["Idempotency-Replayed"] == "true"
    assert Verdict.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"verdict": "maybe"}, "hub.invalid"),
        ({"verdict": 1}, "decision.field_invalid"),
        ({"right": {"source": "erp"}}, "decision.field_invalid"),
        ({"right": "erp:ERP-1"}, "decision.field_invalid"),
        ({"right": ERP}, "hub.invalid"),
        ({"reason": " "}, "decision.field_invalid"),
        ({"weight": 3}, "decision.field_invalid"),
        ({"right": {"source": "erp", "key": "nobody"}}, "hub.not_found"),
    ],
)
def test_what_cannot_be_judged_is_refused_by_name(
    steward: ApiClient, acme: Acme, change: dict[str, object], code: str
) -> None:
    body = {"left": ERP, "right": CRM, "verdict": "same", "reason": "x"} | change
    refused = steward.send("POST", PATH, body, If_Match=tags(steward, acme.gid))
    assert refused.json()["code"] == code
    assert refused.status_code == (404 if code == "hub.not_found" else 400)
    assert not Verdict.objects.exists()


def test_verdicts_are_read_with_who_when_why_and_what_was_seen(steward: ApiClient, acme: Acme) -> None:
    done = judge(steward, ERP, CRM, "different", acme.gid).json()["decision"]
    steward.send("POST", f"{PATH}/{done}/undo", {"reason": "a slip"})
    (item,) = steward.get(PATH, gid=acme.gid).json()["items"]
    assert (item["decision"], item["verdict"], item["act"], item["reason"]) == (
        done, "different", "judge", "seen on paper",
    )  # fmt: skip
    assert item["decided_by"].startswith("system:")
    assert item["undone_by"] == item["decided_by"]
    assert item["undone_at"] > item["decided_at"]
    assert item["rules_version"] == 1
    assert item["pair_count"] == 1
    assert [(pair["verdict"], pair["binds"]) for pair in item["pairs"]] == [("different", False)]
    assert {pair[side]["key"] for pair in item["pairs"] for side in ("left", "right")} == {"ERP-1", "CRM-1"}
    asked = item["asked"]
    total = asked["prior_bits"] + sum(one["bits"] for one in asked["evidence"])
    assert asked["score_bits"] == pytest.approx(total)
    assert "name" in {one["comparison"].partition(".")[0] for one in asked["evidence"]}
    assert item["seen"] == [
        {
            "gid": acme.gid,
            "version": 1,
            "records": [{**ERP, "version": 1}, {**CRM, "version": 1}],
        }
    ]


def test_verdicts_come_newest_first_through_every_page(steward: ApiClient, acme: Acme, vogel: GoldenRecord) -> None:
    made = [judge(steward, ERP, VOGEL, "not_sure", acme.gid, vogel.gid).json()["decision"] for _ in range(5)]
    seen: list[int] = []
    cursor: dict[str, str] = {}
    while True:
        body = steward.get(PATH, limit="2", source="crm", key="CRM-9", **cursor).json()
        seen += [item["decision"] for item in body["items"]]
        if body["next"] is None:
            break
        cursor = {"cursor": body["next"]}
    assert seen == made[::-1]
    stray = steward.get(PATH, limit="2", **cursor)
    assert (stray.status_code, stray.json()["code"]) == (400, "page.cursor_invalid")


def test_verdicts_are_asked_for_by_record_customer_or_all(steward: ApiClient, acme: Acme, vogel: GoldenRecord) -> None:
    inside = judge(steward, ERP, CRM, "same", acme.gid).json()["decision"]
    between = judge(steward, ERP, VOGEL, "different", acme.gid, vogel.gid).json()["decision"]

    def found(**asked: str) -> list[int]:
        return [item["decision"] for item in steward.get(PATH, **asked).json()["items"]]

    assert found() == [between, inside]
    assert found(gid=acme.gid) == [between, inside]
    assert found(gid=vogel.gid) == [between]
    assert found(source="crm", key="CRM-9") == [between]
    for asked in ({"source": "crm"}, {"key": "CRM-9"}, {"gid": acme.gid, "source": "crm", "key": "CRM-9"}):
        assert steward.get(PATH, **asked).status_code == 400
    assert steward.get(PATH, source="crm", key="nobody").status_code == 404


def test_a_page_of_verdicts_takes_four_queries(steward: ApiClient, acme: Acme, vogel: GoldenRecord) -> None:
    for _ in range(3):
        judge(steward, ERP, VOGEL, "not_sure", acme.gid, vogel.gid)
    with CaptureQueriesContext(connection) as queries:
        assert len(steward.get(PATH).json()["items"]) == 3
    assert len(queries) == 4


def test_a_verdict_that_an_older_one_makes_needless_waits_beneath_it(steward: ApiClient, acme: Acme) -> None:
    first = judge(steward, ERP, CRM, "same", acme.gid).json()["decision"]
    second = judge(steward, ERP, CRM, "same", acme.gid).json()["decision"]
    binds = {item["decision"]: item["pairs"][0]["binds"] for item in steward.get(PATH).json()["items"]}
    assert binds == {first: True, second: False}
    steward.send("POST", f"{PATH}/{first}/undo", {"reason": "a slip"})
    newest = steward.get(PATH).json()["items"][0]
    assert (newest["decision"], any(pair["binds"] for pair in newest["pairs"])) == (second, True)


@pytest.fixture
def blind(acme: Acme, vogel: GoldenRecord, monkeypatch: pytest.MonkeyPatch) -> Case:
    """A case between the two customers that two people judge without seeing its evidence."""
    monkeypatch.setitem(settings.MDM, "BLIND_PERCENT", 100)
    record = SourceRecord.objects.get(key="CRM-9")
    case = make_case(acme.erp, record, subject=record, priority=77)
    Case.objects.filter(pk=case.pk).update(score=-1_500)
    return case


@pytest.mark.parametrize("verdict", ["same", "different"])
def test_a_verdict_on_a_blind_case_waits_for_a_second_token(
    verdict: str, as_role: Callable[[str | None], ApiClient], acme: Acme, vogel: GoldenRecord, blind: Case
) -> None:
    first, second = as_role("steward"), as_role("steward")
    for _ in range(2):
        waits = judge(first, VOGEL, CRM, verdict, acme.gid, vogel.gid)
        assert (waits.status_code, waits.json()["decision"], waits.json()["customers"]) == (200, None, [])
        assert "A second person judges this case" in waits.json()["message"]
    assert not Verdict.objects.exists()
    assert len(homes()) == 2
    done = judge(second, VOGEL, ERP, verdict, acme.gid, vogel.gid)
    made = Verdict.objects.get(pk=done.json()["decision"])
    assert (made.kind, made.case_id, len(made.seen["reviewers"])) == (verdict, blind.pk, 2)
    assert len(homes()) == (1 if verdict == "same" else 2)
    blind.refresh_from_db()
    assert blind.state == "closed"


def test_who_differ_over_rest_leave_it_to_who_may_decide_alone(
    as_role: Callable[[str | None], ApiClient], acme: Acme, vogel: GoldenRecord, blind: Case
) -> None:
    first, second = as_role("steward"), as_role("steward")
    judge(first, VOGEL, ERP, "same", acme.gid, vogel.gid)
    assert "don't agree" in judge(second, VOGEL, ERP, "different", acme.gid, vogel.gid).json()["message"]
    refused = judge(first, VOGEL, ERP, "different", acme.gid, vogel.gid)
    assert (refused.status_code, refused.json()["code"]) == (403, "role.ability_missing")
    assert not Verdict.objects.exists()
    settled = judge(as_role("administrator"), VOGEL, ERP, "same", acme.gid, vogel.gid)
    assert settled.json()["decision"]
    assert len(homes()) == 1


def test_a_blind_case_has_no_preview_and_no_other_answer(steward: ApiClient, acme: Acme, blind: Case) -> None:
    [vogel] = GoldenRecord.objects.exclude(gid=acme.gid)
    said = {"left": VOGEL, "right": ERP, "verdict": "same", "reason": "x"}
    asked = [
        steward.send("POST", f"{PATH}?preview=true", said),
        steward.send("POST", f"/api/v1/customers/{acme.gid}/merge?preview=true", {"with": [vogel.gid], "reason": "x"}),
        steward.send(
            "POST",
            f"/api/v1/customers/{acme.gid}/merge",
            {"with": [vogel.gid], "reason": "x"},
            If_Match=tags(steward, acme.gid, vogel.gid),
        ),
        steward.send("POST", "/api/v1/source-records/crm/CRM-9/transfer?preview=true", {"to": acme.gid, "reason": "x"}),
    ]
    assert [(one.status_code, one.json()["code"], one.json()["facts"]) for one in asked] == [
        (409, "case.blind", {"case": blind.pk})
    ] * 4
    stale = f'"{acme.gid}.99", "{vogel.gid}.{vogel.version}"'
    assert steward.send("POST", PATH, said, If_Match=stale).status_code == 412
    [shown] = steward.get("/api/v1/cases").json()["items"]
    assert (shown["score_bits"], shown["pressing"], shown["priority"]) == (None, None, 0)
    assert [one["score_bits"] for one in shown["candidates"]] == [None]
    doubt = judge(steward, VOGEL, ERP, "not_sure", acme.gid, vogel.gid)
    assert doubt.json()["decision"]
    assert len(homes()) == 2
