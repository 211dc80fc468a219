import json
import time
from collections.abc import Callable
from unittest import mock
from uuid import UUID

import pytest
from django.db import OperationalError
from django.test import Client

from apps.golden import selectors as golden
from tests.api.conftest import Acme, Answer, ApiClient
from tests.factories import make_token

RESOLVE = "/api/v1/resolve"
MEMBERS = {"type", "title", "status", "detail", "code", "instance", "facts"}


def problem_of(answer: Answer) -> dict[str, object]:
    """Return the problem document of an answer, having checked it against RFC 9457 and our own promise."""
    assert answer["Content-Type"] == "application/problem+json"
    body: dict[str, object] = json.loads(answer.content)
    assert body.keys() == MEMBERS
    assert body["status"] == answer.status_code
    assert body["type"] == f"urn:mdmhub:problem:{body['code']}"
    UUID(str(body["instance"]).removeprefix("urn:uuid:"))
    return body


@pytest.mark.parametrize(
    "path", ["/api/", "/api/v1", "/api/v2/customers", "/api/v1/customers/", "/api/v1/x/" + "y" * 9_999]
)
def test_an_unknown_address_is_a_problem_document(api: ApiClient, path: str) -> None:
    answer = api.get(path)
    assert answer.status_code == 404
    assert problem_of(answer)["code"] == "http.not_found"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_writing_to_an_unknown_address_is_a_problem_document_too(db: None, method: str) -> None:
    answer = Client(enforce_csrf_checks=True).generic(method, "/api/v1/nowhere", b"{}")
    assert answer.status_code == 404
    assert problem_of(answer)["code"] == "http.not_found"


def test_no_route_asks_for_a_csrf_token(acme: Acme) -> None:
    client = Client(enforce_csrf_checks=True)
    headers = {"Authorization": f"Bearer {make_token()}"}
    answer = client.post(RESOLVE, b'{"name": "x"}', content_type="application/json", headers=headers)
    assert answer.status_code == 200


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"])
def test_a_wrong_method_is_a_problem_document(api: ApiClient, method: str) -> None:
    answer = api.call(method, "/api/v1/customers?q=x")
    assert answer.status_code == 405
    assert problem_of(answer)["code"] == "http.method"
    assert "GET" in answer["Allow"]


def test_a_method_override_header_is_ignored(api: ApiClient) -> None:
    assert api.get_with("/api/v1/source-systems", X_HTTP_Method_Override="DELETE").status_code == 200


def test_an_answer_that_nobody_can_give_is_a_problem_document(api: ApiClient) -> None:
    answer = api.get_with("/api/v1/source-systems", Accept="image/png")
    assert answer.status_code == 406
    problem_of(answer)


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/xml", "",
     "application/json; charset=utf-7", "application/json; charset=utf-16", "nonsense"],
)  # fmt: skip
def test_a_body_that_is_not_json_in_utf_8_is_a_problem_document(api: ApiClient, content_type: str) -> None:
    answer = api.post(RESOLVE, b'{"name": "x"}', content_type)
    assert answer.status_code == 415
    assert problem_of(answer)["code"] == "http.media_type"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"7",
        b'"x"',
        b"null",
        b'{"name": "a", "name": "b"}',
        b'{"name": NaN}',
        b'{"name": -Infinity}',
        b'{"name": 1e400}',
        b'{"name": ' + b"9" * 10_000 + b"}",
        b'{"name": ' + b"[" * 10_000 + b"]" * 10_000 + b"}",
        b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
        b'{"name": "\\ud83d"}',
        b'{"\\ud83d": "x"}',
        b'{"name": "\\u0000"}',
        b'{"name": "x"} {}',
        b'\xef\xbb\xbf{"name": "x"}',
        b'{"name": "\xff"}',
        b'{"name": "\xed\xa0\xbd"}',
        b"{'name': 'x'}",
        b'{"name": "x",}',
    ],
    ids=lambda body: body[:20],
)
def test_hostile_json_is_refused_at_once(api: ApiClient, acme: Acme, body: bytes) -> None:
    started = time.perf_counter()
    answer = api.post(RESOLVE, body)
    # The promise is 100 ms on an idle core; the suite shares its cores.
    assert time.perf_counter() - started < 2
    assert answer.status_code == 400
    problem_of(answer)


@pytest.mark.parametrize("size", [70_000, 10_000_000])
def test_a_body_larger_than_any_question_is_refused(api: ApiClient, size: int) -> None:
    answer = api.post(RESOLVE, b'{"name": "' + b"x" * size + b'"}')
    assert answer.status_code == 413
    assert problem_of(answer)["code"] == "http.body_too_large"


@pytest.mark.parametrize(
    "name", ["(a+)+$", "%", "*", "' OR 1=1 --", "\u202eGmbH", "\u0301" * 900, "😀" * 500, "{{7*7}}"]
)
def test_a_hostile_name_is_only_a_name(api: ApiClient, acme: Acme, name: str) -> None:
    assert api.post(RESOLVE, json.dumps({"name": name, "city": "Ulm"})).status_code == 200
    assert api.get("/api/v1/customers", q=name[:500]).status_code == 200


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/api/v1/customers", {"q": "x", "limit": "1000000000"}),
        ("/api/v1/customers", {"q": "x", "limit": "-1"}),
        ("/api/v1/customers", {"q": "x", "limit": "0"}),
        ("/api/v1/customers", {"q": "x", "limit": "٣"}),
        ("/api/v1/customers", {"q": "x", "limit": "1e1"}),
        ("/api/v1/customers", {"q": "x", "limit": ""}),
        ("/api/v1/customers", {"q": "x", "cursor": "made-up"}),
        ("/api/v1/customers", {"q": "x", "cursor": ""}),
        ("/api/v1/customers", {"q": "x", "cursor": "A" * 10_000}),
        ("/api/v1/customers", {"q": "x", "cursor": "\ud83d"}),
        ("/api/v1/customers", {"q": "x\x00"}),
        ("/api/v1/customers", {"q": "x" * 501}),
        ("/api/v1/customers", {"q": ""}),
        ("/api/v1/customers", {}),
        ("/api/v1/customers", {"q": "x", "values__name__regex": "a"}),
        ("/api/v1/customers", {"q": "x", "ordering": "-id"}),
        ("/api/v1/customers", {"q": "x", "format": "xml"}),
        ("/api/v1/source-systems", {"token": "mdm_x"}),
        ("/api/v1/resolve", {"source": "crm", "key": "\x00"}),
        ("/api/v1/resolve", {"source": "crm", "key": "k" * 501}),
    ],
)  # fmt: skip
def test_a_hostile_parameter_is_refused(api: ApiClient, path: str, query: dict[str, str]) -> None:
    escaped = {name: value.encode("utf-8", "surrogatepass").decode("latin-1") for name, value in query.items()}
    answer = api.get(path, **(escaped if "\ud83d" in query.values() else query))
    assert answer.status_code == 400
    problem_of(answer)


def test_a_parameter_given_twice_is_refused(api: ApiClient) -> None:
    answer = api.get("/api/v1/customers?q=a&q=b")
    assert answer.status_code == 400
    assert problem_of(answer)["facts"] == {"parameter": "q"}


def test_a_tampered_cursor_is_refused(api: ApiClient, acme: Acme) -> None:
    from apps.api.paging import write_cursor

    cursor = write_cursor("customers", "x", [1, "", "", [1]])
    assert api.get("/api/v1/customers", q="x", cursor=cursor).status_code == 200
    for tampered in (cursor[:-1], cursor + "A", "A" + cursor, cursor.replace(":", "")):
        assert problem_of(api.get("/api/v1/customers", q="x", cursor=tampered))["code"] == "page.cursor_invalid"
    assert problem_of(api.get("/api/v1/customers", q="y", cursor=cursor))["code"] == "page.cursor_invalid"


def test_an_unexpected_error_is_logged_and_tells_nothing(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    api.client.raise_request_exception = False
    monkeypatch.setattr(golden, "search_customers", mock.Mock(side_effect=RuntimeError("secret detail")))
    answer = api.get("/api/v1/customers", q="x")
    assert answer.status_code == 500
    body = problem_of(answer)
    assert b"secret" not in answer.content
    assert [record for record in caplog.records if f"urn:uuid:{getattr(record, 'instance', '')}" == body["instance"]]


def test_an_unexpected_error_still_reaches_error_reporting(api: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(golden, "search_customers", mock.Mock(side_effect=RuntimeError("boom")))
    with pytest.raises(RuntimeError, match="boom"):
        api.get("/api/v1/customers", q="x")


def test_a_lost_database_says_try_again(api: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(golden, "search_customers", mock.Mock(side_effect=OperationalError("server closed")))
    answer = api.get("/api/v1/customers", q="x")
    assert answer.status_code == 503
    assert answer["Retry-After"]
    assert problem_of(answer)["code"] == "hub.database_unavailable"


def test_answers_are_never_shared_by_caches(api: ApiClient, as_role: Callable[[str | None], ApiClient]) -> None:
    for client in (api, as_role(None)):
        answer = client.get("/api/v1/source-systems")
        assert "private" in answer["Cache-Control"]
        assert "Authorization" in answer["Vary"]
