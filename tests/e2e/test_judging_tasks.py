"""A steward's tasks in a real browser, counted: values taken, ten verdicts, undo, two people at one case."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, Locator, Page, expect
from pytest_django.live_server_helper import LiveServer

from apps.base.actors import Actor
from apps.cases.models import Case
from apps.golden.models import GoldenRecord, Membership, Pin
from apps.golden.selectors import list_pins
from apps.matching.models import Verdict
from apps.pipeline.deciding import merge_customers
from apps.pipeline.fixing import Wish, pin_value, release_pin
from apps.stewardship.services import add_person
from tests.e2e.counting import Counter
from tests.factories import make_case, make_customer, make_link, make_record, make_standard
from tests.stewardship.conftest import ACME_BILLED, SmallHub, make_small_hub

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

LIKE = {**ACME_BILLED, "country": "Germany"}
TEN = 10


@pytest.fixture
def hub(transactional_db: None) -> SmallHub:
    return make_small_hub()


def log_in(page: Page, live_server: LiveServer, name: str, role: str = "steward") -> None:
    user = add_person(username=name, password="long-enough-9", role=role, actor=Actor.hub("test"))
    client = Client()
    client.force_login(user)
    cookie = settings.SESSION_COOKIE_NAME
    page.context.add_cookies([{"name": cookie, "value": client.cookies[cookie].value, "url": live_server.url}])


@pytest.fixture
def another(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Return what opens a page in a browser context of its own, with or without scripts."""
    contexts = []

    def _open(*, scripts: bool = True) -> Page:
        context = browser.new_context(viewport={"width": 1440, "height": 900}, java_script_enabled=scripts)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        return page

    yield _open
    for context in contexts:
        context.close()


def make_pairs(count: int) -> list[Case]:
    """Return cases that ask about pairs of customers of one record each, none of them like those of another pair."""
    made = []
    for number in range(count):
        street, city = f"Werkstrasse {number + 1}", f"Ort{chr(97 + number) * 4}"
        name = f"{chr(65 + number) * 3}inger Guss{chr(97 + number)}"
        a = make_record(
            {**LIKE, "name": name, "street": street, "city": city, "phone": ""}, source="crm", key=f"c{number}"
        )
        b = make_record(
            {**LIKE, "name": f"{name} KG", "street": "", "city": city, "phone": ""}, source="erp", key=f"e{number}"
        )
        for record in (a, b):
            make_standard(record)
            make_customer(record)
        make_link(a, b, score=-1_700)
        made.append(make_case(a, b, priority=100 + number))
    return made


def state() -> dict[str, Any]:
    """Return the partition with its live ids, the golden texts, and the pins that hold."""
    live = list(GoldenRecord.objects.filter(state="live").order_by("gid"))
    return {
        "partition": {
            row.gid: sorted(Membership.objects.filter(golden=row).values_list("record_id", flat=True)) for row in live
        },
        "values": {
            row.gid: {name: entry["value"] for name, entry in row.values.items() if entry["value"]} for row in live
        },
        "pins": {row.gid: [(pin.attribute, pin.value, pin.state) for pin in list_pins(row.gid)] for row in live},
    }


def heading(page: Page) -> Locator:
    return page.get_by_role("heading", level=1)


def test_t1_ten_verdicts_from_home_by_keyboard_alone(page: Page, live_server: LiveServer, hub: SmallHub) -> None:
    make_pairs(TEN)
    log_in(page, live_server, "anna")
    page.goto(live_server.url)
    counter = Counter(page)
    counter.press("s")
    for number in range(TEN):
        expect(page.locator("button[value=different]")).to_be_enabled()
        expect(heading(page)).to_be_focused()
        was = heading(page).text_content() or ""
        counter.press("n" if number % 2 else "m")
        expect(page.locator("#live")).to_contain_text("Kept apart" if number % 2 else "Merged into")
        expect(heading(page)).not_to_have_text(was)
    expect(heading(page)).to_be_focused()
    assert counter.count <= 13
    assert Verdict.objects.count() == TEN


def test_t2_the_other_phone_is_taken_and_stored_as_shown(page: Page, live_server: LiveServer, hub: SmallHub) -> None:
    log_in(page, live_server, "anna")
    page.goto(f"{live_server.url}/review/{hub.case.pk}/")
    counter = Counter(page)
    counter.press("f")
    counter.type(None, "phone")
    counter.press("Enter 2")
    expect(page.locator("#row-phone [data-value]")).to_have_text("+49 40 3006 1299")
    rows = page.locator("[data-field]").all()
    shown = {
        (row.get_attribute("id") or "").removeprefix("row-"): row.locator("[data-value]").text_content() for row in rows
    }
    counter.press("m")
    expect(page.locator(".toast.success")).to_contain_text("Merged into")
    assert counter.count <= 5
    hub.acme.refresh_from_db()
    stored = {name: entry["value"] for name, entry in hub.acme.values.items()}
    assert stored == {name: value for name, value in shown.items() if value != "–"}
    assert stored["phone"] == "+49 40 3006 1299"
    assert Pin.objects.get().attribute == "phone"


def test_t13_the_five_last_decisions_are_undone_and_nothing_is_left_of_them(
    page: Page, live_server: LiveServer, hub: SmallHub
) -> None:
    made = make_pairs(4)
    # The factory's values are its own; a value fixed and released leaves what the rules choose.
    anna = Actor.person("anna", None)
    for row in GoldenRecord.objects.filter(state="live"):
        pin_value(gid=row.gid, wish=Wish("sector", value="steel"), reason="x", actor=anna)
        release_pin(gid=row.gid, attribute="sector", reason="x", actor=anna)
    before = state()
    log_in(page, live_server, "anna")
    page.goto(f"{live_server.url}/review/{made[0].pk}/")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("1")
    for case in (made[0], made[1], made[2], made[3], hub.case):
        if not page.url.endswith(f"/review/{case.pk}/"):
            page.goto(f"{live_server.url}/review/{case.pk}/")
        page.wait_for_load_state("load")
        page.keyboard.press("n" if case == made[2] else "m")
        expect(page.locator("main")).not_to_contain_text(f"case {case.pk} ")
        expect(page.locator(".toast.success")).to_be_visible()
        case.refresh_from_db()
        assert case.state == "closed"
    assert state() != before
    page.goto(f"{live_server.url}/me/decisions/")
    expect(page.locator("tbody tr")).to_have_count(5)
    counter = Counter(page)
    for left in range(4, -1, -1):
        counter.press("z")
        expect(page.locator(".toast.success")).to_contain_text("Decision undone")
        expect(page.locator("form.undo-one")).to_have_count(left)
    assert counter.count <= 5
    after = state()
    assert after["partition"] == before["partition"]
    assert after == before
    assert Case.objects.filter(state="open").count() == 5


def test_c3_of_two_people_at_one_case_the_later_reads_who_decided_and_keeps_what_was_typed(
    page: Page, live_server: LiveServer, hub: SmallHub, another: Callable[..., Page], console: list[str]
) -> None:
    other = another()
    log_in(page, live_server, "anna")
    log_in(other, live_server, "berta")
    for one in (page, other):
        one.goto(f"{live_server.url}/review/{hub.case.pk}/")
    page.get_by_placeholder("Reason (optional)").fill("rang them up")
    page.locator("#row-phone").focus()
    page.keyboard.press("2")
    other.get_by_role("button", name="Take over").click()
    other.get_by_role("button", name="Same customer").click()
    expect(other.locator(".toast.success")).to_contain_text("Merged into")
    page.get_by_role("button", name="Same customer").click()
    told = page.locator(".notice.error")
    expect(told).to_contain_text("Not saved")
    expect(told).to_contain_text("berta settled this case")
    expect(told).to_contain_text("rang them up")
    expect(told).to_contain_text("+49 40 3006 1299")
    assert Verdict.objects.count() == 1
    page.get_by_role("button", name="Fix these values").click()
    expect(page.locator(".toast.success")).to_contain_text("1 value fixed")
    pin = Pin.objects.get()
    assert (pin.attribute, pin.value, pin.reason) == ("phone", "+49 40 3006 1299", "rang them up")
    console[:] = [line for line in console if "409" not in line]


def test_c4_pressing_twice_makes_one_decision(page: Page, live_server: LiveServer, hub: SmallHub) -> None:
    make_pairs(1)
    log_in(page, live_server, "anna")
    page.goto(f"{live_server.url}/review/{hub.case.pk}/")
    page.wait_for_load_state("load")
    page.evaluate("() => { const one = document.querySelector('button[value=different]'); one.click(); one.click(); }")
    expect(page.locator(".toast.success")).to_contain_text("Kept apart")
    assert Verdict.objects.count() == 1


def test_c5_undoing_after_a_later_change_tells_it_and_leaves_it(
    page: Page, live_server: LiveServer, hub: SmallHub
) -> None:
    third = make_record({**LIKE, "name": "Dritte Firma"}, source="crm", key="0099")
    make_standard(third)
    later = make_customer(third)
    log_in(page, live_server, "anna")
    page.goto(f"{live_server.url}/review/{hub.case.pk}/")
    page.get_by_role("button", name="Same customer").click()
    expect(page.locator(".toast.success")).to_contain_text("Merged into")
    first = Verdict.objects.get()
    merge_customers(gid=hub.acme.gid, others=[later.gid], reason="one firm", actor=Actor.person("berta", None))
    page.goto(f"{live_server.url}/me/decisions/")
    page.locator("form.undo-one button").first.click()
    expect(page.locator(".toast.success")).to_contain_text("Not as before, because it changed since")
    expect(page.locator(".toast.success")).to_contain_text("0099")
    assert Verdict.objects.exclude(pk=first.pk).get().undone_at is None
    assert Membership.objects.get(pk=third.pk).golden_id == Membership.objects.get(pk=hub.crm_record.pk).golden_id


def test_c6_deciding_one_candidate_settles_the_others_of_its_record(
    page: Page, live_server: LiveServer, hub: SmallHub
) -> None:
    beside = make_case(hub.billing_record, hub.erp_record, priority=2)
    log_in(page, live_server, "anna")
    page.goto(f"{live_server.url}/review/{hub.case.pk}/")
    page.get_by_role("button", name="Same customer").click()
    expect(page.locator(".toast.success")).to_contain_text("Merged into")
    beside.refresh_from_db()
    assert beside.state == "closed"
    assert "brought together" in beside.close_reason
    assert Membership.objects.values("record_id").distinct().count() == Membership.objects.count() == 3


def test_c8_values_are_taken_and_decisions_undone_without_scripts(
    live_server: LiveServer, hub: SmallHub, another: Callable[..., Page]
) -> None:
    plain = another(scripts=False)
    log_in(plain, live_server, "anna")
    plain.goto(live_server.url)
    plain.get_by_role("link", name="Start reviewing").click()
    row = plain.locator("#row-phone")
    row.locator("summary").click()
    row.locator("[data-take='2']").check()
    plain.get_by_role("button", name="Same customer").click()
    expect(plain.locator(".toast.success")).to_contain_text("Merged into")
    assert Pin.objects.get().value == "+49 40 3006 1299"
    plain.goto(f"{live_server.url}/me/decisions/")
    plain.locator("form.undo-one button").click()
    expect(plain.locator(".toast.success")).to_contain_text("Decision undone")
    assert not Pin.objects.filter(released_at__isnull=True).exists()


def test_c9_a_case_and_the_decisions_show_the_same_in_a_fresh_session(
    page: Page, live_server: LiveServer, hub: SmallHub, another: Callable[..., Page]
) -> None:
    log_in(page, live_server, "anna")
    fresh = another()
    fresh.context.add_cookies(
        [{"name": c["name"], "value": c["value"], "url": live_server.url} for c in page.context.cookies()]
    )
    for path in (f"/review/{hub.case.pk}/", "/review/"):
        page.goto(live_server.url)
        page.goto(live_server.url + path)
        fresh.goto(live_server.url + path)
        seen = [one.locator("main :is(h1, a, button, td:first-child)").all_text_contents() for one in (page, fresh)]
        assert seen[0] == seen[1]
