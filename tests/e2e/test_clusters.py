"""Take two strays out of a six-record cluster (T3), by keyboard alone, as suggested, and without scripts."""

from collections.abc import Callable, Mapping

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from apps.cases.models import Case
from apps.golden.places import find_places
from apps.matching.models import Verdict
from apps.sources.models import SourceRecord
from tests.e2e.counting import Counter
from tests.factories import make_active_rules, make_case, make_customer, make_record, make_standard
from tests.stewardship.conftest import ACME

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
LIMIT, LIMIT_OF_SUGGESTED = 8, 2
STRAYS = {
    "3": {"name": "Quercus Lighting SARL", "city": "Lyon", "country": "France", "phone": "+33 4 7200 1234"},
    "6": {"name": "Larch Foods Ltd", "city": "Leeds", "country": "United Kingdom", "phone": "+44 113 496 0123"},
}


def make_cluster(strays: Mapping[str, dict[str, str]]) -> Case:
    """Return the case that asks whether record 1 belongs to the customer of records 2 to 6."""
    make_active_rules()
    records = {key: make_record(strays.get(key, ACME), source=f"s{key}", key=key) for key in "123456"}
    for record in records.values():
        make_standard(record)
    make_customer(records["1"])
    make_customer(*(records[key] for key in "23456"))
    return make_case(records["1"], records["2"], subject=records["1"])


def together() -> set[str]:
    """Return the customers as the keys of their records in a row."""
    records = dict(SourceRecord.objects.order_by("key").values_list("key", "pk"))
    places = find_places(records.values())
    homes: dict[str, str] = {}
    for key, record in records.items():
        homes[places[record].gid] = homes.get(places[record].gid, "") + key
    return set(homes.values())


def open_cluster(page: Page, live_server: LiveServer, case: Case) -> None:
    page.goto(f"{live_server.url}/review/cluster/{case.pk}/")
    page.wait_for_load_state("load")
    page.locator("h1").focus()


def test_two_strays_that_nothing_suggests_leave_in_eight_by_keyboard(
    page: Page, live_server: LiveServer, log_in_as: Callable[[Page, str], None]
) -> None:
    case = make_cluster({})
    log_in_as(page, "steward")
    open_cluster(page, live_server, case)
    counter = Counter(page)
    counter.press("ArrowLeft Space ArrowLeft ArrowLeft ArrowLeft Space g")
    expect(page.locator(".foretold tbody tr")).to_have_count(2)
    expect(page.locator(".foretold")).to_contain_text("Customer A")
    counter.press("m")
    expect(page.locator(".toast").first).to_contain_text("Grouped into")
    assert counter.count <= LIMIT
    assert together() == {"1245", "36"}
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    page.locator(".toast").first.get_by_role("button", name="Undo").click()
    expect(page.locator(".toast").first).to_contain_text("Decision undone")


def test_two_strays_that_the_evidence_parts_leave_in_two(
    page: Page, live_server: LiveServer, log_in_as: Callable[[Page, str], None]
) -> None:
    case = make_cluster(STRAYS)
    log_in_as(page, "steward")
    open_cluster(page, live_server, case)
    expect(page.locator(".foretold tbody tr")).to_have_count(3)
    counter = Counter(page)
    counter.press("m")
    expect(page.locator(".toast").first).to_contain_text("Grouped into")
    assert counter.count <= LIMIT_OF_SUGGESTED
    assert together() == {"1245", "3", "6"}


def test_the_suggestion_comes_back_by_a_key_and_numbers_send(
    page: Page, live_server: LiveServer, log_in_as: Callable[[Page, str], None]
) -> None:
    case = make_cluster(STRAYS)
    log_in_as(page, "steward")
    open_cluster(page, live_server, case)
    page.keyboard.press("Space")
    page.keyboard.press("2")
    expect(page.locator('[data-send="1"] [data-count]')).to_have_text("3")
    expect(page.locator('[data-send="2"] [data-count]')).to_have_text("2")
    page.keyboard.press("a")
    expect(page.locator('[data-send="1"] [data-count]')).to_have_text("4")
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    # What the page looks up by itself has come.
    expect(page.locator(".foretold tbody tr")).to_have_count(3)


def test_two_strays_leave_without_scripts(
    browser: Browser, live_server: LiveServer, log_in_as: Callable[[Page, str], None]
) -> None:
    case = make_cluster({})
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    log_in_as(page, "steward")
    page.goto(f"{live_server.url}/review/cluster/{case.pk}/")
    page.get_by_role("group", name="Group of s3 3").get_by_label("Customer A").check()
    page.get_by_role("checkbox", name="Select s6").check()
    page.get_by_role("button", name="Customer A").click()
    page.get_by_role("button", name="Show what would happen").click()
    expect(page.locator(".foretold tbody tr")).to_have_count(2)
    page.get_by_label("Reason").fill("two branches")
    page.get_by_role("button", name="Store the groups").click()
    expect(page.locator(".toast").first).to_contain_text("Grouped into")
    assert together() == {"1245", "36"}
    assert Verdict.objects.get().reason == "two branches"
    context.close()


def test_two_people_group_one_cluster_and_the_second_loses_nothing(
    page: Page, browser: Browser, live_server: LiveServer, log_in_as: Callable[[Page, str], None], console: list[str]
) -> None:
    case = make_cluster(STRAYS)
    log_in_as(page, "steward")
    open_cluster(page, live_server, case)
    page.get_by_label("Reason").fill("seen their contracts")
    page.locator("h1").focus()
    page.keyboard.press("Space")
    page.keyboard.press("2")
    second = browser.new_context()
    other = second.new_page()
    log_in_as(other, "senior_steward")
    other.goto(f"{live_server.url}/review/{case.pk}/")
    expect(other.locator("#claim")).to_contain_text("a-steward looks at this case")
    expect(other.get_by_role("button", name="Same customer")).to_have_count(0)
    other.get_by_role("button", name="Take over").click()
    expect(other.get_by_role("button", name="Same customer")).to_be_visible()
    open_cluster(other, live_server, case)
    other.keyboard.press("m")
    expect(other.locator(".toast").first).to_contain_text("Grouped into")
    second.close()
    page.keyboard.press("m")
    expect(page.get_by_role("alert").first).to_contain_text("a-senior_steward")
    expect(page.get_by_label("Reason")).to_have_value("seen their contracts")
    assert page.locator('[data-send="2"] [data-count]').inner_text() == "2"
    console[:] = [line for line in console if "409" not in line and "412" not in line]
