"""Find a customer from any page (T6), by mouse, by keyboard alone and without scripts; compare and merge two."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from apps.golden.selectors import get_customer
from tests.e2e.counting import Counter
from tests.factories import make_customer, make_record
from tests.stewardship.conftest import ACME, SmallHub, make_small_hub

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
LIMIT = 3
LogIn = Callable[[Page, str], None]


@pytest.fixture
def hub(transactional_db: None) -> SmallHub:
    for name in ("Hafenwerft Praezision AG", "Praegeanstalt Nord GmbH", "Acme Werft", "Hamburger Precision KG"):
        make_customer(make_record({**ACME, "name": name}))
    return make_small_hub()


@pytest.mark.parametrize("start", ["/", "/review/", "/rules/", "/customers/", "/me/preferences/"])
def test_a_billing_key_opens_its_customer_in_three_from_any_page(
    page: Page, live_server: LiveServer, hub: SmallHub, log_in_as: LogIn, start: str
) -> None:
    log_in_as(page, "viewer")
    page.goto(live_server.url + start)
    page.wait_for_load_state("load")
    page.locator("h1").focus()
    counter = Counter(page)
    counter.press("/")
    counter.type(None, "A-7")
    counter.press("Enter")
    expect(page).to_have_url(f"{live_server.url}/customers/{hub.billed.gid}/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Acme Praezision")
    assert counter.count <= LIMIT


def test_a_name_with_one_slip_is_among_the_first_three(
    page: Page, live_server: LiveServer, hub: SmallHub, log_in_as: LogIn
) -> None:
    log_in_as(page, "viewer")
    page.goto(f"{live_server.url}/rules/")
    page.wait_for_load_state("load")
    counter = Counter(page)
    counter.press("/")
    counter.type(None, "Acme Praezsion")
    counter.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Customers")
    first = page.locator("a[data-row]")
    expect(first.first).to_be_visible()
    assert f"/customers/{hub.billed.gid}/" in [one.get_attribute("href") for one in first.all()[:3]]
    assert counter.count <= LIMIT


def test_suggestions_are_walked_with_arrows_and_closed_with_esc(
    page: Page, live_server: LiveServer, hub: SmallHub, log_in_as: LogIn
) -> None:
    log_in_as(page, "viewer")
    page.goto(live_server.url)
    page.wait_for_load_state("load")
    field = page.locator("#find")
    page.keyboard.press("/")
    page.keyboard.type("A-7", delay=20)
    option = page.locator("#find-list").get_by_role("option").first
    expect(option).to_be_visible()
    expect(field).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("Escape")
    expect(page.locator("#find-list")).to_be_hidden()
    page.keyboard.press("Backspace")
    page.keyboard.type("7")
    expect(option).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(option).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{live_server.url}/customers/{hub.billed.gid}/")
    expect(page.locator("#find-list")).to_be_hidden()


def test_a_suggestion_is_clicked(page: Page, live_server: LiveServer, hub: SmallHub, log_in_as: LogIn) -> None:
    log_in_as(page, "viewer")
    page.goto(f"{live_server.url}/customers/")
    page.wait_for_load_state("load")
    page.locator("#q").press_sequentially("praezision", delay=10)
    page.locator("#q-list").get_by_role("option", name="Acme Praezision").click()
    expect(page).to_have_url(f"{live_server.url}/customers/{hub.billed.gid}/")


def test_two_are_compared_and_merged_by_keyboard_alone(
    page: Page, live_server: LiveServer, hub: SmallHub, log_in_as: LogIn
) -> None:
    log_in_as(page, "steward")
    page.goto(f"{live_server.url}/customers/?q=acme+praezision+hafen")
    page.wait_for_load_state("load")
    page.get_by_role("link", name="ACME Präzision GmbH").focus()
    page.keyboard.press("x")
    page.get_by_role("link", name="Acme Praezision", exact=True).focus()
    page.keyboard.press("x")
    page.keyboard.press("v")
    expect(page.locator("main")).to_contain_text("They are two customers.")
    page.keyboard.press("m")
    expect(page.locator("main")).to_contain_text("What moves")
    page.locator("#reason").focus()
    page.keyboard.type("one contract")
    page.keyboard.press("Enter")
    expect(page.locator(".toast").first).to_contain_text("Merged into ACME Praezision GmbH")
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    assert get_customer(hub.billed.gid).survivor == hub.acme.gid
    page.get_by_role("button", name="Undo").first.click()
    expect(page.locator(".toast").first).to_contain_text("undone")
    assert get_customer(hub.billed.gid).state == "live"


def test_two_are_found_compared_and_merged_without_scripts_and_each_page_opens_again(
    browser: Browser, live_server: LiveServer, hub: SmallHub, log_in_as: LogIn
) -> None:
    context = browser.new_context(java_script_enabled=False)
    plain = context.new_page()
    log_in_as(plain, "steward")
    plain.goto(live_server.url)
    plain.locator("#find").fill("acme praezision")
    plain.locator("#find").press("Enter")
    plain.get_by_label("Select ACME Präzision GmbH").check()
    plain.get_by_label("Select Acme Praezision", exact=True).check()
    plain.get_by_role("button", name="Compare").click()
    plain.get_by_role("button", name="Show the merge").click()
    expect(plain.locator("main")).to_contain_text("What moves")
    again = context.new_page()
    again.goto(plain.url)
    assert again.locator("table").inner_text() == plain.locator("table").inner_text()
    plain.locator("#reason").fill("one contract")
    plain.get_by_role("button", name="Merge").click()
    expect(plain.locator(".toast").first).to_contain_text("Merged into ACME Praezision GmbH")
    context.close()
