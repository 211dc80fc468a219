"""A steward proposes, a senior steward approves, nobody their own: by mouse, by keyboard alone and without scripts."""

from collections.abc import Callable

import pytest
from django.conf import settings
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from apps.golden.selectors import get_customer
from apps.matching.models import Verdict
from apps.pipeline.models import Proposal
from tests.e2e.counting import Counter
from tests.stewardship.conftest import SmallHub, make_small_hub

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
LogIn = Callable[[Page, str], None]


@pytest.fixture
def hub(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> SmallHub:
    monkeypatch.setitem(settings.MDM, "SECOND_PERSON_RECORDS", 1)
    return make_small_hub()


def compare(live_server: LiveServer, hub: SmallHub) -> str:
    return f"{live_server.url}/customers/compare/?a={hub.acme.gid}&b={hub.billed.gid}&merge=1"


def test_a_proposal_by_a_steward_is_approved_by_a_senior_by_keyboard_alone(
    page: Page, browser: Browser, live_server: LiveServer, hub: SmallHub, log_in_as: LogIn
) -> None:
    log_in_as(page, "steward")
    page.goto(compare(live_server, hub))
    page.get_by_label("Why", exact=False).last.fill("one contract")
    page.get_by_role("button", name="Propose merge").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Merge ACME")
    expect(page.get_by_text("somebody else decides it")).to_be_visible()
    expect(page.get_by_role("button", name="Approve")).to_have_count(0)
    assert not Verdict.objects.exists()

    other = browser.new_context()
    senior = other.new_page()
    log_in_as(senior, "senior_steward")
    senior.goto(f"{live_server.url}/")
    counter = Counter(senior)
    counter.press("g a")
    expect(senior.get_by_role("heading", level=1)).to_have_text("Approvals")
    counter.press("j Enter")
    expect(senior.get_by_role("heading", level=1)).to_contain_text("Merge ACME")
    counter.press("a")
    expect(senior.locator(".toast").first).to_contain_text("Approved and done")
    assert counter.count <= 5
    assert get_customer(hub.billed.gid).survivor == hub.acme.gid
    senior.locator(".toast").get_by_role("button", name="Undo").click()
    expect(senior.locator(".toast").first).to_contain_text("Decision undone")
    assert get_customer(hub.billed.gid).state == "live"
    other.close()


def test_nobody_approves_their_own_not_even_by_an_address_of_their_own_making(
    page: Page, live_server: LiveServer, hub: SmallHub, log_in_as: LogIn, console: list[str]
) -> None:
    log_in_as(page, "steward")
    page.goto(compare(live_server, hub))
    page.get_by_label("Why", exact=False).last.fill("one contract")
    page.get_by_role("button", name="Propose merge").click()
    page.wait_for_url("**/approvals/*/")
    proposal = Proposal.objects.get()
    # Made a senior steward meanwhile, they still asked for it themselves.
    Proposal.objects.filter(pk=proposal.pk).update(proposed_by="person:a-senior_steward")
    log_in_as(page, "senior_steward")
    page.goto(page.url)
    expect(page.get_by_role("button", name="Approve")).to_have_count(0)
    form = page.locator("form", has=page.get_by_role("button", name="Withdraw"))
    with page.expect_response("**/approve/") as answered:
        form.evaluate("form => { form.action = form.action.replace('withdraw', 'approve'); form.submit(); }")
    assert answered.value.status == 403
    expect(page.get_by_role("heading", level=1)).to_contain_text("second person")
    assert not Verdict.objects.exists()
    console[:] = [line for line in console if "403" not in line]


def test_it_is_proposed_and_refused_without_scripts(
    browser: Browser, live_server: LiveServer, hub: SmallHub, log_in_as: LogIn
) -> None:
    context = browser.new_context(java_script_enabled=False)
    plain = context.new_page()
    log_in_as(plain, "steward")
    plain.goto(f"{live_server.url}/customers/{hub.acme.gid}/split/?records=erp:88-12")
    plain.get_by_role("button", name="Show what would happen").click()
    plain.get_by_label("Reason").fill("two sites")
    plain.get_by_role("button", name="Propose split").click()
    expect(plain.get_by_role("heading", level=1)).to_contain_text("Split ACME")
    log_in_as(plain, "senior_steward")
    plain.goto(plain.url)
    plain.get_by_label("Reason").fill("one site, two doors")
    plain.get_by_role("button", name="Refuse").click()
    expect(plain.locator("main")).to_contain_text("Refused by a-senior_steward")
    assert not Verdict.objects.exists()
    context.close()


def test_a_reason_is_typed_and_a_verdict_given_by_keyboard_alone(
    page: Page, live_server: LiveServer, hub: SmallHub, log_in_as: LogIn
) -> None:
    log_in_as(page, "senior_steward")
    page.goto(f"{live_server.url}/review/{hub.case.pk}/")
    counter = Counter(page)
    # What needs a reason isn't sent without one: the field has the focus instead.
    counter.press("m")
    field = page.get_by_label("Reason (needed)")
    expect(field).to_be_focused()
    counter.press("Escape")
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    counter.press("c")
    counter.type(None, "one contract")
    counter.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    assert not Verdict.objects.exists()
    counter.press("m")
    expect(page.locator(".toast").first).to_contain_text("Undo takes it back")
    assert Verdict.objects.get().reason == "one contract"
    assert counter.count == 6
