"""Split one record out (T4), by mouse, by keyboard alone and without scripts; what people decide outlives runs (C1)."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from apps.base.actors import Actor
from apps.cases.models import Case
from apps.golden import selectors as golden
from apps.matching.models import Verdict
from apps.pipeline.flow import Ask, resolve
from apps.pipeline.receiving import receive_together
from apps.pipeline.runs import QuietJournal
from apps.pipeline.snapshot import list_all
from apps.sources.models import SourceRecord
from apps.sources.pushing import Push
from tests.e2e.counting import Counter
from tests.factories import make_active_rules, make_source
from tests.stewardship.conftest import ACME, ACME_BILLED, ACME_KEPT

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
LIMIT = 5
REASON = "two branches of one group"
HUB = Actor.hub("test")
# Another VAT number than the ERP's: by the rules alone the third never joins the others.
OTHER = {**ACME_BILLED, "vat": "DE811569869"}
SAID = {"crm": ("0031", ACME), "erp": ("88-12", ACME_KEPT), "billing": ("A-7", OTHER)}


@pytest.fixture
def gid(transactional_db: None) -> str:
    """Return the customer of the CRM's record, after the rules themselves joined the ERP's to it."""
    make_active_rules()
    for source, (key, said) in SAID.items():
        make_source(source)
        receive_together(pushes=[Push(source_code=source, key=key, attributes=said)], actor=HUB)
    rematch()
    assert home_of("crm") == home_of("erp") != home_of("billing")
    return home_of("crm")


def rematch() -> None:
    """Match every record anew, as after a change of rules."""
    resolve(QuietJournal(HUB), Ask(reason="matched again", dirty=list_all()))


def home_of(source: str) -> str:
    found = golden.find_customer_of_record(SourceRecord.objects.get(source__code=source).pk)
    assert found
    return found.gid


def values_of(gid: str) -> dict[str, str]:
    return {value.attribute: value.value for value in golden.get_customer(gid).values}


def read_results(page: Page) -> list[dict[str, str]]:
    """Return what the page says that both customers would say, by the field's title; without what is empty."""
    rows: list[list[str]] = page.locator(".results-grid tbody:nth-of-type(n+2) tr:not(.group-row)").evaluate_all(
        "rows => rows.map((row) => [row.cells[0].firstChild.textContent.trim(), "
        "...[...row.cells].slice(1).map((cell) => cell.textContent.trim())])"
    )
    return [{row[0]: row[at] for row in rows if row[at] != "–"} for at in (1, 2)]


def test_a_record_is_split_out_in_five_as_shown_and_no_run_rejoins_it(
    page: Page, live_server: LiveServer, gid: str, log_in_as: Callable[[Page, str], None]
) -> None:
    log_in_as(page, "steward")
    page.goto(f"{live_server.url}/customers/{gid}/")
    page.wait_for_load_state("load")
    counter = Counter(page)
    counter.click(page.get_by_role("link", name="Split", exact=False).first)
    counter.click(page.get_by_label("88-12"))
    # With scripts the results follow the ticks by themselves.
    expect(page.locator(".results-grid")).to_contain_text("a new id")
    foretold = read_results(page)
    counter.type(page.get_by_label("Reason"), REASON)
    counter.click(page.get_by_role("button", name="Split"))
    expect(page.locator(".toast").first).to_contain_text("Split into")
    assert counter.count <= LIMIT
    assert (home_of("crm"), home_of("erp") != gid) == (gid, True)
    stored = [list(values_of(home_of(source)).values()) for source in ("crm", "erp")]
    assert [sorted(told.values()) for told in foretold] == [sorted(values) for values in stored]
    rematch()
    assert (home_of("crm"), home_of("erp") != gid) == (gid, True)


def test_a_record_is_split_out_by_keyboard_alone_and_undone(
    page: Page, live_server: LiveServer, gid: str, log_in_as: Callable[[Page, str], None]
) -> None:
    log_in_as(page, "steward")
    page.goto(f"{live_server.url}/customers/{gid}/")
    counter = Counter(page)
    counter.press("b")
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    counter.press("2")
    expect(page.get_by_label("88-12")).to_be_checked()
    expect(page.locator(".results-grid")).to_be_visible()
    # The next key may tick another one: nothing takes the cursor into a field.
    expect(page.get_by_label("Reason")).not_to_be_focused()
    counter.press("p")
    expect(page.get_by_label("Reason")).to_be_focused()
    counter.type(None, REASON)
    counter.press("Enter")
    expect(page.locator(".toast").first).to_contain_text("Split into")
    assert counter.count <= LIMIT
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    assert home_of("erp") != gid
    assert ".." not in page.locator("#live").inner_text()
    page.keyboard.press("z")
    expect(page.locator(".toast").first).to_contain_text("Decision undone")
    expect(page).to_have_url(f"{live_server.url}/customers/{gid}/")
    assert home_of("erp") == gid


def test_a_record_is_split_out_without_scripts(
    browser: Browser, live_server: LiveServer, gid: str, log_in_as: Callable[[Page, str], None]
) -> None:
    context = browser.new_context(java_script_enabled=False)
    plain = context.new_page()
    log_in_as(plain, "steward")
    plain.goto(f"{live_server.url}/customers/{gid}/")
    plain.get_by_role("link", name="Split", exact=False).first.click()
    plain.get_by_label("88-12").check()
    plain.get_by_label("The records that leave").check()
    plain.get_by_role("button", name="Show what would happen").click()
    plain.get_by_label("Reason").fill(REASON)
    plain.get_by_role("button", name="Split").click()
    expect(plain.locator(".toast").first).to_contain_text("Split into")
    assert (home_of("erp"), home_of("crm") != gid) == (gid, True)
    context.close()


def test_the_page_of_a_split_says_the_same_in_a_fresh_session(
    page: Page, browser: Browser, live_server: LiveServer, gid: str, log_in_as: Callable[[Page, str], None]
) -> None:
    log_in_as(page, "steward")
    page.goto(f"{live_server.url}/customers/{gid}/split/")
    page.wait_for_load_state("load")
    page.get_by_label("88-12").check()
    expect(page.locator(".results-grid")).to_be_visible()
    page.wait_for_url("**records=erp*")
    page.goto(page.url)
    expect(page.get_by_label("88-12")).to_be_checked()
    assert page.locator(".results-grid").is_visible()


def test_a_merge_by_hand_survives_a_full_rematch(
    page: Page, live_server: LiveServer, gid: str, log_in_as: Callable[[Page, str], None]
) -> None:
    # Their VAT numbers differ, which takes a senior steward with a reason.
    log_in_as(page, "senior_steward")
    case = Case.objects.get(state="open")
    page.goto(f"{live_server.url}/review/{case.pk}/")
    page.locator(".judge [name=reason]").fill("one tax group")
    page.get_by_role("button", name="Same customer").click()
    expect(page.locator(".toast").first).to_contain_text("Merged into")
    assert Verdict.objects.get().kind == "same"
    together = {home_of(source) for source in SAID}
    rematch()
    assert {home_of(source) for source in SAID} == together
    assert len(together) == 1
