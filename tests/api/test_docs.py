import re
from collections.abc import Callable

import pytest
from django.test import Client
from drf_spectacular.validation import validate_schema

from apps.api.v1.schema import openapi_document
from tests.api.conftest import ApiClient


def test_the_schema_is_valid_openapi_3_1(as_role: Callable[[str | None], ApiClient]) -> None:
    answer = as_role(None).get("/api/v1/schema/")
    assert answer.status_code == 200
    document = answer.json()
    assert document["openapi"].startswith("3.1")
    validate_schema(document)  # type: ignore[no-untyped-call]


def test_every_operation_is_documented_with_answer_problem_and_log_in() -> None:
    operations = {
        operation["operationId"]: operation
        for item in openapi_document()["paths"].values()
        for operation in item.values()
    }
    assert operations.keys() == {
        "searchCustomers", "getCustomer", "listCompanyCodes", "listHistory", "resolveByKey", "resolveByExample",
        "listChanges", "listMembers", "resolveExamples",
        "listSourceSystems", "listOpenCases", "explainCustomer", "explainApart",
        "listPins", "pinValue", "releasePin",
        "mergeCustomers", "splitCustomer", "unmergeCustomer", "transferRecord", "undoDecision",
        "listVerdicts", "judgeRecords", "undoVerdict",
        "pushSourceRecords", "getSourceRecord", "deleteSourceRecord", "handOverFile", "getJob",
        "listRuleSets", "saveRuleSet", "getRuleSet", "getDryRun", "askDryRun", "approveRuleSet", "publishRuleSet",
        "revertRuleSet",
        "listProposals", "propose", "getProposal", "approveProposal", "refuseProposal", "withdrawProposal",
        "refreshProposal",
    }  # fmt: skip
    for operation in operations.values():
        assert operation["summary"]
        assert operation["description"]
        assert operation["security"] == [{"token": []}]
        [success] = [reply for code, reply in operation["responses"].items() if code.startswith("2")]
        assert "application/json" in success["content"]
        for code in ("400", "401", "403"):
            assert "application/problem+json" in operation["responses"][code]["content"]
        for parameter in operation.get("parameters", []):
            assert parameter["description"]


def test_the_page_shows_every_operation_and_keeps_to_the_policy(as_role: Callable[[str | None], ApiClient]) -> None:
    answer = as_role(None).get("/api/v1/docs/")
    page = answer.content.decode()
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/html")
    for path in openapi_document()["paths"]:
        assert path in page
    assert "script" not in page
    assert not re.search(r"\sstyle=|<style|\son\w+=|https?://(?!testserver)", page)
    assert "default-src 'none'" in answer["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["/api/v1/schema/", "/api/v1/docs/"])
def test_documentation_needs_no_log_in_and_takes_no_parameters(path: str, db: None) -> None:
    assert Client().get(path).status_code == 200
    assert Client().get(path, {"format": "xml"}).status_code == 400
