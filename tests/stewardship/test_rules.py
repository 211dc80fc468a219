"""The rules pages: who sees what a dry run found, and who may act on it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client

from apps.pipeline.whatif import carry_out_due, try_version
from apps.rulebook.selectors import find_active_version
from tests.pipeline.whatif.hub import ANNA, draft, set_up
from tests.stewardship.conftest import middle

pytestmark = pytest.mark.django_db
LogIn = Callable[[str], Client]


def test_a_version_is_tried_approved_by_a_second_person_and_published_from_its_page(
    log_in: LogIn, tmp_path: Path
) -> None:
    set_up(tmp_path, companies=30)
    number = draft("strict")
    administrator, senior = log_in("administrator"), log_in("senior_steward")
    page = f"/rules/{number}/"
    assert "No dry run yet" in middle(administrator.get(page))
    assert "Waits for a worker." in middle(administrator.post(f"{page}try/", follow=True))
    carry_out_due()
    found = middle(administrator.get(page))
    assert "A second person has to approve this." in found
    assert "Publish and match" not in found
    assert "Approve</button>" not in found
    assert "Approve</button>" in middle(senior.get(page))
    refused = administrator.post(f"{page}publish/", {"reason": "better"})
    assert (refused.status_code, find_active_version()) == (403, 1)
    assert "Say why" in middle(senior.post(f"{page}approve/", {"reason": " "}, follow=True))
    assert "You approved" in middle(senior.post(f"{page}approve/", {"reason": "fine"}, follow=True))
    assert "Publish and match" not in middle(senior.get(page))
    published = middle(administrator.post(f"{page}publish/", {"reason": "better"}, follow=True))
    assert f"Version {number} is in force" in published
    carry_out_due()
    listed = middle(administrator.get("/rules/"))
    assert "the way back" in listed
    assert "re-match not done" not in listed


def test_a_senior_steward_tries_rules_and_an_administrator_puts_them_in_force(log_in: LogIn, tmp_path: Path) -> None:
    set_up(tmp_path, companies=30)
    number = draft("strict")
    try_version(number=number, actor=ANNA)
    senior = log_in("senior_steward")
    assert "Try again" in middle(senior.get(f"/rules/{number}/"))
    assert "Publish and match" not in middle(senior.get(f"/rules/{number}/"))
    refused = senior.post(f"/rules/{number}/publish/", {"reason": "why"})
    assert refused.status_code == 403
    assert "To publish rules takes the role administrator." in middle(refused)


@pytest.mark.parametrize("role", ["viewer", "steward"])
def test_others_look_and_don_t_act(role: str, log_in: LogIn, tmp_path: Path) -> None:
    set_up(tmp_path, companies=30)
    number = draft("strict")
    try_version(number=number, actor=ANNA)
    client = log_in(role)
    found = middle(client.get(f"/rules/{number}/"))
    assert "What publishing would change" in found
    assert "<button" not in found
    for act in ("try", "approve", "publish"):
        assert client.post(f"/rules/{number}/{act}/", {"reason": "why"}).status_code == 403
    assert find_active_version() == 1


def test_a_version_that_isnt_there_is_not_found(log_in: LogIn, db: None) -> None:
    assert log_in("viewer").get("/rules/9/").status_code == 404
    assert "the first load publishes one" in middle(log_in("steward").get("/rules/"))
