"""The next case stands there with the press that judges this one, and nothing is lost where the hub doesn't answer."""

import pytest
from playwright.sync_api import Locator, Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from apps.cases.models import Case
from tests.e2e.test_judging_tasks import heading, log_in, make_pairs
from tests.stewardship.conftest import make_small_hub

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def first(page: Page, live_server: LiveServer, transactional_db: None) -> str:
    """Open the first of three cases, the next one fetched; return its heading."""
    make_small_hub()
    make_pairs(2)
    log_in(page, live_server, "anna")
    with page.expect_response(
        lambda answer: "/review/next/" not in answer.url and answer.request.redirected_from is not None
    ):
        page.goto(f"{live_server.url}/review/next/")
    page.wait_for_load_state("networkidle")
    return heading(page).text_content() or ""


def hold(page: Page, held: list[Route]) -> None:
    """Keep what judges a case from reaching the hub until it is let go on."""

    def keep(route: Route) -> None:
        held.append(route)

    page.route("**/judge/", keep)


def reason(page: Page) -> Locator:
    return page.locator("#main").get_by_placeholder("Reason (optional)")


def test_it_is_shown_before_the_hub_has_answered_and_judged_only_after(
    page: Page, first: str, live_server: LiveServer
) -> None:
    held: list[Route] = []
    hold(page, held)
    with page.expect_request("**/judge/"):
        page.keyboard.press("n")
    expect(heading(page)).not_to_have_text(first)
    second = heading(page).text_content() or ""
    expect(heading(page)).to_be_focused()
    expect(page.locator("#main button[value=different]")).to_be_disabled()
    page.keyboard.press("n")
    assert len(held) == 1
    assert Case.objects.filter(state="open").count() == 3
    held[0].continue_()
    expect(page.locator(".toast").first).to_contain_text("Kept apart")
    expect(page.locator("#main button[value=different]")).to_be_enabled()
    assert heading(page).text_content() == second
    assert Case.objects.filter(state="open").count() == 2


def test_what_was_begun_on_it_is_kept(page: Page, first: str) -> None:
    held: list[Route] = []
    hold(page, held)
    with page.expect_request("**/judge/"):
        page.keyboard.press("n")
    expect(heading(page)).not_to_have_text(first)
    reason(page).fill("two branches")
    held[0].continue_()
    expect(page.locator(".toast").first).to_contain_text("Kept apart")
    expect(reason(page)).to_have_value("two branches")


def test_where_the_hub_cannot_be_reached_the_case_is_back_as_it_was(page: Page, first: str, console: list[str]) -> None:
    reason(page).fill("a namesake")
    page.route("**/judge/", lambda route: route.abort())
    page.get_by_role("button", name="Different").click()
    expect(page.locator("#offline")).to_be_visible()
    expect(heading(page)).to_have_text(first)
    expect(reason(page)).to_have_value("a namesake")
    expect(page.get_by_role("button", name="Different")).to_be_enabled()
    assert Case.objects.filter(state="open").count() == 3
    console.clear()
