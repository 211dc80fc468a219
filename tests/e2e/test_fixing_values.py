"""Override and protect a value in a real browser (T5), by mouse, by keyboard alone and without scripts."""

from collections.abc import Callable

import pytest
from django.db import transaction
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from apps.base.actors import Actor
from apps.golden.selectors import get_customer, list_pins
from apps.pipeline.flow import Ask, resolve
from apps.pipeline.receiving import receive_together
from apps.pipeline.runs import QuietJournal
from apps.sources.pushing import Push
from tests.e2e.counting import Counter
from tests.factories import make_verdict
from tests.stewardship.conftest import ACME, SmallHub, make_small_hub

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
LIMIT = 5
REASON = "seen on the letterhead"


@pytest.fixture
def hub(transactional_db: None) -> SmallHub:
    small = make_small_hub()
    settle(small)
    return small


def settle(hub: SmallHub) -> None:
    """Have the rules choose the values, and a decision hold the records together, whatever one of them says."""
    make_verdict(hub.crm_record, hub.erp_record, "same")
    with transaction.atomic():
        members = [hub.crm_record.pk, hub.erp_record.pk]
        resolve(QuietJournal(Actor.hub("test")), Ask(reason="settled", revalue=members))


def name_of(hub: SmallHub) -> str:
    return get_customer(hub.acme.gid).name


def reload_crm(**said: str) -> None:
    """Send the record of the CRM once more, as it was but for what is said."""
    crm = Push(source_code="crm", key="0031", attributes={**ACME, **said})
    receive_together(pushes=[crm], actor=Actor.hub("test"))


def act(counter: Counter, *, until: str = "") -> None:
    """Use the name of the CRM's record, from the customer's page."""
    page = counter.page
    counter.click(page.get_by_role("link", name="ACME Praezision GmbH").first)
    counter.click(page.get_by_label("ACME Präzision GmbH", exact=True))
    if until:
        counter.click(page.get_by_label(until, exact=False).first)
    counter.type(page.get_by_label("Why?"), REASON)
    counter.click(page.get_by_role("button", name="Save and protect"))
    expect(page.locator(".toast").first).to_contain_text("Name is now “ACME Präzision GmbH”, protected")


def test_a_value_is_fixed_in_five_and_outlives_reloads_until_released(
    page: Page, live_server: LiveServer, hub: SmallHub, log_in_as: Callable[[Page, str], None]
) -> None:
    log_in_as(page, "steward")
    page.goto(f"{live_server.url}/customers/{hub.acme.gid}/")
    page.wait_for_load_state("load")
    counter = Counter(page)
    act(counter)
    assert counter.count <= LIMIT
    expect(page.locator("dialog[open]")).to_have_count(0)
    expect(page.get_by_role("heading", level=1)).to_have_text("ACME Präzision GmbH")
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    reload_crm()
    assert name_of(hub) == "ACME Präzision GmbH"
    reload_crm(name="Acme Renamed")
    assert name_of(hub) == "ACME Präzision GmbH"

    page.reload()
    page.wait_for_load_state("load")
    counter = Counter(page)
    counter.click(page.get_by_role("link", name="ACME Präzision GmbH").first)
    expect(page.locator(".release")).to_contain_text("ACME Praezision GmbH returns")
    counter.type(page.locator("#release-reason"), "no longer")
    counter.click(page.get_by_role("button", name="Release"))
    expect(page.locator(".toast").first).to_contain_text("Name is released; the rules say “ACME Praezision GmbH”")
    assert counter.count <= LIMIT
    assert list_pins(hub.acme.gid) == []


def test_a_value_fixed_while_its_record_says_the_same_gives_way_when_it_says_something_else(
    page: Page, live_server: LiveServer, hub: SmallHub, log_in_as: Callable[[Page, str], None]
) -> None:
    log_in_as(page, "steward")
    page.goto(f"{live_server.url}/customers/{hub.acme.gid}/")
    page.wait_for_load_state("load")
    counter = Counter(page)
    act(counter, until="Until this source’s value changes")
    assert counter.count <= LIMIT
    reload_crm()
    assert name_of(hub) == "ACME Präzision GmbH"
    reload_crm(name="Acme Renamed")
    assert name_of(hub) == "ACME Praezision GmbH"
    page.reload()
    expect(page.locator("main")).to_contain_text("“ACME Präzision GmbH”, fixed by person:a-steward, rests")


def test_a_value_is_fixed_by_keyboard_alone(
    page: Page, live_server: LiveServer, hub: SmallHub, log_in_as: Callable[[Page, str], None]
) -> None:
    log_in_as(page, "steward")
    page.goto(f"{live_server.url}/customers/{hub.acme.gid}/")
    page.wait_for_load_state("load")
    page.keyboard.press("j")
    expect(page.locator(".field-link").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#drawer")).to_be_visible()
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("() => document.activeElement.name === 'choice'"):
            break
    page.keyboard.press("Space")
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("() => document.activeElement.name === 'own'"):
            break
    page.keyboard.type("Acme Fixed")
    expect(page.locator("#use-own")).to_be_checked()
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("() => document.activeElement.name === 'reason'"):
            break
    page.keyboard.type(REASON)
    page.keyboard.press("Enter")
    expect(page.locator(".toast").first).to_contain_text("Name is now “Acme Fixed”, protected")
    assert name_of(hub) == "Acme Fixed"


def test_a_value_is_fixed_and_released_without_scripts(
    browser: Browser, live_server: LiveServer, hub: SmallHub, log_in_as: Callable[[Page, str], None]
) -> None:
    context = browser.new_context(java_script_enabled=False)
    plain = context.new_page()
    log_in_as(plain, "steward")
    plain.goto(f"{live_server.url}/customers/{hub.acme.gid}/")
    act(Counter(plain))
    assert name_of(hub) == "ACME Präzision GmbH"
    plain.get_by_role("link", name="ACME Präzision GmbH").first.click()
    expect(plain).to_have_url(f"{live_server.url}/customers/{hub.acme.gid}/fields/name/")
    plain.locator("#release-reason").fill("no longer")
    plain.get_by_role("button", name="Release").click()
    expect(plain.locator(".toast").first).to_contain_text("Name is released")
    context.close()


def test_esc_closes_the_drawer_and_gives_focus_back_and_nothing_is_saved(
    page: Page, live_server: LiveServer, hub: SmallHub, log_in_as: Callable[[Page, str], None]
) -> None:
    log_in_as(page, "steward")
    page.goto(f"{live_server.url}/customers/{hub.acme.gid}/")
    page.wait_for_load_state("load")
    page.locator(".field-link").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#drawer h1")).to_have_text("Name")
    page.keyboard.press("Escape")
    expect(page.locator("#drawer")).not_to_be_visible()
    expect(page.locator(".field-link").first).to_be_focused()
    assert list_pins(hub.acme.gid) == []
