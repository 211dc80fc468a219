"""Why one customer (T7), by mouse, by keyboard alone and without scripts; and why another one is not."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.e2e.counting import Counter
from tests.stewardship.conftest import SmallHub, make_small_hub

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
LIMIT = 1


@pytest.fixture
def hub(transactional_db: None) -> SmallHub:
    return make_small_hub()


def expect_the_answer(page: Page) -> None:
    sentence = page.locator(".say .sentence")
    expect(sentence).to_contain_text("are one customer because their")
    expect(sentence).to_contain_text("name")
    expect(sentence).to_contain_text("rules version 1: groups join from")


@pytest.mark.parametrize("way", ["mouse", "keyboard", "no scripts"])
def test_why_is_one_interaction_away(
    browser: Browser, live_server: LiveServer, hub: SmallHub, log_in_as: Callable[[Page, str], None], way: str
) -> None:
    context = browser.new_context(java_script_enabled=way != "no scripts")
    page = context.new_page()
    log_in_as(page, "viewer")
    page.goto(f"{live_server.url}/customers/{hub.acme.gid}/")
    counter = Counter(page)
    if way == "keyboard":
        counter.press("w")
    else:
        counter.click(page.get_by_role("link", name="Why", exact=True))
    expect_the_answer(page)
    assert counter.count <= LIMIT
    context.close()


def test_why_not_is_asked_by_a_name_and_answered_with_the_evidence(
    page: Page, live_server: LiveServer, hub: SmallHub, log_in_as: Callable[[Page, str], None]
) -> None:
    log_in_as(page, "viewer")
    page.goto(f"{live_server.url}/customers/{hub.acme.gid}/why/")
    page.wait_for_load_state("load")
    page.keyboard.press("/")
    page.keyboard.type("praezision")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Which one?")).to_be_visible()
    page.keyboard.press("Escape")
    page.locator("h1").focus()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator(".say .sentence")).to_contain_text("are two customers")
    expect(page.locator("table.falls")).to_be_visible()
    expect(page).to_have_url(f"{live_server.url}/customers/{hub.acme.gid}/why/?not={hub.billed.gid}")
