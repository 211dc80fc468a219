import time
from collections.abc import Sequence
from typing import Any

import pytest

from apps.base.errors import Invalid
from apps.golden.models import GoldenRecord
from apps.pipeline import live
from apps.quality.selectors import list_broken
from apps.sources.models import Fault, IntakeBatch, RecordVersion, SourceRecord
from tests.api.conftest import Acme, Answer, ApiClient
from tests.api.test_errors import problem_of
from tests.factories import make_active_rules, make_batch, make_source

RECORDS = "/api/v1/source-records"
TRAEGER = {"name": "Träger Maschinenbau GmbH", "street": "Hauptstr. 12", "city": "Ulm", "country": "DE"}
OTHER = {"name": "Quercus Lighting SARL", "street": "5 rue du Bac", "city": "Lyon", "country": "FR"}


@pytest.fixture
def writer(db: None) -> ApiClient:
    make_active_rules()
    for code in ("crm", "erp"):
        make_source(code)
    return ApiClient("integration")


def record(
    key: str = "1", attributes: dict[str, Any] | None = None, source: str = "crm", **more: Any
) -> dict[str, Any]:
    return {"source": source, "key": key, "attributes": TRAEGER if attributes is None else attributes, **more}


def push(client: ApiClient, *records: dict[str, Any], **more: Any) -> Answer:
    return client.send("POST", RECORDS, {"records": list(records), **more})


def items(answer: Answer) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.content
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


class TestOne:
    def test_a_record_gets_its_customer_in_the_same_request(self, writer: ApiClient) -> None:
        [item] = items(writer.send("POST", RECORDS, record()))
        assert (item["outcome"], item["version"], item["changes"]) == ("new", 1, ["created"])
        assert item["why"]
        assert (item["faults"], item["error"]) == ([], None)
        looked_up = writer.get("/api/v1/resolve", source="crm", key="1").json()
        assert [customer["gid"] for customer in looked_up["customers"]] == [item["gid"]]

    def test_a_second_account_of_a_company_joins_it(self, writer: ApiClient) -> None:
        [first] = items(writer.send("POST", RECORDS, record()))
        [second] = items(writer.send("POST", RECORDS, record("E1", source="erp")))
        assert second["changes"] == ["joined"]
        assert second["gid"] == first["gid"]

    def test_the_same_again_changes_nothing(self, writer: ApiClient) -> None:
        [first] = items(writer.send("POST", RECORDS, record()))
        [again] = items(writer.send("POST", RECORDS, record()))
        assert (again["outcome"], again["changes"], again["gid"]) == ("unchanged", ["unchanged"], first["gid"])
        assert RecordVersion.objects.count() == 1

    def test_an_older_version_is_left_out(self, writer: ApiClient) -> None:
        writer.send("POST", RECORDS, record(modified_at="2026-03-01T00:00:00Z"))
        [item] = items(writer.send("POST", RECORDS, record(attributes=OTHER, modified_at="2026-02-01T00:00:00Z")))
        assert item["outcome"] == "stale"

    def test_a_record_that_cannot_be_used_is_refused_with_its_reason(self, writer: ApiClient) -> None:
        answer = writer.send("POST", RECORDS, record(modified_at="yesterday"))
        assert answer.status_code == 422
        problem: Any = problem_of(answer)
        assert problem["code"] == "intake.records_unusable"
        assert problem["facts"]["records"][0]["code"] == "bad_date"
        assert not Fault.objects.exists()

    def test_numbers_are_refused_since_their_digits_may_be_lost(self, writer: ApiClient) -> None:
        answer = writer.send("POST", RECORDS, record(attributes={"name": "A", "duns": 12345678}))
        assert problem_of(answer)["code"] == "intake.record_invalid"

    def test_a_raw_row_is_read_through_the_stored_mapping(self, writer: ApiClient) -> None:
        document = {"key": "Id", "columns": {"name": "Name", "city": "Town"}}
        make_batch("crm", mapping=document)
        [item] = items(
            writer.send("POST", RECORDS, {"source": "crm", "raw": {"Id": "R1", "Name": " Acme ", "Town": "Ulm"}})
        )
        assert (item["key"], item["outcome"]) == ("R1", "new")
        version = RecordVersion.objects.get()
        assert version.given == {"name": "Acme", "city": "Ulm"}
        assert version.raw == {"Id": "R1", "Name": " Acme ", "Town": "Ulm"}

    def test_a_raw_row_of_a_source_without_a_mapping_says_so(self, writer: ApiClient) -> None:
        answer = writer.send("POST", RECORDS, {"source": "erp", "raw": {"Id": "1"}})
        assert (answer.status_code, problem_of(answer)["code"]) == (409, "source.no_mapping")

    def test_a_raw_row_that_lacks_the_key_does_not_fit(self, writer: ApiClient) -> None:
        make_batch("crm", mapping={"key": "Id", "columns": {"name": "Name"}})
        answer = writer.send("POST", RECORDS, {"source": "crm", "raw": {"Name": "Acme"}})
        assert (answer.status_code, problem_of(answer)["code"]) == (422, "source.raw_unusable")


class TestMany:
    def test_records_of_one_request_meet_each_other(self, writer: ApiClient) -> None:
        answer = push(writer, record("1"), record("E1", source="erp"), record("2", OTHER))
        first, second, third = items(answer)
        assert first["gid"] == second["gid"] != third["gid"]
        assert answer.json()["counts"] == {"new": 3}

    def test_together_none_is_taken_in_where_one_cannot_be(self, writer: ApiClient) -> None:
        answer = push(writer, record("1"), record(" "))
        assert answer.status_code == 422
        assert not SourceRecord.objects.exists()

    def test_apart_the_others_are_taken_in_and_the_fault_is_kept(self, writer: ApiClient) -> None:
        first, second = items(push(writer, record("1"), record(" "), atomic=False))
        assert first["outcome"] == "new"
        assert (second["outcome"], second["gid"]) == ("set_aside", None)
        assert second["faults"] == [
            {"field": "key", "code": "missing_key", "reason": "the record has no key", "kept": False}
        ]
        assert Fault.objects.get().code == "missing_key"
        batch = IntakeBatch.objects.get()
        assert (batch.rows_read, batch.rows_new, batch.rows_quarantined) == (2, 1, 1)

    def test_two_contents_of_one_key_are_a_conflict_and_the_same_twice_is_a_duplicate(self, writer: ApiClient) -> None:
        answer = push(writer, record("1"), record("1"), record("2"), record("2", OTHER), atomic=False)
        said = items(answer)
        assert [item["outcome"] for item in said] == ["new", "duplicate", "set_aside", "set_aside"]
        assert said[1]["gid"] == said[0]["gid"]
        assert said[2]["faults"][0]["code"] == "key_conflict"

    def test_apart_a_record_that_fails_keeps_no_other_out(
        self, writer: ApiClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def absorb(record_ids: Sequence[int], **options: Any) -> dict[int, live.Absorbed]:
            if SourceRecord.objects.filter(pk__in=record_ids, key="bad").exists():
                raise Invalid("this one fails")
            return live.absorb(record_ids, **options)

        monkeypatch.setattr("apps.pipeline.receiving.absorb", absorb)
        said = items(push(writer, record("1"), record("bad", OTHER), record("3"), atomic=False))
        assert [item["outcome"] for item in said] == ["new", "failed", "new"]
        assert said[1]["error"] == {"code": "hub.invalid", "status": 400, "detail": "this one fails"}
        assert sorted(SourceRecord.objects.values_list("key", flat=True)) == ["1", "3"]

    @pytest.mark.parametrize(("number", "more"), [(101, {}), (1001, {"atomic": False})])
    def test_more_records_than_one_request_carries_are_refused(
        self, writer: ApiClient, number: int, more: dict[str, Any]
    ) -> None:
        answer = push(writer, *(record(str(n), {"name": "A"}) for n in range(number)), **more)
        assert (answer.status_code, problem_of(answer)["code"]) == (413, "intake.too_many_records")


class TestDelete:
    def test_a_deleted_record_leaves_without_residue_and_may_come_back(self, writer: ApiClient) -> None:
        [made] = items(writer.send("POST", RECORDS, record()))
        answer = writer.send("DELETE", f"{RECORDS}/crm/1")
        assert answer.status_code == 200
        assert (answer.json()["outcome"], answer.json()["gid"]) == ("changed", None)
        assert writer.get("/api/v1/resolve", source="crm", key="1").status_code == 404
        assert writer.get(f"/api/v1/customers/{made['gid']}").status_code == 410
        assert writer.get(f"{RECORDS}/crm/1").json()["deleted"] is True
        [back] = items(writer.send("POST", RECORDS, record()))
        assert (back["outcome"], back["version"]) == ("changed", 3)
        assert back["gid"] is not None

    def test_deleting_twice_changes_nothing(self, writer: ApiClient) -> None:
        writer.send("POST", RECORDS, record())
        writer.send("DELETE", f"{RECORDS}/crm/1")
        assert writer.send("DELETE", f"{RECORDS}/crm/1").json()["outcome"] == "unchanged"

    def test_deleting_what_nobody_knows_says_so(self, writer: ApiClient) -> None:
        answer = writer.send("DELETE", f"{RECORDS}/crm/unknown")
        assert (answer.status_code, problem_of(answer)["code"]) == (404, "hub.not_found")

    def test_a_dated_deletion_holds_against_what_it_overtook(self, writer: ApiClient) -> None:
        answer = writer.send("DELETE", f"{RECORDS}/crm/1?modified_at=2026-03-02T00:00:00Z")
        assert (answer.status_code, answer.json()["outcome"], answer.json()["version"]) == (200, "changed", 1)
        assert writer.get(f"{RECORDS}/crm/1").json()["deleted"] is True
        [late] = items(writer.send("POST", RECORDS, record(modified_at="2026-03-01T00:00:00Z")))
        assert (late["outcome"], late["gid"]) == ("stale", None)
        assert not GoldenRecord.objects.exists()
        assert list_broken() == []
        [back] = items(writer.send("POST", RECORDS, record(modified_at="2026-03-03T00:00:00Z")))
        assert (back["outcome"], back["version"], back["changes"]) == ("changed", 2, ["created"])

    def test_what_a_merge_at_the_source_absorbed_is_gone_by_either_way(self, writer: ApiClient) -> None:
        push(writer, record("1"), record("2"), record("3"))
        assert writer.send("DELETE", f"{RECORDS}/crm/1?merged_into=3").status_code == 200
        items(writer.send("POST", RECORDS, {"source": "crm", "key": "2", "merged_into": "3"}))
        for key in ("1", "2"):
            assert RecordVersion.objects.get(record__key=key, number=2).raw == {"merged_into": "3"}

    def test_the_key_of_a_record_merged_at_its_source_leads_to_the_customer_of_what_it_became(
        self, writer: ApiClient
    ) -> None:
        push(writer, record("1"), record("2", OTHER), record("3", OTHER))
        writer.send("DELETE", f"{RECORDS}/crm/1?merged_into=2")
        writer.send("DELETE", f"{RECORDS}/crm/2?merged_into=3")
        kept = writer.get("/api/v1/resolve", source="crm", key="3").json()["customers"]
        for key in ("1", "2"):
            found = writer.get("/api/v1/resolve", source="crm", key=key).json()
            assert found["customers"] == kept
            assert found["asked"] == {"source": "crm", "key": key, "merged_into": "3"}
        writer.send("DELETE", f"{RECORDS}/crm/3?merged_into=1")
        assert writer.get("/api/v1/resolve", source="crm", key="1").status_code == 404
        writer.send("POST", RECORDS, record("4"))
        writer.send("DELETE", f"{RECORDS}/crm/4?merged_into=never-heard-of")
        assert writer.get("/api/v1/resolve", source="crm", key="4").status_code == 404

    def test_a_key_may_hold_what_addresses_hold(self, writer: ApiClient) -> None:
        writer.send("POST", RECORDS, record("A/1 ü?"))
        assert writer.get(f"{RECORDS}/crm/A/1%20%C3%BC%3F").json()["key"] == "A/1 ü?"
        assert writer.send("DELETE", f"{RECORDS}/crm/A%2F1%20%C3%BC%3F").status_code == 200


class TestGet:
    def test_a_record_says_what_its_source_said_and_whose_it_is(self, api: ApiClient, acme: Acme) -> None:
        said = api.get(f"{RECORDS}/crm/CRM-1").json()
        assert said["attributes"]["name"] == "Traeger Maschinenbau"
        assert (said["gid"], said["state"], said["deleted"]) == (acme.gid, "live", False)
        assert (said["version"], said["applied_version"]) == (1, 1)

    @pytest.mark.parametrize("key", ["%00", "x" * 501])
    def test_what_no_key_can_be_is_refused(self, api: ApiClient, key: str) -> None:
        assert api.get(f"{RECORDS}/crm/{key}").status_code == 400


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "intake.record_invalid"),
        ({"records": []}, "intake.record_invalid"),
        ({"records": {}}, "intake.record_invalid"),
        ({"records": [7]}, "intake.record_invalid"),
        ({"records": [record()], "atomic": "no"}, "intake.record_invalid"),
        ({"records": [record()], "golden_id": 7}, "intake.record_invalid"),
        (record(gid="GC-1"), "intake.record_invalid"),
        (record() | {"key": 7}, "intake.record_invalid"),
        (record(key="k" * 501), "intake.record_invalid"),
        (record(attributes={}), "intake.record_invalid"),
        (record() | {"attributes": []}, "intake.record_invalid"),
        (record(attributes={"name": {"x": 1}}), "intake.record_invalid"),
        (record(attributes={"name": ["x"] * 21}), "intake.record_invalid"),
        (record(attributes={"name": []}), "intake.record_invalid"),
        (record(attributes={"name": "A", "is_approved": "yes"}), "intake.attribute_unknown"),
        (record(raw={"Id": "1"}), "intake.record_invalid"),
        (record(deleted=True), "intake.record_invalid"),
        ({"source": "crm", "key": "1", "deleted": "yes"}, "intake.record_invalid"),
        ({"source": "crm", "key": "1", "deleted": False}, "intake.record_invalid"),
        ({"source": "crm", "key": "1", "raw": {"Id": "1"}}, "intake.record_invalid"),
        (record(modified_at=20260101), "intake.record_invalid"),
    ],
)
def test_a_body_that_is_no_push_is_refused_by_name(writer: ApiClient, body: object, code: str) -> None:
    answer = writer.send("POST", RECORDS, body)
    assert (answer.status_code, problem_of(answer)["code"]) == (400, code)
    assert not SourceRecord.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        b'{"source": "crm", "key": "\\u0000", "attributes": {"name": "A"}}',
        b'{"source": "crm", "key": "1", "attributes": {"name": "\\ud83d"}}',
        b'{"source": "crm", "key": "1", "attributes": {"name": ' + b"9" * 10_000 + b"}}",
        b'{"source": "crm", "key": "1", "raw": {"a": 1e400}}',
        b'{"source": "crm", "key": "1", "key": "2", "attributes": {"name": "A"}}',
        b'{"source": "crm", "raw": ' + b'{"a":' * 5_000 + b"1" + b"}" * 5_000 + b"}",
    ],
    ids=["nul", "surrogate", "huge number", "infinite number", "duplicate key", "deep"],
)
def test_hostile_json_is_refused_at_once(writer: ApiClient, body: bytes) -> None:
    started = time.perf_counter()
    answer = writer.post(RECORDS, body)
    assert time.perf_counter() - started < 2
    assert (answer.status_code, problem_of(answer)["code"]) == (400, "json.invalid")


def test_a_body_above_four_megabytes_is_refused(writer: ApiClient) -> None:
    answer = writer.post(RECORDS, b'{"source": "' + b"x" * (4 << 20) + b'"}')
    assert (answer.status_code, problem_of(answer)["code"]) == (413, "http.body_too_large")


def test_an_unknown_source_is_refused_by_name(writer: ApiClient) -> None:
    answer = writer.send("POST", RECORDS, record(source="cmr"))
    problem: Any = problem_of(answer)
    assert (answer.status_code, problem["code"], problem["facts"]) == (404, "hub.not_found", {"sources": ["cmr"]})


@pytest.mark.parametrize("name", ["(a+)+$", "' OR 1=1 --", "\u202eGmbH", "\u0301" * 900, "{{7*7}}", '","x":"', "=1+1"])
def test_a_hostile_name_is_only_a_name(writer: ApiClient, name: str) -> None:
    items(writer.send("POST", RECORDS, record(attributes={"name": name, "city": "Ulm"})))
    assert writer.get(f"{RECORDS}/crm/1").json()["attributes"]["name"] == name
