"""Go through what a filter or a selection names, by keys alone and without scripts."""

import pytest
from django.conf import settings as hub_settings
from playwright.sync_api import Browser, Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from apps.cases.models import Case
from tests.e2e.counting import Counter
from tests.e2e.test_judging_tasks import heading, log_in, make_pairs
from tests.stewardship.conftest import make_small_hub

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def pairs(transactional_db: None, settings: Settings) -> list[Case]:
    """Three possible duplicates, most pressing last, beside a case of another kind."""
    settings.MDM = {**hub_settings.MDM, "BLIND_PERCENT": 0}
    hub = make_small_hub()
    Case.objects.filter(pk=hub.case.pk).update(kind="reopened")
    return make_pairs(3)


def test_a_filter_is_gone_through_by_keys_one_for_each_verdict(
    page: Page, live_server: LiveServer, pairs: list[Case]
) -> None:
    log_in(page, live_server, "anna")
    page.goto(f"{live_server.url}/review/?kind=pair")
    counter = Counter(page)
    with page.expect_response(lambda answer: "/review/next/" in answer.url and "after" in answer.url):
        counter.press("s")
    for number in range(1, 4):
        expect(page.locator(".walk")).to_contain_text(f"{number} of 3")
        expect(heading(page)).to_be_focused()
        page.wait_for_load_state("networkidle")
        counter.press("n")
        expect(page.locator(".toast").first).to_contain_text("Kept apart")
        expect(page.locator(f".walk:has-text('{number} of 3')")).to_have_count(0)
    expect(heading(page)).to_have_text("3 cases judged")
    assert counter.count == 4
    assert set(Case.objects.filter(state="open").values_list("kind", flat=True)) == {"reopened"}


def test_selected_rows_are_gone_through_and_skipped_by_keys(
    page: Page, live_server: LiveServer, pairs: list[Case]
) -> None:
    log_in(page, live_server, "anna")
    page.goto(f"{live_server.url}/review/?kind=pair")
    counter = Counter(page)
    counter.press("j x j j x")
    expect(page.locator("[data-selected]")).to_have_text("2")
    counter.press("b")
    expect(page.locator(".walk")).to_contain_text("1 of 2 selected")
    first = heading(page).text_content() or ""
    counter.press("s")
    expect(page.locator(".walk")).to_contain_text("2 of 2 selected")
    expect(heading(page)).not_to_have_text(first)
    counter.press("s")
    expect(heading(page)).to_have_text("No case judged")
    expect(page.locator("#main")).to_contain_text("2 of them are still open")
    assert Case.objects.filter(state="open").count() == 4


def test_select_all_ticks_the_page_and_means_the_filter(page: Page, live_server: LiveServer, pairs: list[Case]) -> None:
    log_in(page, live_server, "anna")
    page.goto(f"{live_server.url}/review/?kind=pair")
    page.keyboard.press("a")
    expect(page.locator("input[name=pick]:checked")).to_have_count(3)
    expect(page.locator("[data-selected]")).to_have_text("all")
    page.locator("input[name=pick]").first.click()
    expect(page.locator("input[name=all]")).not_to_be_checked()
    expect(page.locator("[data-selected]")).to_have_text("2")


def test_without_scripts_selected_rows_are_judged_by_plain_forms(
    page: Page, browser: Browser, live_server: LiveServer, pairs: list[Case]
) -> None:
    log_in(page, live_server, "anna")
    context = browser.new_context(java_script_enabled=False)
    context.add_cookies(page.context.cookies())  # type: ignore[arg-type]
    plain = context.new_page()
    plain.goto(f"{live_server.url}/review/?kind=pair")
    plain.locator("input[name=pick]").nth(0).check()
    plain.locator("input[name=pick]").nth(2).check()
    plain.get_by_role("button", name="Judge selected").click()
    expect(plain.locator(".walk")).to_contain_text("1 of 2 selected")
    plain.locator("#judge button[value=different]").click()
    expect(plain.locator(".walk")).to_contain_text("2 of 2 selected")
    plain.locator("#judge button[value=different]").click()
    expect(heading(plain)).to_have_text("2 cases judged")
    assert Case.objects.filter(state="open", kind="pair").get().pk == pairs[1].pk
    context.close()
