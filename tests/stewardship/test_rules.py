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
    senior, administrator = log_in("senior_steward"), log_in("administrator")
    page = f"/rules/{number}/"
    assert "No dry run yet" in middle(senior.get(page))
    assert "Waits for a worker." in middle(senior.post(f"{page}try/", follow=True))
    carry_out_due()
    found = middle(senior.get(page))
    assert "A second person has to approve this." in found
    assert "Publish and match" not in found
    assert "Approve</button>" not in found
    assert "Approve</button>" in middle(administrator.get(page))
    refused = senior.post(f"{page}publish/", {"reason": "better"})
    assert (refused.status_code, find_active_version()) == (403, 1)
    assert "Say why" in middle(administrator.post(f"{page}approve/", {"reason": " "}, follow=True))
    assert "You approved" in middle(administrator.post(f"{page}approve/", {"reason": "fine"}, follow=True))
    assert "Publish and match" not in middle(administrator.get(page))
    published = middle(senior.post(f"{page}publish/", {"reason": "better"}, follow=True))
    assert f"Version {number} is in force" in published
    carry_out_due()
    listed = middle(senior.get("/rules/"))
    assert "the way back" in listed
    assert "re-match not done" not in listed


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
