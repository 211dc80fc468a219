"""Two people judge one case blind: the first sees no Result and nothing happens; the second's word carries it out."""

from collections.abc import Callable

import pytest
from django.conf import settings
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from apps.golden.places import find_places
from tests.stewardship.conftest import SmallHub, make_small_hub

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def is_one(hub: SmallHub) -> bool:
    return len({place.gid for place in find_places([hub.crm_record.pk, hub.billing_record.pk]).values()}) == 1


def test_two_people_judge_blind_by_keys_and_the_second_sees_the_result(
    page: Page,
    browser: Browser,
    live_server: LiveServer,
    log_in_as: Callable[[Page, str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(settings.MDM, "BLIND_PERCENT", 100)
    hub = make_small_hub()
    log_in_as(page, "steward")
    page.goto(f"{live_server.url}/review/{hub.case.pk}/")
    page.wait_for_load_state("load")
    expect(page.get_by_text("Judged blind").first).to_be_visible()
    expect(page.locator(".falls")).to_have_count(0)
    expect(page.locator(".with-result")).to_have_count(0)
    page.locator("h1").focus()
    page.keyboard.press("m")
    expect(page.locator(".toast").first).to_contain_text("A second person judges this case")
    assert not is_one(hub)
    second = browser.new_context(java_script_enabled=False)
    other = second.new_page()
    log_in_as(other, "senior_steward")
    other.goto(f"{live_server.url}/review/{hub.case.pk}/")
    expect(other.get_by_text("You said")).to_have_count(0)
    other.get_by_role("button", name="Same customer").click()
    expect(other.locator(".toast").first).to_contain_text("Merged into")
    assert is_one(hub)
    other.goto(f"{live_server.url}/review/{hub.case.pk}/")
    expect(other.locator("main")).to_contain_text("a-steward and a-senior_steward agreed")
    expect(other.locator(".falls").first).to_be_visible()
    second.close()
