"""A case that somebody looks at is asked for, and given: both pages tell it by themselves."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.stewardship.conftest import SmallHub, make_small_hub

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
LOOK = "document.dispatchEvent(new Event('visibilitychange'))"
"""What the pages do by themselves every twenty seconds."""


@pytest.fixture
def hub(transactional_db: None) -> SmallHub:
    return make_small_hub()


def test_a_case_is_asked_for_and_given_without_a_reload(
    page: Page, browser: Browser, live_server: LiveServer, hub: SmallHub, log_in_as: Callable[[Page, str], None]
) -> None:
    address = f"{live_server.url}/review/{hub.case.pk}/"
    log_in_as(page, "steward")
    page.goto(address)
    page.get_by_label("Reason (optional)").fill("half a thought")
    other = browser.new_context()
    senior = other.new_page()
    log_in_as(senior, "senior_steward")
    senior.goto(address)
    senior.keyboard.press("q")
    expect(senior.locator("#claim")).to_contain_text("You asked for it")
    page.evaluate(LOOK)
    asked = page.locator("#claim")
    expect(asked).to_contain_text("a-senior_steward asks for this case")
    expect(page.get_by_label("Reason (optional)")).to_have_value("half a thought")
    expect(page.get_by_role("button", name="Different")).to_be_enabled()
    asked.get_by_role("button", name="Let a-senior_steward have it").click()
    expect(page.locator("#claim")).to_contain_text("a-senior_steward looks at this case")
    senior.evaluate(LOOK)
    expect(senior.locator("#claim")).to_contain_text("This case is yours now")
    senior.get_by_role("link", name="Decide it").click()
    expect(senior.get_by_role("button", name="Same customer")).to_be_visible()
    other.close()
