"""A steward's round in a real browser: log in, open the queue, judge, see it merged, undo. Keyboard only."""

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from apps.base.actors import Actor
from apps.stewardship.services import add_person
from tests.stewardship.conftest import SmallHub, make_small_hub

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

PASSWORD = "long-enough-9"


@pytest.fixture
def hub(transactional_db: None) -> SmallHub:
    add_person(username="anna", password=PASSWORD, role="steward", actor=Actor.hub("test"))
    return make_small_hub()


def press(page: Page, key: str) -> None:
    """Press a key once the page's scripts have run: before that it would be nobody's."""
    page.wait_for_load_state("load")
    page.keyboard.press(key)


def log_in(page: Page, live_server: LiveServer) -> None:
    page.goto(live_server.url)
    page.get_by_label("Log-in name").fill("anna")
    page.get_by_label("Password").fill(PASSWORD)
    press(page, "Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("1 open case")


def test_a_steward_judges_sees_the_merge_and_undoes_it(page: Page, live_server: LiveServer, hub: SmallHub) -> None:
    log_in(page, live_server)
    press(page, "g")
    press(page, "r")
    expect(page.get_by_role("heading", level=1)).to_have_text("1 open case")
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    press(page, "j")
    press(page, "Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("ACME Präzision GmbH / Acme Praezision")
    expect(page.get_by_role("heading", level=1)).to_be_focused()

    press(page, "m")
    expect(page.locator(".notice.success")).to_contain_text("Merged into ACME Praezision GmbH")
    expect(page.locator("#live")).to_contain_text("Merged into ACME Praezision GmbH")

    page.goto(f"{live_server.url}/customers/{hub.billed.gid}/")
    expect(page.locator(".notice")).to_contain_text(f"{hub.billed.gid} was merged into this customer")
    expect(page).to_have_url(f"{live_server.url}/customers/{hub.acme.gid}/")
    expect(page.get_by_role("link", name="Sources 3")).to_be_visible()

    page.goto(f"{live_server.url}/")
    press(page, "z")
    expect(page.locator(".notice.success")).to_contain_text("Decision undone")
    expect(page.get_by_role("button", name="Same customer")).to_be_visible()
    page.goto(f"{live_server.url}/customers/{hub.billed.gid}/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Acme Praezision")


def test_the_same_round_works_without_scripts(page: Page, live_server: LiveServer, hub: SmallHub) -> None:
    browser = page.context.browser
    assert browser is not None
    context = browser.new_context(java_script_enabled=False)
    plain = context.new_page()
    log_in(plain, live_server)
    plain.get_by_role("link", name="Start reviewing").click()
    plain.get_by_placeholder("Reason (optional)").fill("same VAT number on both contracts")
    plain.get_by_role("button", name="Same customer").click()
    expect(plain.locator(".notice.success")).to_contain_text("Merged into ACME Praezision GmbH")
    plain.goto(live_server.url)
    plain.get_by_role("button", name="Undo").click()
    expect(plain.locator(".notice.success")).to_contain_text("Decision undone")
    context.close()


def test_keys_do_nothing_while_typing_or_when_switched_off(page: Page, live_server: LiveServer, hub: SmallHub) -> None:
    log_in(page, live_server)
    page.goto(f"{live_server.url}/review/{hub.case.pk}/")
    page.get_by_placeholder("Reason (optional)").fill("m")
    page.get_by_placeholder("Reason (optional)").press("n")
    page.locator("h1").focus()
    press(page, "?")
    page.get_by_role("button", name="Switch single keys off").click()
    expect(page.locator(".toast")).to_contain_text("Single keys are off")
    press(page, "m")
    expect(page.get_by_role("button", name="Same customer")).to_be_visible()
    hub.case.refresh_from_db()
    assert hub.case.state == "open"
