"""Who changed the e-mail, and from what (T8): by mouse, by keyboard alone and without scripts; two points compared."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from apps.base.actors import Actor
from apps.pipeline.fixing import Wish, pin_value
from tests.e2e.counting import Counter
from tests.stewardship.conftest import SmallHub, make_small_hub

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
LIMIT = 2


@pytest.fixture
def hub(transactional_db: None) -> SmallHub:
    small = make_small_hub()
    wish = Wish(attribute="email", value="orders@acme-praezision.de")
    pin_value(gid=small.acme.gid, wish=wish, reason="said on the phone", actor=Actor.person("ada", None))
    wish = Wish(attribute="email", value="office@acme-praezision.de")
    pin_value(gid=small.acme.gid, wish=wish, reason="the old one bounces", actor=Actor.person("bob", None))
    return small


@pytest.mark.parametrize("way", ["mouse", "keyboard", "no scripts"])
def test_who_changed_the_e_mail_and_from_what_is_two_away(
    browser: Browser, live_server: LiveServer, hub: SmallHub, log_in_as: Callable[[Page, str], None], way: str
) -> None:
    context = browser.new_context(java_script_enabled=way != "no scripts")
    page = context.new_page()
    log_in_as(page, "viewer")
    page.goto(f"{live_server.url}/customers/{hub.acme.gid}/")
    counter = Counter(page)
    if way == "keyboard":
        counter.press("h")
    else:
        counter.click(page.get_by_role("link", name="History of e-mail"))
    row = page.locator(".history > li", has_text="office@acme-praezision.de").first
    expect(row).to_contain_text("by bob")
    expect(row.locator("del", has_text="orders@acme-praezision.de")).to_be_visible()
    expect(row.locator("ins", has_text="office@acme-praezision.de")).to_be_visible()
    expect(row).to_contain_text("Reason: the old one bounces")
    expect(row.locator("time").first).to_be_visible()
    assert counter.count <= LIMIT
    context.close()


def test_two_ticks_compare_two_points_by_keyboard(
    page: Page, live_server: LiveServer, hub: SmallHub, log_in_as: Callable[[Page, str], None]
) -> None:
    log_in_as(page, "viewer")
    page.goto(f"{live_server.url}/customers/{hub.acme.gid}/history/")
    page.wait_for_load_state("load")
    for keys in ("j", "Space", "j", "Space"):
        page.keyboard.press(keys)
    page.get_by_role("button", name="Compare the two ticked").press("Enter")
    expect(page.get_by_role("heading", name="Two points compared")).to_be_visible()
    expect(page.locator("ins", has_text="office@acme-praezision.de")).to_be_visible()
    page.get_by_role("link", name="The customer at the first").click()
    expect(page.locator(".notice")).to_contain_text("To read only")
    expect(page.locator("main")).to_contain_text("orders@acme-praezision.de")
