from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.api.conftest import ApiClient
from tests.factories import make_case, make_record, make_source

PATH = "/api/v1/cases"


@pytest.fixture
def steward(as_role: Callable[[str], ApiClient]) -> ApiClient:
    return as_role("steward")


def test_open_cases_come_most_pressing_first_through_every_page(steward: ApiClient) -> None:
    for number in range(5):
        make_case(make_record(), make_record(), priority=number % 2, question=f"Q{number}")
    make_case(kind="drop_guard", priority=9, question="Really delete 400 accounts?")
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        body = steward.get(PATH, limit="2", **cursor).json()
        seen += [case["question"] for case in body["items"]]
        if body["next"] is None:
            break
        cursor = {"cursor": body["next"]}
    assert seen == ["Really delete 400 accounts?", "Q1", "Q3", "Q0", "Q2", "Q4"]


def test_a_pair_case_names_both_records_in_three_queries(steward: ApiClient) -> None:
    make_case(make_record(key="A"), make_record(source="erp", key="B"))
    make_case(kind="drop_guard")
    with CaptureQueriesContext(connection) as queries:
        pair, other = steward.get(PATH).json()["items"]
    assert len(queries) == 3
    assert (pair["left"], pair["right"]) == ({"source": "crm", "key": "A"}, {"source": "erp", "key": "B"})
    assert pair["score_bits"] == 0.8
    assert (other["left"], other["right"], other["score_bits"]) == (None, None, None)


def test_cases_can_be_asked_for_by_kind(steward: ApiClient) -> None:
    make_case(make_record(), make_record())
    make_case(kind="growth")
    assert [case["kind"] for case in steward.get(PATH, kind="growth").json()["items"]] == ["growth"]
    assert steward.get(PATH, kind="everything").status_code == 400


def test_a_cursor_serves_only_the_question_it_was_given_for(steward: ApiClient) -> None:
    for _ in range(3):
        make_case(kind="growth")
    cursor = steward.get(PATH, limit="1").json()["next"]
    answer = steward.get(PATH, limit="1", kind="growth", cursor=cursor)
    assert (answer.status_code, answer.json()["code"]) == (400, "page.cursor_invalid")


def test_source_systems_are_listed_with_their_badges(steward: ApiClient) -> None:
    make_source("stripe_eu", name="Stripe Europe", hue=3)
    make_source("crm")
    with CaptureQueriesContext(connection) as queries:
        body = steward.get("/api/v1/source-systems").json()
    assert len(queries) == 2
    assert [(s["code"], s["letters"], s["hue"]) for s in body["items"]] == [("crm", "CRM", 0), ("stripe_eu", "STRE", 3)]


def test_a_case_lists_the_candidates_of_its_record(steward: ApiClient) -> None:
    asked = make_record(key="A")
    best = make_case(asked, make_record(key="B"), priority=2, subject=asked)
    second = make_case(asked, make_record(key="C"), priority=1, subject=asked)
    (item,) = steward.get(PATH).json()["items"]
    assert (item["case"], item["subject"]) == (best.pk, {"source": "crm", "key": "A"})
    assert [(c["case"], c["record"]["key"]) for c in item["candidates"]] == [(best.pk, "B"), (second.pk, "C")]
    assert item["pressing"] > 0
