import io
import json
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pytest_django.fixtures import Settings

from apps.base.locks import Gate, alone
from apps.pipeline import uploading
from apps.pipeline.models import Run
from apps.pipeline.uploading import forget_spool, load_uploads
from apps.rulebook.selectors import OutdatedRules
from apps.sources.models import SourceRecord, SourceSystem, Upload
from tests.api.conftest import Answer, ApiClient
from tests.api.test_errors import problem_of
from tests.factories import make_batch, make_source

JOBS = "/api/v1/jobs"
CSV = b"Id,Name,Town\n1,Acme Ltd,Ulm\n2,Quercus Lighting,Lyon\n,Nobody,Rome\n"
MAPPING = {"key": "Id", "columns": {"name": "Name", "city": "Town"}}
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def spool(settings: Settings, tmp_path: Path) -> Path:
    settings.MDM = settings.MDM | {"SPOOL_FOLDER": tmp_path / "spool"}
    return tmp_path / "spool"


@pytest.fixture
def writer(spool: Path, transactional_db: None) -> ApiClient:
    make_batch("crm", mapping=MAPPING)
    return ApiClient("integration")


def hand_over(
    client: ApiClient, content: bytes = CSV, kind: str = "text/csv", query: str = "source=crm", **headers: str
) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.client.post(f"{JOBS}?{query}", content, content_type=kind, headers=client.headers | named)


def state_of(client: ApiClient, answer: Answer) -> dict[str, Any]:
    found: dict[str, Any] = client.get(answer["Location"]).json()
    return found


def test_a_file_is_taken_at_once_and_loaded_by_a_worker(writer: ApiClient, spool: Path) -> None:
    answer = hand_over(writer, query="source=crm&name=accounts.csv")
    assert answer.status_code == 202
    waiting = state_of(writer, answer)
    assert (waiting["state"], waiting["name"], waiting["bytes"]) == ("waiting", "accounts.csv", len(CSV))
    assert [path.name for path in spool.iterdir()] == [f"upload-{waiting['job']}.csv"]
    assert load_uploads() == "1 uploads taken up"
    done = state_of(writer, answer)
    assert (done["state"], done["counts"]["new"], done["counts"]["rows"]) == ("done", 2, 2)
    assert [(fault["line"], fault["code"]) for fault in done["faults"]] == [(4, "missing_key")]
    assert all(stage["finished"] for stage in done["stages"])
    assert done["finished_at"]
    assert not list(spool.iterdir())
    assert SourceRecord.objects.filter(state="live").count() == 2
    assert load_uploads() == "0 uploads taken up"


def _parquet() -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table({"Id": ["1", "2"], "Name": ["Acme Ltd", "Quercus"], "Town": ["Ulm", "Lyon"]}), sink)
    return sink.getvalue()


def _workbook() -> bytes:
    book, sink = openpyxl.Workbook(), io.BytesIO()
    for row in (["Id", "Name", "Town"], ["1", "Acme Ltd", "Ulm"], ["2", "Quercus", "Lyon"]):
        book.active.append(row)
    book.save(sink)
    return sink.getvalue()


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("application/x-ndjson", b'{"Id": "1", "Name": "Acme Ltd", "Town": "Ulm"}\n{"Id": "2", "Name": "Quercus"}\n'),
        ("application/vnd.apache.parquet", _parquet()),
        (XLSX, _workbook()),
    ],
)
def test_the_kind_of_the_body_says_how_it_is_read(writer: ApiClient, kind: str, content: bytes) -> None:
    answer = hand_over(writer, content, kind)
    load_uploads()
    done = state_of(writer, answer)
    assert (done["state"], done["counts"].get("new")) == ("done", 2), done


def test_a_new_source_may_be_registered_with_the_hubs_own_attributes(writer: ApiClient) -> None:
    rows = [
        {"key": "1", "modified_at": "2026-01-01T00:00:00Z", "name": "Acme", "city": "Ulm"},
        {"key": "2", "name": "B"},
    ]
    content = "".join(json.dumps(row) + "\n" for row in rows).encode()
    asked = "source=shop&kind=billing&mapping=canonical"
    answer = hand_over(writer, content, "application/x-ndjson", asked)
    load_uploads()
    assert state_of(writer, answer)["counts"]["new"] == 2
    assert SourceSystem.objects.get(code="shop").kind == "billing"


def test_a_file_that_cannot_be_used_is_refused_with_its_reason(writer: ApiClient, spool: Path) -> None:
    answer = hand_over(writer, b"PK\x03\x04 not a table")
    load_uploads()
    refused = state_of(writer, answer)
    assert refused["state"] == "refused"
    assert refused["failure_code"]
    assert refused["failure"]
    assert not list(spool.iterdir())


def test_handing_over_again_with_the_same_key_makes_no_second_job(writer: ApiClient, spool: Path) -> None:
    first = hand_over(writer, Idempotency_Key="k1")
    again = hand_over(writer, Idempotency_Key="k1")
    assert (again.status_code, again["Location"]) == (202, first["Location"])
    assert Upload.objects.count() == 1
    assert len(list(spool.iterdir())) == 1
    other = hand_over(writer, CSV + b"3,C,D\n", Idempotency_Key="k1")
    assert problem_of(other)["code"] == "idempotency.key_reused"
    assert len(list(spool.iterdir())) == 1


def test_a_worker_that_died_is_followed_by_one_that_goes_on(
    writer: ApiClient, spool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = hand_over(writer)
    with monkeypatch.context() as dying:
        dying.setattr(
            "apps.pipeline.loading.resolve_pending", lambda *_args, **_options: (_ for _ in ()).throw(SystemExit)
        )
        with pytest.raises(SystemExit):
            load_uploads()
    Run.objects.update(state="running")  # a worker that was killed has no time to say so
    assert SourceRecord.objects.filter(state="received").count() == 2
    assert state_of(writer, answer)["state"] == "running"
    load_uploads()
    assert state_of(writer, answer)["state"] == "done"
    assert Run.objects.count() == 1
    assert SourceRecord.objects.filter(state="live").count() == 2


def test_a_job_that_fails_again_and_again_is_given_up_with_its_reason(
    writer: ApiClient, spool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_options: object) -> None:
        raise RuntimeError("disk on fire")

    monkeypatch.setattr(uploading, "load_files", fail)
    answer = hand_over(writer)
    for _ in range(4):
        load_uploads()
        assert load_uploads() == "0 uploads taken up"
        Upload.objects.update(due_at=None)
    failed = state_of(writer, answer)
    assert (failed["state"], failed["failure"]) == ("failed", "RuntimeError: disk on fire")
    assert Upload.objects.get().attempts == 3
    assert not list(spool.iterdir())


def test_what_the_rules_stand_against_waits_and_says_why(
    writer: ApiClient, spool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_options: object) -> None:
        raise OutdatedRules("publish the next version first")

    answer = hand_over(writer)
    with monkeypatch.context() as outdated:
        outdated.setattr(uploading, "load_files", refuse)
        load_uploads()
    waiting = state_of(writer, answer)
    assert (waiting["state"], waiting["failure_code"]) == ("waiting", "rules.outdated")
    assert load_uploads() == "0 uploads taken up"
    Upload.objects.update(due_at=None)
    load_uploads()
    done = state_of(writer, answer)
    assert (done["state"], done["failure_code"]) == ("done", "")


def test_a_job_whose_file_is_gone_says_so(writer: ApiClient, spool: Path) -> None:
    answer = hand_over(writer)
    next(spool.iterdir()).unlink()
    load_uploads()
    assert state_of(writer, answer)["failure_code"] == "upload.file_missing"


def test_what_one_worker_holds_another_leaves_alone(writer: ApiClient, transactional_db: None) -> None:
    import threading

    from django.db import connections

    hand_over(writer)
    said: list[str] = []

    def other() -> None:
        try:
            said.append(load_uploads())
        finally:
            connections.close_all()

    with alone(Gate.UPLOAD, Upload.objects.get().pk):
        thread = threading.Thread(target=other)
        thread.start()
        thread.join(30)
    assert said == ["0 uploads taken up"]


def test_leftovers_of_the_spool_are_removed_after_a_day(
    writer: ApiClient, spool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand_over(writer)
    (spool / "abc.part").write_bytes(b"half")
    assert forget_spool() == "0 leftovers removed"
    monkeypatch.setattr("apps.sources.uploads.LEFTOVER_SECONDS", -1)
    assert forget_spool() == "1 leftovers removed"
    assert [path.suffix for path in spool.iterdir()] == [".csv"]


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("", 400, "request.parameter_invalid"),
        ("source=cmr", 404, "hub.not_found"),
        ("source=erp", 409, "source.no_mapping"),
        ("source=crm&mapping=../../etc/passwd", 400, "hub.invalid"),
        ("source=crm&mode=all", 400, "request.parameter_invalid"),
        ("source=a%20b&kind=crm", 400, "request.parameter_invalid"),
        ("source=new&kind=planet", 400, "request.parameter_invalid"),
    ],
)
def test_what_cannot_become_a_job_is_refused_and_leaves_no_file(
    writer: ApiClient, spool: Path, query: str, status: int, code: str
) -> None:
    make_source("erp")
    answer = hand_over(writer, query=query)
    assert (answer.status_code, problem_of(answer)["code"]) == (status, code)
    assert not Upload.objects.exists()
    assert not spool.exists() or not list(spool.iterdir())


def test_a_body_of_another_kind_an_empty_one_and_one_too_large_are_refused(
    writer: ApiClient, spool: Path, settings: Settings
) -> None:
    assert problem_of(hand_over(writer, kind="application/json"))["code"] == "http.media_type"
    empty = hand_over(writer, b"", Content_Length="0")
    assert (empty.status_code, problem_of(empty)["code"]) == (400, "upload.empty")
    endless = hand_over(writer, b"")
    assert (endless.status_code, problem_of(endless)["code"]) == (411, "http.length_required")
    settings.MDM = settings.MDM | {"UPLOAD_BYTES": 10}
    answer = hand_over(writer)
    assert (answer.status_code, problem_of(answer)["code"]) == (413, "upload.too_large")
    assert not list(spool.iterdir())


def test_a_job_nobody_knows_is_not_found(writer: ApiClient) -> None:
    for number in ("7", "9" * 30):
        assert problem_of(writer.get(f"{JOBS}/{number}"))["code"] == "hub.not_found"
