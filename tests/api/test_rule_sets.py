"""Rule set versions over REST: saved, tried, approved by another token, published, and the way back."""

from collections.abc import Callable
from pathlib import Path

import pytest

from apps.pipeline.whatif import carry_out_due
from apps.rulebook.selectors import find_active_version
from tests.api.conftest import ApiClient
from tests.concurrency.rule_sets import RULE_SETS
from tests.pipeline.whatif.hub import set_up

pytestmark = pytest.mark.django_db
AsRole = Callable[[str | None], ApiClient]
PATH = "/api/v1/rule-sets"


@pytest.fixture
def admins(as_role: AsRole, tmp_path: Path) -> tuple[ApiClient, ApiClient]:
    """Two administrators of a small hub."""
    set_up(tmp_path, companies=30)
    return as_role("administrator"), as_role("administrator")


def save(admin: ApiClient, name: str = "strict") -> int:
    saved = admin.send("POST", PATH, {"rules": RULE_SETS[name].to_document(), "note": "stricter"})
    assert saved.status_code == 201
    assert saved.headers["Location"] == f"{PATH}/{saved.json()['number']}"
    return int(saved.json()["number"])


def code_of(answer: object) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]  # type: ignore[attr-defined]


def test_a_version_goes_from_draft_to_force_and_the_way_back_is_named(admins: tuple[ApiClient, ApiClient]) -> None:
    anna, ben = admins
    number = save(anna)
    assert anna.get(f"{PATH}/{number}").json()["state"] == "draft"
    assert code_of(anna.send("POST", f"{PATH}/{number}/publish", {"reason": "better"})) == (409, "rules.no_dry_run")
    begun = anna.send("POST", f"{PATH}/{number}/dry-run")
    assert (begun.status_code, begun.json()["state"], begun.json()["report"]) == (202, "waiting", {})
    carry_out_due()
    found = anna.get(f"{PATH}/{number}/dry-run").json()
    assert (found["state"], found["needs_approval"], found["is_stale"]) == ("done", True, False)
    assert found["report"]["targets"].keys() <= {"crm", "erp", "billing"}
    assert found["report"]["affected"] > 0
    assert anna.get(f"{PATH}/{number}").json()["state"] == "tried"
    refused = anna.send("POST", f"{PATH}/{number}/publish", {"reason": "better"})
    assert code_of(refused) == (403, "rules.approval_needed")
    assert refused.json()["facts"]["limit"] == "0.01"
    assert code_of(anna.send("POST", f"{PATH}/{number}/approve", {"reason": "fine"})) == (403, "rules.own_approval")
    approved = ben.send("POST", f"{PATH}/{number}/approve", {"reason": "fine"})
    assert [one["reason"] for one in approved.json()["approvals"]] == ["fine"]
    published = anna.send("POST", f"{PATH}/{number}/publish", {"reason": "better"}, Idempotency_Key="once")
    assert (published.status_code, published.json()["finished_at"]) == (202, None)
    again = anna.send("POST", f"{PATH}/{number}/publish", {"reason": "better"}, Idempotency_Key="once")
    assert again.headers["Idempotency-Replayed"] == "true"
    carry_out_due()
    listed = anna.get(PATH).json()
    assert listed["way_back"] == 1
    assert listed["publications"][0]["version"] == number
    assert listed["publications"][0]["finished_at"] is not None
    assert code_of(anna.send("POST", f"{PATH}/revert", {"reason": "back"})) == (409, "rules.no_dry_run")
    assert find_active_version() == number


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "rules.invalid"),
        ({"toml": "name = ["}, "rules.invalid"),
        ({"rules": {"name": "x"}}, "rules.invalid"),
        ({"rules": RULE_SETS["strict"].to_document(), "nonsense": 1}, "rules.invalid"),
    ],
)
def test_rules_that_cant_be_read_are_refused(as_role: AsRole, body: dict[str, object], code: str) -> None:
    assert code_of(as_role("administrator").send("POST", PATH, body)) == (400, code)


def test_what_is_not_there_is_not_found(as_role: AsRole) -> None:
    admin = as_role("administrator")
    for path in ("9", "9/dry-run", "99999999999"):
        assert admin.get(f"{PATH}/{path}").status_code == 404
    assert admin.send("POST", f"{PATH}/9/publish", {"reason": "why"}).status_code == 404
    assert code_of(admin.send("POST", f"{PATH}/9/publish", {"reason": " "})) == (400, "rules.invalid")
