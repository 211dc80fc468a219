import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.api.v1.examples import ExampleShape
from apps.engine.rules import load_company_rules
from apps.golden.selectors import OutOfTime, resolve_examples
from apps.rulebook.selectors import get_active_rules
from tests.api.conftest import Acme, ApiClient
from tests.factories import make_customer, make_record, make_standard

PATH = "/api/v1/resolve"


def test_a_source_key_names_its_customer(api: ApiClient, acme: Acme) -> None:
    with CaptureQueriesContext(connection) as queries:
        body = api.get(PATH, source="crm", key="CRM-1").json()
    assert len(queries) <= 3
    assert body["asked"] == {"source": "crm", "key": "CRM-1"}
    assert [customer["gid"] for customer in body["customers"]] == [acme.gid]


@pytest.mark.parametrize(("source", "key"), [("crm", "CRM-404"), ("nowhere", "CRM-1")])
def test_an_unknown_source_key_is_not_found(api: ApiClient, acme: Acme, source: str, key: str) -> None:
    answer = api.get(PATH, source=source, key=key)
    assert (answer.status_code, answer.json()["facts"]) == (404, {"source": source, "key": key})


@pytest.mark.parametrize("state", ["received", "deleted", "quarantined"])
def test_a_record_without_a_customer_says_why(api: ApiClient, state: str) -> None:
    record = make_record(key="K1", state=state)
    answer = api.get(PATH, source=record.source.code, key="K1")
    assert answer.status_code == 404
    assert (answer.json()["code"], answer.json()["facts"]["state"]) == ("resolve.record_without_customer", state)


@pytest.mark.parametrize("value", ["DE811907980", "de 811 907 980", "811907980"])
def test_an_identifier_is_found_in_any_usual_spelling(api: ApiClient, acme: Acme, value: str) -> None:
    with CaptureQueriesContext(connection) as queries:
        body = api.get(PATH, scheme="vat", value=value, country="de").json()
    assert len(queries) <= 3
    assert [customer["gid"] for customer in body["customers"]] == [acme.gid]


def test_an_identifier_nobody_carries_finds_nobody(api: ApiClient, acme: Acme) -> None:
    assert api.get(PATH, scheme="lei", value="DE811907980").json()["customers"] == []


@pytest.mark.parametrize(
    "question",
    [{}, {"source": "crm"}, {"scheme": "vat"}, {"source": "crm", "value": "x"}, {"scheme": "ssn", "value": "1"},
     {"source": "crm", "key": " "}],
)  # fmt: skip
def test_half_a_question_is_refused(api: ApiClient, question: dict[str, str]) -> None:
    assert api.get(PATH, **question).status_code == 400


def test_an_example_finds_its_customer_with_evidence_that_adds_up(api: ApiClient, acme: Acme) -> None:
    stranger = make_record({"name": "Ulmer Bäckerei GmbH", "city": "Ulm", "country": "DE"}, source="billing")
    make_standard(stranger)
    make_customer(stranger)
    example = {"name": "TRAEGER MASCHINENBAU", "city": "Ulm", "country": "Germany", "vat": "DE 811907980"}
    get_active_rules()
    with CaptureQueriesContext(connection) as queries:
        answer = api.post(PATH, json.dumps(example))
    asked = [q["sql"].split() for q in queries.captured_queries if "set_config" not in q["sql"]]
    assert len([words for words in asked if words[0] in {"SELECT", "WITH"}]) == 6
    body = answer.json()
    assert answer.status_code == 200
    best = body["candidates"][0]
    assert (best["customer"]["gid"], best["band"], best["records_found"]) == (acme.gid, "link", 2)
    assert best["score_bits"] >= body["link_bits"]
    adds_up = body["prior_bits"] + sum(piece["bits"] for piece in best["evidence"])
    assert best["score_bits"] == pytest.approx(adds_up)
    assert all(piece["sentence"] for piece in best["evidence"])
    assert [candidate["customer"]["gid"] for candidate in body["candidates"]].count(acme.gid) == 1


def test_many_examples_answer_one_by_one_each_with_its_own_error(api: ApiClient, acme: Acme) -> None:
    example = {"name": "Traeger Maschinenbau", "city": "Ulm", "country": "DE", "vat": "DE811907980"}
    body = {
        "examples": [example, {"name": 7}, {"colour": "red"}, {"name": "Quokka Xylophones", "country": "AU"}, example]
    }
    answer = api.post(f"{PATH}/batch", json.dumps(body))
    items = answer.json()["items"]
    assert (answer.status_code, len(items)) == (200, 5)
    assert [item["error"] and item["error"]["code"] for item in items] == [
        None, "resolve.field_invalid", "resolve.example_invalid", None, None,
    ]  # fmt: skip
    assert items[0] == items[4]
    assert items[0]["resolution"]["candidates"][0]["customer"]["gid"] == acme.gid
    assert items[0]["resolution"]["candidates"][0]["evidence"] == []
    assert items[3]["resolution"]["candidates"] == []
    alone = api.post(PATH, json.dumps(example)).json()
    explained = api.post(f"{PATH}/batch?evidence=true&limit=5", json.dumps({"examples": [example]})).json()
    assert explained["items"][0]["resolution"] == alone


def test_many_examples_are_looked_up_together(api: ApiClient, acme: Acme) -> None:
    body = json.dumps({"examples": [{"name": "Träger Maschinenbau", "city": "Ulm"}] * 60})
    get_active_rules()
    with CaptureQueriesContext(connection) as queries:
        api.post(f"{PATH}/batch", body)
    asked = [q["sql"].split()[0] for q in queries.captured_queries if "set_config" not in q["sql"]]
    # Token and rules, then four for each 25 examples.
    assert len([word for word in asked if word in {"SELECT", "WITH"}]) <= 2 + 3 * 4


def test_examples_not_reached_in_time_say_so(acme: Acme) -> None:
    found = resolve_examples([{"name": "Träger Maschinenbau", "city": "Ulm"}] * 2, seconds=-1.0)
    assert [type(item) for item in found] == [OutOfTime, OutOfTime]


@pytest.mark.parametrize(
    "body", [{}, {"examples": []}, {"examples": [{}] * 1_001}, {"examples": {}}, {"examples": [], "x": 1}]
)
def test_a_batch_that_is_no_list_of_examples_is_refused(api: ApiClient, body: object) -> None:
    answer = api.post(f"{PATH}/batch", json.dumps(body))
    assert (answer.status_code, answer.json()["code"]) == (400, "resolve.field_invalid")


def test_an_example_stores_nothing(api: ApiClient, acme: Acme) -> None:
    with CaptureQueriesContext(connection) as queries:
        api.post(PATH, json.dumps({"name": "Träger Maschinenbau", "city": "Ulm"}))
    assert not [q for q in queries.captured_queries if q["sql"].split()[0] in {"INSERT", "UPDATE", "DELETE"}]


def test_several_values_of_one_attribute_come_as_a_list(api: ApiClient, acme: Acme) -> None:
    body = api.post(PATH, json.dumps({"vat": ["DE811907980", "ATU00000000"], "name": None})).json()
    assert body["candidates"][0]["customer"]["gid"] == acme.gid


def test_an_example_like_nobody_says_why(api: ApiClient, acme: Acme) -> None:
    nobody = api.post(PATH, json.dumps({"name": "Quokka Xylophones", "country": "AU"})).json()
    assert (nobody["candidates"], nobody["compared"]) == ([], 0)
    assert nobody["note"] == "No record shares a match key with the example."
    vague = api.post(PATH, json.dumps({"country": "DE"})).json()
    assert "nothing rare enough" in vague["note"]


@pytest.mark.parametrize(
    "example",
    [{}, {"name": " "}, {"golden_id": "GC-1"}, {"name": "x", "is_approved": True}, {"name": 7}, {"name": {"a": 1}},
     {"name": []}, {"name": ["x"] * 21}, {"name": "x" * 1_001}, {"name": None}, {"__class__": "x"}],
)  # fmt: skip
def test_an_unusable_example_is_refused(api: ApiClient, acme: Acme, example: object) -> None:
    answer = api.post(PATH, json.dumps(example))
    assert answer.status_code == 400
    assert answer.json()["code"].startswith("resolve.")


def test_without_rules_in_force_an_example_waits(api: ApiClient) -> None:
    answer = api.post(PATH, json.dumps({"name": "Träger"}))
    assert (answer.status_code, answer.json()["code"]) == (409, "rules.none_active")


def test_the_documented_example_names_the_attributes_of_the_shipped_rules() -> None:
    documented = set(ExampleShape().fields)
    assert documented == {attribute.name for attribute in load_company_rules().attributes}
