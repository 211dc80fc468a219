"""A customer that may be two, judged from its case: parted, held together, and taken back."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from apps.cases.models import Case
from apps.golden.models import Membership
from tests.e2e.counting import Counter
from tests.factories import make_case
from tests.stewardship.conftest import SmallHub, make_small_hub

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def hub(transactional_db: None) -> SmallHub:
    return make_small_hub()


@pytest.fixture
def doubt(hub: SmallHub) -> Case:
    """The case that asks whether the customer of two records is two."""
    case = make_case(hub.crm_record, hub.erp_record, kind="weak")
    Case.objects.filter(pk=case.pk).update(score=-6_000, facts={"reason": "weak"})
    return Case.objects.get(pk=case.pk)


def homes(case: Case) -> set[int]:
    records = (case.low_record_id, case.high_record_id)
    return set(Membership.objects.filter(record_id__in=records).values_list("golden_id", flat=True))


def open_doubt(page: Page, live_server: LiveServer, case: Case) -> Counter:
    """Find the case in the queue, among those that ask whether one customer is two."""
    page.goto(f"{live_server.url}/review/?kind=weak")
    expect(page.get_by_text("In one customer; may be two")).to_be_visible()
    counter = Counter(page)
    counter.press("j")
    counter.press("Enter")
    expect(page).to_have_url(f"{live_server.url}/review/{case.pk}/")
    expect(page.locator(".notice.warning")).to_contain_text("These two are in one customer and don't look alike.")
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    return counter


def test_two_customers_in_one_are_split_by_one_key_and_undone_by_another(
    page: Page, live_server: LiveServer, doubt: Case, log_in_as: Callable[[Page, str], None]
) -> None:
    log_in_as(page, "steward")
    counter = open_doubt(page, live_server, doubt)
    expect(page.get_by_role("button", name="Different: split")).to_be_visible()
    counter.press("n")
    expect(page.locator(".toast").first).to_contain_text("Split")
    assert len(homes(doubt)) == 2
    counter.press("z")
    expect(page.locator(".toast").first).to_contain_text("Decision undone")
    assert len(homes(doubt)) == 1
    assert counter.count == 4


def test_one_customer_is_held_together_and_no_longer_asked_about(
    page: Page, live_server: LiveServer, doubt: Case, log_in_as: Callable[[Page, str], None]
) -> None:
    log_in_as(page, "steward")
    counter = open_doubt(page, live_server, doubt)
    counter.press("m")
    expect(page.locator(".toast").first).to_contain_text("stay together")
    doubt.refresh_from_db()
    assert (doubt.state, len(homes(doubt))) == ("closed", 1)
    page.goto(f"{live_server.url}/review/?kind=weak")
    expect(page.get_by_text("In one customer; may be two")).to_have_count(0)
    page.goto(f"{live_server.url}/review/{doubt.pk}/")
    expect(page.locator(".notice").first).to_contain_text("This case is closed.")
