import threading
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from apps.api.idempotency import forget_answers
from apps.api.models import KeptAnswer
from apps.pipeline import live
from apps.sources.models import IntakeBatch, RecordVersion, SourceRecord
from tests.api.conftest import Answer, ApiClient
from tests.api.test_errors import problem_of
from tests.factories import make_active_rules, make_source

RECORDS = "/api/v1/source-records"
KEY = "0198-first"


@pytest.fixture
def writer(db: None) -> ApiClient:
    make_active_rules()
    make_source("crm")
    return ApiClient("integration")


def push(client: ApiClient, idempotency_key: str = KEY, name: str = "Acme", **more: Any) -> Answer:
    body = {"source": "crm", "key": "1", "attributes": {"name": name, "city": "Ulm"}, **more}
    return client.send("POST", RECORDS, body, Idempotency_Key=idempotency_key)


def test_the_same_request_again_gets_the_same_answer_and_changes_nothing_more(writer: ApiClient) -> None:
    first, again = push(writer), push(writer)
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.content == first.content
    assert "Idempotency-Replayed" not in first
    assert again["Idempotency-Replayed"] == "true"
    assert IntakeBatch.objects.get().rows_read == 1


def test_another_order_of_members_is_the_same_request(writer: ApiClient) -> None:
    push(writer)
    body = {"key": "1", "attributes": {"city": "Ulm", "name": "Acme"}, "source": "crm"}
    assert writer.send("POST", RECORDS, body, Idempotency_Key=KEY)["Idempotency-Replayed"] == "true"


def test_the_key_of_another_request_is_refused(writer: ApiClient) -> None:
    push(writer)
    for answer in (push(writer, name="Other"), writer.send("DELETE", f"{RECORDS}/crm/1", Idempotency_Key=KEY)):
        assert (answer.status_code, problem_of(answer)["code"]) == (422, "idempotency.key_reused")
    assert RecordVersion.objects.count() == 1


def test_another_token_has_keys_of_its_own(writer: ApiClient) -> None:
    push(writer)
    answer = push(ApiClient("integration"), name="Acme Ltd")
    assert answer.status_code == 200
    assert answer.json()["items"][0]["outcome"] == "changed"


@pytest.mark.parametrize("key", ["", "a b", "ä", "x" * 256])
def test_what_is_no_key_is_refused(writer: ApiClient, key: str) -> None:
    answer = push(writer, key)
    assert (answer.status_code, problem_of(answer)["code"]) == (400, "idempotency.key_invalid")
    assert not SourceRecord.objects.exists()


def test_a_refusal_is_not_kept_since_it_changed_nothing(writer: ApiClient) -> None:
    assert push(writer, modified_at="yesterday").status_code == 422
    assert push(writer, modified_at="2026-01-01").status_code == 200


def test_after_72_hours_a_key_is_new_and_its_answer_is_forgotten(writer: ApiClient) -> None:
    push(writer)
    push(writer, "second")
    KeptAnswer.objects.filter(key=KEY).update(kept_at=timezone.now() - timedelta(hours=72, seconds=1))
    assert "Idempotency-Replayed" not in push(writer)
    KeptAnswer.objects.filter(key=KEY).update(kept_at=timezone.now() - timedelta(hours=72, seconds=1))
    assert forget_answers() == 1
    assert KeptAnswer.objects.get().key == "second"


def test_each_for_itself_has_its_answer_kept_too(writer: ApiClient) -> None:
    body = {"records": [{"source": "crm", "key": "1", "attributes": {"name": "A"}}], "atomic": False}
    first = writer.send("POST", RECORDS, body, Idempotency_Key=KEY)
    again = writer.send("POST", RECORDS, body, Idempotency_Key=KEY)
    assert again["Idempotency-Replayed"] == "true"
    assert again.content == first.content


@pytest.mark.django_db(transaction=True)
def test_a_request_that_dies_leaves_neither_change_nor_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    make_active_rules()
    make_source("crm")
    client = ApiClient("integration")
    client.client.raise_request_exception = False
    with monkeypatch.context() as broken:
        broken.setattr("apps.api.idempotency.JSONRenderer.render", lambda *_args: 1 / 0)
        assert push(client).status_code == 500
    assert not SourceRecord.objects.exists()
    assert not KeptAnswer.objects.exists()
    assert push(client).json()["items"][0]["outcome"] == "new"


@pytest.mark.django_db(transaction=True)
@pytest.mark.concurrency
def test_while_a_request_runs_the_same_one_is_asked_to_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    make_active_rules()
    make_source("crm")
    client = ApiClient("integration")
    inside, go_on = threading.Event(), threading.Event()

    def slow(record_ids: Sequence[int], **options: Any) -> dict[int, live.Absorbed]:
        inside.set()
        assert go_on.wait(20)
        return live.absorb(record_ids, **options)

    monkeypatch.setattr("apps.pipeline.receiving.absorb", slow)
    answers: list[Answer] = []

    def first() -> None:
        try:
            answers.append(push(client))
        finally:
            connections.close_all()

    thread = threading.Thread(target=first)
    thread.start()
    assert inside.wait(20)
    meanwhile = push(client)
    go_on.set()
    thread.join(30)
    assert (meanwhile.status_code, problem_of(meanwhile)["code"]) == (409, "idempotency.in_progress")
    assert meanwhile["Retry-After"] == "1"
    assert answers[0].status_code == 200
    assert push(client).content == answers[0].content
    assert RecordVersion.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.concurrency
def test_of_many_at_once_one_runs_and_all_answers_agree() -> None:
    make_active_rules()
    make_source("crm")
    client = ApiClient("integration")
    start = threading.Barrier(6, timeout=20)
    answers: list[Answer] = []

    def ask() -> None:
        try:
            start.wait()
            answers.append(push(client))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(answers) == 6
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert len({answer.content for answer in answers if answer.status_code == 200}) == 1
    assert IntakeBatch.objects.get().rows_read == 1
